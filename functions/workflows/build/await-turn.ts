/** Waits until a build may run, and says meanwhile how many builds begin before it. */

import { OPERATIONS_QUEUE, operationKey, operationLog } from '../../core/keys.ts';
import type { Operation } from '../../core/model/index.ts';
import { operationKinds } from '../../core/operations/index.ts';
import { Problem } from '../../core/problem.ts';
import { aheadOf } from '../../core/source/build-queue.ts';
import type { Ports } from '../../ports/index.ts';
import { BUILD_QUEUE, giveBackTurn, joinQueue } from '../../records/build-queue-record.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { StillProgressing } from '../step.ts';

/** How often a store without notifications is read, milliseconds. */
const POLL_MS = 2_000;

/** Lines of Berth's own in the log of a build. */
export const buildLog =
  (ports: Ports, { id }: Operation<'build'>) =>
  (message: string): void =>
    ports.logs.append(operationLog(id), {
      at: new Date(ports.effects.now()).toISOString(),
      message,
      source: 'berth',
    });

/** @throws StillProgressing when the signal aborts because time is over | Problem its reason, where that is one */
export async function untilTurn(
  ports: Ports,
  operation: Operation<'build'>,
  signal: AbortSignal,
): Promise<void> {
  const { id, project, deadline } = operation;
  const log = buildLog(ports, operation);
  let told = operation.waitingFor;
  for (let hasLooked = false; ; hasLooked = true) {
    if (signal.aborted && signal.reason instanceof Problem) throw signal.reason;
    // However little time there is, the queue is looked at once.
    if (signal.aborted && hasLooked) throw new StillProgressing();
    const changed = new AbortController();
    const stop = (): void => changed.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      // The subscription comes before the read, so that no change in between is missed.
      const change = ports.store.changed(BUILD_QUEUE.pk, { timeoutMs: POLL_MS, signal: changed.signal });
      const queue = await joinQueue(ports, { operation: id, project, until: deadline });
      const ahead = aheadOf(queue, id);
      if (ahead === undefined) {
        const place = queue.running.find((build) => build.operation === id);
        return await tell(ports, id, place && { deadline: place.until });
      }
      if (ahead !== told) {
        log(ahead === 0 ? 'Waiting: next in turn' : `Waiting for ${ahead} builds`);
        await tell(ports, id, { waitingFor: ahead });
      }
      told = ahead;
      if (!signal.aborted) await change;
    } finally {
      signal.removeEventListener('abort', stop);
      changed.abort();
    }
  }
}

/**
 * Waits for another turn, since there was no machine for this one. The time of the build begins anew with its turn.
 * @throws as `untilTurn`
 */
export async function turnAgain(
  ports: Ports,
  operation: Operation<'build'>,
  signal: AbortSignal,
): Promise<void> {
  const { id, project, createdAt } = operation;
  const deadline = new Date(Date.parse(createdAt) + operationKinds.build.boundSeconds * 1000).toISOString();
  await giveBackTurn(ports, { operation: id, project, until: deadline });
  buildLog(ports, operation)('Waiting: all machines for builds of this account are busy');
  await tell(ports, id, { waitingFor: 0, deadline });
  await untilTurn(ports, { ...operation, deadline, waitingFor: 0 }, signal);
}

/** From its turn on a build has the time of its place: how long it waited does not count. */
async function tell(
  ports: Ports,
  id: string,
  change: { waitingFor?: number; deadline?: string } | undefined,
): Promise<void> {
  await retryOnConflict(async () => {
    const item = await ports.store.get<Operation>(operationKey(id));
    if (!item) return;
    const { waitingFor: _, ...rest } = item.data;
    const data = { ...rest, ...change } as Operation;
    const due = change?.deadline ? { queue: OPERATIONS_QUEUE, at: Date.parse(change.deadline) } : item.due;
    const put = { ...operationKey(id), data, ...(due && { due }) };
    await ports.store.transact([{ put, if: { version: item.version } }]);
  });
}
