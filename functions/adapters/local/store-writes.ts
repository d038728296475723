/** The writing half of the local store: checks a transaction, and commits several with one sync of the disk. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Condition,
  ITEM_MAX_BYTES,
  type Key,
  StoreConflict,
  TRANSACTION_MAX,
  type Write,
} from '../../ports/store.ts';
import { DELETE, GET_VERSION, PUT } from './store-sql.ts';

const KEY_MAX_BYTES = 1024;

/** A checked write; `data` is JSON, absent where nothing is put. */
interface Prepared extends Key {
  kind: 'put' | 'delete' | 'check';
  data: string;
  queue: string | null;
  at: number | null;
  condition?: Condition;
}

/** @throws RangeError for a text that is no key: empty, over 1 KiB, or with half a surrogate pair */
export function checkKeyText(text: string, what: string): void {
  if (text === '') throw new RangeError(`${what} is empty`);
  if (Buffer.byteLength(text) > KEY_MAX_BYTES)
    throw new RangeError(`${what} is over ${KEY_MAX_BYTES} bytes long`);
  // It would be stored as U+FFFD, and two keys would become one.
  if (!text.isWellFormed()) throw new RangeError(`${what} is not well-formed Unicode`);
}

export function checkKey({ pk, sk }: Key): void {
  checkKeyText(pk, 'pk');
  checkKeyText(sk, 'sk');
}

function prepare(write: Write): Prepared {
  const base = { data: '', queue: null, at: null, condition: write.if };
  if ('check' in write) return { kind: 'check', pk: write.check.pk, sk: write.check.sk, ...base };
  if ('delete' in write) return { kind: 'delete', pk: write.delete.pk, sk: write.delete.sk, ...base };
  const { pk, sk, due } = write.put;
  const data: string | undefined = JSON.stringify(write.put.data);
  if (data === undefined) throw new RangeError(`data of ${pk} ${sk} is no JSON`);
  if (Buffer.byteLength(data) > ITEM_MAX_BYTES)
    throw new RangeError(`data of ${pk} ${sk} is over ${ITEM_MAX_BYTES} bytes of JSON`);
  if (!due) return { kind: 'put', pk, sk, ...base, data };
  checkKeyText(due.queue, 'due.queue');
  if (!Number.isSafeInteger(due.at)) throw new RangeError(`due.at of ${pk} ${sk} is no whole number`);
  return { kind: 'put', pk, sk, ...base, data, queue: due.queue, at: due.at };
}

/** Checks writes and turns their data into JSON, so that later changes to the objects do not count. */
function prepareAll(writes: readonly Write[]): Prepared[] {
  if (writes.length > TRANSACTION_MAX)
    throw new RangeError(`a transaction has at most ${TRANSACTION_MAX} writes, not ${writes.length}`);
  const seen = new Set<string>();
  return writes.map((write) => {
    const prepared = prepare(write);
    checkKey(prepared);
    const identity = JSON.stringify([prepared.pk, prepared.sk]);
    if (seen.has(identity)) throw new RangeError(`key ${identity} occurs twice in one transaction`);
    seen.add(identity);
    return prepared;
  });
}

function holds(condition: Condition, version: number | undefined): boolean {
  if (condition === 'absent') return version === undefined;
  if (condition === 'present') return version !== undefined;
  return version === condition.version;
}

interface Waiting {
  writes: Prepared[];
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
  function apply(writes: Prepared[]): StoreConflict | undefined {
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
      const prepared = prepareAll(writes);
      if (prepared.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        if (queue.length === 0) setImmediate(flush);
        queue.push({ writes: prepared, resolve, reject });
      });
    },
    flush,
  };
}
