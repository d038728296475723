/**
 * Turns within this process: of those that read a record, decide and write it, one at a time does so, since all but
 * one of those that start together would only have to start again. Other processes are told apart by the store.
 */
import type { Store } from '../ports/store.ts';

/** When the last one in each line is done. */
const lines = new WeakMap<Store, Map<string, Promise<void>>>();

/** Runs work when all that came before it in its line is done. Work must not wait for a turn in its own line. */
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
