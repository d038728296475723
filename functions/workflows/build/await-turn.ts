/** Waits until a build may run, and says meanwhile how many builds begin before it. */

import { operationKey } from '../../core/keys.ts';
import type { Operation } from '../../core/model/index.ts';
import { aheadOf } from '../../core/source/build-queue.ts';
import type { Ports } from '../../ports/index.ts';
import { BUILD_QUEUE, joinQueue } from '../../records/build-queue-record.ts';
import { retryOnConflict } from '../../records/commit.ts';

/** How often a store without notifications is read, milliseconds. */
const POLL_MS = 2_000;

/** @throws the reason of the signal */
export async function awaitTurn(
  ports: Ports,
  operation: Operation<'build'>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const build = { operation: operation.id, project: operation.project, until: operation.deadline };
  let told: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const changed = new AbortController();
    const stop = (): void => changed.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      // The subscription comes before the read, so that no change in between is missed.
      const change = ports.store.changed(BUILD_QUEUE.pk, { timeoutMs: POLL_MS, signal: changed.signal });
      const ahead = aheadOf(await joinQueue(ports, build), operation.id);
      if (ahead !== told) {
        if (ahead !== undefined) log(ahead === 0 ? 'Waiting: next in turn' : `Waiting for ${ahead} builds`);
        await tellWaiting(ports, operation.id, ahead);
      }
      told = ahead;
      if (ahead === undefined) return;
      await change;
    } finally {
      signal.removeEventListener('abort', stop);
      changed.abort();
    }
  }
}

async function tellWaiting(ports: Ports, id: string, ahead: number | undefined): Promise<void> {
  await retryOnConflict(async () => {
    const item = await ports.store.get<Operation>(operationKey(id));
    if (!item) return;
    const { waitingFor: _, ...rest } = item.data;
    const data = { ...rest, ...(ahead !== undefined && { waitingFor: ahead }) } as Operation;
    const put = { ...operationKey(id), data, ...(item.due && { due: item.due }) };
    await ports.store.transact([{ put, if: { version: item.version } }]);
  });
}
