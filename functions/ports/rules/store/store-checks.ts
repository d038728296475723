/** What every store refuses before it asks its database, so that all of them refuse the same. */
import { Problem } from '../../../core/problem.ts';
import {
  type Condition,
  ITEM_MAX_BYTES,
  type Key,
  PAGE_LIMIT_MAX,
  TRANSACTION_MAX,
  type Write,
} from '../../store.ts';

const KEY_MAX_BYTES = 1024;

/** A checked write; `data` is JSON, empty where nothing is put. */
export interface PreparedWrite extends Key {
  kind: 'put' | 'delete' | 'check';
  data: string;
  queue: string | null;
  at: number | null;
  condition: Condition | undefined;
}

/** @throws RangeError for a text that is no key: empty, over 1 KiB, or with half a surrogate pair */
export function checkKeyText(text: string, what: string): void {
  if (text === '') throw new RangeError(`${what} is empty`);
  if (Buffer.byteLength(text) > KEY_MAX_BYTES)
    throw new RangeError(`${what} is over ${KEY_MAX_BYTES} bytes long`);
  // Half a surrogate pair would be stored as U+FFFD, and two keys would become one.
  if (!text.isWellFormed()) throw new RangeError(`${what} is not well-formed Unicode`);
}

export function checkKey({ pk, sk }: Key): void {
  checkKeyText(pk, 'pk');
  checkKeyText(sk, 'sk');
}

export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMIT_MAX)
    throw new RangeError(`limit is 1 to ${PAGE_LIMIT_MAX}, not ${limit}`);
}

export function checkKeys(keys: readonly Key[]): void {
  if (keys.length > TRANSACTION_MAX)
    throw new RangeError(`at most ${TRANSACTION_MAX} keys at once, not ${keys.length}`);
  for (const key of keys) checkKey(key);
}

/** Whether a condition holds for the version that is stored; undefined where nothing is. */
export function holds(condition: Condition, version: number | undefined): boolean {
  if (condition === 'absent') return version === undefined;
  if (condition === 'present') return version !== undefined;
  return version === condition.version;
}

/** Records hold what people send, so that they are told. */
const tooLarge = (bytes: number): Problem =>
  new Problem(
    'payload_too_large',
    `What would be kept is too large: with what is there already it has ${bytes} bytes of JSON in one record, which holds ${ITEM_MAX_BYTES}.`,
    { hint: 'Send less, or delete some of what is kept beside it first.' },
  );

function prepare(write: Write): PreparedWrite {
  const base = { data: '', queue: null, at: null, condition: write.if };
  if ('check' in write) return { kind: 'check', pk: write.check.pk, sk: write.check.sk, ...base };
  if ('delete' in write) return { kind: 'delete', pk: write.delete.pk, sk: write.delete.sk, ...base };
  const { pk, sk, due } = write.put;
  const data: string | undefined = JSON.stringify(write.put.data);
  if (data === undefined) throw new RangeError(`data of ${pk} ${sk} is no JSON`);
  const bytes = Buffer.byteLength(data);
  if (bytes > ITEM_MAX_BYTES) throw tooLarge(bytes);
  if (!due) return { kind: 'put', pk, sk, ...base, data };
  checkKeyText(due.queue, 'due.queue');
  if (!Number.isSafeInteger(due.at)) throw new RangeError(`due.at of ${pk} ${sk} is no whole number`);
  return { kind: 'put', pk, sk, ...base, data, queue: due.queue, at: due.at };
}

/**
 * Checks writes and turns their data into JSON, so that later changes to the objects do not count.
 * @throws RangeError for what no store takes; Problem payload_too_large for a record that is too large
 */
export function prepareWrites(writes: readonly Write[]): PreparedWrite[] {
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
