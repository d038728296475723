/**
 * What the store's reads and writes cost on DynamoDB, from the sizes of records. The adapter for DynamoDB keeps
 * records in this form and is told by DynamoDB what it used; the one for one machine counts by these rules, as if.
 */
import type { Due, Key } from '../../store.ts';
import type { PreparedWrite } from './store-checks.ts';
import { toData } from './store-form.ts';

const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;

/** Bytes of the names of all attributes but that of the due time: pk, sk, data, version. */
const NAMES_BYTES = 'pkskdataversion'.length;
const DUE_NAMES_BYTES = 'dueQueuedueAt'.length;
/** Bytes of the attribute `token` with its twelve characters. */
const TOKEN_BYTES = 17;

/** A write is one unit for each KiB of the item that was begun. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));

/** A strongly consistent read is one unit for each 4 KiB that were begun, one that may lag half of that. */
export const readUnits = (bytes: number, mayLag = false): number =>
  Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (mayLag ? 0.5 : 1);

/** A record as it is stored. */
export interface StoredRecord extends Key {
  json: string;
  version: number;
  due?: Due | undefined;
  /** It was written by a single put on its version, which leaves a token: see docs/adr/0011. */
  hasToken?: boolean;
}

/**
 * Bytes as DynamoDB counts them: those of names and values in UTF-8; of a number one byte for two digits, and one
 * more.
 */
export function recordBytes(record: StoredRecord): number {
  const data = toData(record.json);
  return bytesWith(record, 'S' in data ? Buffer.byteLength(data.S) : data.B.byteLength);
}

function bytesWith({ pk, sk, version, due, hasToken }: StoredRecord, dataBytes: number): number {
  return (
    NAMES_BYTES +
    Buffer.byteLength(pk) +
    Buffer.byteLength(sk) +
    dataBytes +
    numberBytes(version) +
    (due ? DUE_NAMES_BYTES + Buffer.byteLength(due.queue) + numberBytes(due.at) : 0) +
    (hasToken ? TOKEN_BYTES : 0)
  );
}

/** Units of one record; whether it would be packed is not tried where its text is one unit, too. */
function unitsOf(record: StoredRecord | undefined, unitBytes: number): number {
  if (!record || bytesWith(record, Buffer.byteLength(record.json)) <= unitBytes) return 1;
  return Math.ceil(recordBytes(record) / unitBytes);
}

function numberBytes(value: number): number {
  const digits = String(Math.abs(value)).replace(/0+$/, '').length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Read units of one record. Looking for one that is not there costs as much as the smallest. */
export const readUnitsOf = (record: StoredRecord | undefined): number => unitsOf(record, READ_UNIT_BYTES);

/** One put on a known version is a PutItem; everything else is a transaction, or a read. */
export const isSinglePut = (writes: readonly PreparedWrite[]): boolean =>
  writes.length === 1 && writes[0]?.kind === 'put' && typeof writes[0].condition === 'object';

/** One check alone is a read. */
export const isSingleCheck = (writes: readonly PreparedWrite[]): boolean =>
  writes.length === 1 && writes[0]?.kind === 'check' && writes[0].condition !== undefined;

/** A write and what was there before it; `before` is undefined where there was nothing. */
export interface PricedWrite {
  write: PreparedWrite;
  before: StoredRecord | undefined;
}

/**
 * Request units of the writes that are done together: of each the larger of what was there and what comes, twice
 * in a transaction, and one for each entry of the due index that is added or removed (a changed one is both).
 * A condition that fails costs as much, but for the index.
 */
export function transactionUnits(writes: readonly PricedWrite[], conflict = false): number {
  const prepared = writes.map(({ write }) => write);
  const single = isSinglePut(prepared);
  let units = 0;
  for (const { write, before } of writes) {
    const after = conflict && single ? undefined : recordOf(write, before, single);
    const sizes = [before, after].map((record) => unitsOf(record, WRITE_UNIT_BYTES));
    units += Math.max(...sizes) * (single ? 1 : 2);
    if (!conflict && write.kind !== 'check') units += indexUnits(before?.due, dueOf(write));
  }
  return units;
}

function recordOf(
  write: PreparedWrite,
  before: StoredRecord | undefined,
  single: boolean,
): StoredRecord | undefined {
  if (write.kind !== 'put') return undefined;
  const { pk, sk, data } = write;
  return { pk, sk, json: data, version: (before?.version ?? 0) + 1, due: dueOf(write), hasToken: single };
}

const dueOf = ({ queue, at }: PreparedWrite): Due | undefined =>
  queue === null || at === null ? undefined : { queue, at };

function indexUnits(before: Due | undefined, after: Due | undefined): number {
  if (before?.queue === after?.queue && before?.at === after?.at) return 0;
  return (before ? 1 : 0) + (after ? 1 : 0);
}
