/** Stops a long step when its operation is to stop. */
import { environmentPartition, operationKey, projectPartition } from '../core/keys.ts';
import type { Operation } from '../core/model.ts';
import type { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';

/** How often a store without notifications is asked, milliseconds. */
const POLL_MS = 2_000;

/**
 * Runs work with a signal that aborts, with the reason, as soon as `reasonOf` has one.
 * @throws the reason, when the work ended after it or because of it
 */
export async function watchForStop(
  ports: Ports,
  operation: Operation,
  outer: AbortSignal,
  reasonOf: (ports: Ports, operation: Operation) => Promise<Problem | undefined>,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const done = new AbortController();
  const watching = watch(ports, operation, AbortSignal.any([outer, done.signal]), reasonOf, stop);
  try {
    await work(AbortSignal.any([outer, stop.signal]));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    done.abort();
    await watching;
  }
  if (stop.signal.aborted) throw stop.signal.reason;
}

async function watch(
  ports: Ports,
  operation: Operation,
  signal: AbortSignal,
  reasonOf: (ports: Ports, operation: Operation) => Promise<Problem | undefined>,
  stop: AbortController,
): Promise<void> {
  const { project, environment } = operation;
  const key = operationKey(operation.id);
  while (!signal.aborted) {
    // Subscribed before reading: a change in between is not missed.
    const waits = new AbortController();
    const options = { timeoutMs: POLL_MS, signal: AbortSignal.any([signal, waits.signal]) };
    const changes = [ports.store.changed(key.pk, options)];
    if (environment) {
      changes.push(ports.store.changed(environmentPartition({ project, environment }), options));
      changes.push(ports.store.changed(projectPartition(project), options));
    }
    const item = await ports.store.get<Operation>(key).catch(() => undefined);
    const reason = item && (await reasonOf(ports, item.data).catch(() => undefined));
    if (reason && !signal.aborted) stop.abort(reason);
    if (!reason) await Promise.race(changes);
    waits.abort();
    if (reason) return;
  }
}
