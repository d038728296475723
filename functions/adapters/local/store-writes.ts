/** The writing half of the local store: commits several transactions with one sync of the disk. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreConflict, type Write } from '../../ports/store.ts';
import { holds, type PreparedWrite, prepareWrites } from '../../ports/store-checks.ts';
import { DELETE, GET_VERSION, PUT } from './store-sql.ts';

interface Waiting {
  writes: PreparedWrite[];
  resolve(): void;
  reject(error: unknown): void;
}

export interface Writer {
  transact(writes: readonly Write[]): Promise<void>;
  /** Commits what is waiting, now. */
  flush(): void;
}

/**
 * Transactions that arrive in one turn of the event loop are committed together: one sync of the disk makes
 * all of them durable, and no promise settles before it. Nothing else uses the connection in between, so no
 * read ever sees what is not committed.
 * @param onCommit called once for each partition that a commit changed
 * @param toError turns an error of SQLite into what the caller gets
 */
export function createWriter(
  db: DatabaseSync,
  statement: (sql: string) => StatementSync,
  onCommit: (pk: string) => void,
  toError: (error: unknown) => unknown,
): Writer {
  let queue: Waiting[] = [];

  /** Checks all conditions before the first write: a transaction that fails one leaves nothing to undo. */
  function apply(writes: PreparedWrite[]): StoreConflict | undefined {
    const failed: number[] = [];
    for (const [position, { pk, sk, condition }] of writes.entries()) {
      if (condition === undefined) continue;
      const version = statement(GET_VERSION).get(pk, sk)?.version as number | undefined;
      if (!holds(condition, version)) failed.push(position);
    }
    if (failed.length > 0) return new StoreConflict(failed);
    for (const { kind, pk, sk, data, queue: dueQueue, at } of writes) {
      if (kind === 'put') statement(PUT).run(pk, sk, data, dueQueue, at);
      else if (kind === 'delete') statement(DELETE).run(pk, sk);
    }
    return undefined;
  }

  function commit(batch: Waiting[]): void {
    let outcomes: (StoreConflict | undefined)[];
    try {
      db.exec('BEGIN IMMEDIATE');
      outcomes = batch.map(({ writes }) => apply(writes));
      db.exec('COMMIT');
    } catch (error) {
      // After some errors, a full disk among them, SQLite has rolled back by itself.
      if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
      // One transaction that does not fit must not fail those beside it.
      if (batch.length > 1) for (const one of batch) commit([one]);
      else batch[0]?.reject(toError(error));
      return;
    }
    const changed = new Set<string>();
    for (const [position, { writes, resolve, reject }] of batch.entries()) {
      const conflict = outcomes[position];
      if (conflict) {
        reject(conflict);
        continue;
      }
      resolve();
      for (const { kind, pk } of writes) if (kind !== 'check') changed.add(pk);
    }
    for (const pk of changed) onCommit(pk);
  }

  function flush(): void {
    const batch = queue;
    queue = [];
    if (batch.length > 0) commit(batch);
  }

  return {
    async transact(writes) {
      const prepared = prepareWrites(writes);
      if (prepared.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        if (queue.length === 0) setImmediate(flush);
        queue.push({ writes: prepared, resolve, reject });
      });
    },
    flush,
  };
}
