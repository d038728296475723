/**
 * Turns within this process. Of callers that read a record, decide and write it, one at a time does so: of those that
 * start together, all but one would have to start again. The store keeps other processes apart.
 */
import type { Store } from '../ports/store.ts';

/** For each line, a promise that resolves when the last caller in it is done. */
const lines = new WeakMap<Store, Map<string, Promise<void>>>();

/** Runs work when everything before it in its line is done. The work must not wait for a turn in its own line. */
export function inTurn<T>(store: Store, line: string, work: () => Promise<T>): Promise<T> {
  const known = lines.get(store) ?? new Map<string, Promise<void>>();
  lines.set(store, known);
  const turn = (known.get(line) ?? Promise.resolve()).then(work);
  const done = turn
    .then(
      () => undefined,
      () => undefined,
    )
    .then(() => {
      if (known.get(line) === done) known.delete(line);
    });
  known.set(line, done);
  return turn;
}
