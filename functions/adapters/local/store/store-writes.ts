/** The writing half of the local store: commits several transactions with one sync of the disk. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { currentMeter, type Meter } from '../../../ports/meter.ts';
import { holds, type PreparedWrite, prepareWrites } from '../../../ports/rules/store/store-checks.ts';
import {
  isSingleCheck,
  readUnitsOf,
  type StoredRecord,
  transactionUnits,
} from '../../../ports/rules/store/store-units.ts';
import { StoreConflict, type Write } from '../../../ports/store.ts';
import { type Row, toRecord } from './store-row.ts';
import { DELETE, GET, GET_VERSION, PUT } from './store-sql.ts';

interface Waiting {
  writes: PreparedWrite[];
  /** Of who waits: what the writes would cost on AWS is counted there. */
  meter: Meter | undefined;
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

  /** Counts by what was there before, which is gone afterwards. */
  function metered(writes: PreparedWrite[], meter: Meter | undefined): StoreConflict | undefined {
    if (!meter) return apply(writes);
    const priced = writes.map((write) => ({ write, before: recordOf(write) }));
    const conflict = apply(writes);
    if (isSingleCheck(writes)) meter.add('dynamodb.readRequestUnit', readUnitsOf(priced[0]?.before));
    else meter.add('dynamodb.writeRequestUnit', transactionUnits(priced, conflict !== undefined));
    return conflict;
  }

  function recordOf({ pk, sk }: PreparedWrite): StoredRecord | undefined {
    const row = statement(GET).get(pk, sk) as Row | undefined;
    return row && toRecord(row);
  }

  function commit(batch: Waiting[]): void {
    let outcomes: (StoreConflict | undefined)[];
    try {
      db.exec('BEGIN IMMEDIATE');
      outcomes = batch.map(({ writes, meter }) => metered(writes, meter));
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
        queue.push({ writes: prepared, meter: currentMeter(), resolve, reject });
      });
    },
    flush,
  };
}
