/** Stops a long step when its operation has to stop. */
import { operationKey, projectPartition } from '../core/keys.ts';
import type { Operation } from '../core/model/index.ts';
import type { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';

/** How often a store without notifications is read, milliseconds. */
const POLL_MS = 2_000;

/**
 * Runs work with a signal that aborts, with the reason, as soon as `reasonOf` has one.
 * @throws the reason, when the work ended after it or because of it
 */
export async function watchForStop(
  ports: Ports,
  operation: Operation,
  outer: AbortSignal,
  reasonOf: ReasonOf,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // Plain controllers: a signal composed by AbortSignal.any may be collected while only listeners refer to it.
  const inner = new AbortController();
  const done = new AbortController();
  const onOuter = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', onOuter, { once: true });
  if (outer.aborted) onOuter();
  let reason: Problem | undefined;
  const watching = untilReason(ports, operation, done.signal, reasonOf).then((found) => {
    if (!found) return;
    reason = found;
    inner.abort(found);
  });
  try {
    await work(inner.signal);
  } catch (error) {
    // The work may have failed because of the very thing that stops it, before the watch noticed.
    reason ??= await reasonNow(ports, operation.id, reasonOf);
    if (!reason) throw error;
  } finally {
    outer.removeEventListener('abort', onOuter);
    done.abort();
    await watching;
  }
  if (reason) throw reason;
}

async function reasonNow(ports: Ports, id: string, reasonOf: ReasonOf): Promise<Problem | undefined> {
  const item = await ports.store.get<Operation>(operationKey(id)).catch(() => undefined);
  return item && reasonOf(ports, item.data).catch(() => undefined);
}

type ReasonOf = (ports: Ports, operation: Operation) => Promise<Problem | undefined>;

async function untilReason(
  ports: Ports,
  operation: Operation,
  done: AbortSignal,
  reasonOf: ReasonOf,
): Promise<Problem | undefined> {
  const { project, environment } = operation;
  const key = operationKey(operation.id);
  const partitions = [key.pk];
  if (environment) partitions.push(projectPartition(project));
  // The step has just looked by itself; changes since then are seen when the first wait is over.
  for (let hasLooked = true; !done.aborted; hasLooked = false) {
    // The subscription comes before the read, so that no change in between is missed.
    const waits = new AbortController();
    const onDone = (): void => waits.abort();
    done.addEventListener('abort', onDone, { once: true });
    const options = { timeoutMs: POLL_MS, signal: waits.signal };
    const changes = partitions.map((pk) => ports.store.changed(pk, options));
    const reason = hasLooked ? undefined : await reasonNow(ports, operation.id, reasonOf);
    if (!reason && !done.aborted) await Promise.race(changes);
    done.removeEventListener('abort', onDone);
    waits.abort();
    if (reason && !done.aborted) return reason;
  }
  return undefined;
}
