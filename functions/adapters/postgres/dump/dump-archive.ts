/**
 * A dump of `pg_dump -Fc`: a list of what is in it, and the rows of tables after it, compressed one by one. It is read from its
 * beginning to its end, in the order in which pg_dump has written it, which is that in which it can be done.
 */
import { pipeline, Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { limits } from '../../../core/limits.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import { type ByteReader, createByteReader, damaged } from './byte-reader.ts';
import { type DumpItem, rowsOf } from './dump-item.ts';
import { itemsOfScript } from './script.ts';
import { createSplitter } from './statements.ts';

export const ARCHIVE_MAGIC = 'PGDMP';
/** Of the format: those of PostgreSQL 9 to 18. */
const [OLDEST, NEWEST] = [12, 16];
const CUSTOM = 1;
const [ROWS, OBJECTS] = [1, 3];

/** About what an entry takes of memory beside its texts. */
const ENTRY_BYTES = 128;

interface Entry {
  id: number;
  hasData: boolean;
  kind: string;
  statements: string;
  copy: string;
}

interface Numbers {
  byte(): Promise<number>;
  int(): Promise<number>;
  text(): Promise<string>;
}

function numbersOf(reader: ByteReader, intBytes: number): Numbers {
  const byte = async (): Promise<number> => (await reader.read(1))[0] ?? 0;
  const int = async (): Promise<number> => {
    const bytes = await reader.read(1 + intBytes);
    const value = bytes.readUIntLE(1, Math.min(intBytes, 6));
    return bytes[0] === 0 ? value : -value;
  };
  const text = async (): Promise<string> => {
    const length = await int();
    return length <= 0 ? '' : (await reader.read(length)).toString();
  };
  return { byte, int, text };
}

/** @throws CopyFailed for what is damaged, or of another format */
export async function* itemsOfArchive(reader: ByteReader): AsyncGenerator<DumpItem> {
  const [, minor = 0, , intBytes = 0, offsetBytes = 0, format] = (
    await reader.read(ARCHIVE_MAGIC.length + 6)
  ).subarray(ARCHIVE_MAGIC.length);
  if (minor < OLDEST || minor > NEWEST)
    throw new CopyFailed(
      `The dump has the format 1.${minor} of pg_dump, and 1.${OLDEST} to 1.${NEWEST} are known here.`,
    );
  if (format !== CUSTOM || intBytes < 1 || intBytes > 8) throw damaged();
  const numbers = numbersOf(reader, intBytes);
  const isCompressed = await compressionOf(numbers, minor);
  // The time it was made at, in seven numbers; the database, and the versions of server and pg_dump.
  for (let at = 0; at < 7; at++) await numbers.int();
  for (let at = 0; at < 3; at++) await numbers.text();
  const entries = await entriesOf(reader, numbers, { minor, offsetBytes });
  for (const entry of entries) {
    for (const sql of statementsOf(entry)) yield { sql };
    if (entry.hasData) yield* dataOf(reader, numbers, entry, isCompressed);
  }
}

/** @throws CopyFailed for what is compressed in another way than by zlib */
async function compressionOf({ byte, int }: Numbers, minor: number): Promise<boolean> {
  if (minor < 15) return (await int()) !== 0;
  const algorithm = await byte();
  if (algorithm > 1)
    throw new CopyFailed(
      'The dump is compressed by lz4 or zstd: have pg_dump write it with --compress=gzip.',
    );
  return algorithm === 1;
}

async function entriesOf(
  reader: ByteReader,
  { int, text }: Numbers,
  { minor, offsetBytes }: { minor: number; offsetBytes: number },
): Promise<Entry[]> {
  const count = await int();
  const entries: Entry[] = [];
  let bytes = 0;
  for (let at = 0; at < count; at++) {
    const id = await int();
    const hasData = (await int()) !== 0;
    // Its numbers in the catalogs, and its name.
    for (let skip = 0; skip < 3; skip++) await text();
    const kind = await text();
    await int();
    const statements = await text();
    await text();
    const copy = await text();
    // Its schema and tablespace, its access method and kind, its owner, and whether rows have numbers.
    for (let skip = 0; skip < (minor >= 14 ? 3 : 2); skip++) await text();
    if (minor >= 16) await int();
    for (let skip = 0; skip < 2; skip++) await text();
    while ((await text()) !== '');
    await reader.read(1 + offsetBytes);
    entries.push({ id, hasData, kind, statements, copy });
    bytes += ENTRY_BYTES + kind.length + statements.length + copy.length;
    if (bytes > limits.importEntries.value)
      throw new CopyFailed(`The dump lists more than ${limits.importEntries.value} bytes of statements.`);
  }
  return entries;
}

/** Those that name roles and the server alone. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'ACL',
  'DEFAULT ACL',
  'DATABASE',
  'DATABASE PROPERTIES',
  'STATISTICS DATA',
]);

function statementsOf({ kind, statements }: Entry): string[] {
  if (LEFT_OUT.has(kind)) return [];
  // The numbers of large objects, one a line.
  if (kind === 'BLOB METADATA')
    return statements
      .split('\n')
      .flatMap((oid) => (/^\d+$/.test(oid) ? [`SELECT pg_catalog.lo_create(${oid})`] : []));
  const splitter = createSplitter();
  const found = splitter.feed(statements);
  return splitter.isBetween() ? found : [...found, splitter.rest()];
}

async function* dataOf(
  reader: ByteReader,
  numbers: Numbers,
  entry: Entry,
  isCompressed: boolean,
): AsyncGenerator<DumpItem> {
  const { byte, int } = numbers;
  const kind = await byte();
  if ((await int()) !== entry.id || (kind !== ROWS && kind !== OBJECTS)) throw damaged();
  const part = () => {
    const blocks = blocksOf(reader, numbers);
    return { blocks, bytes: isCompressed ? inflated(blocks) : blocks };
  };
  if (kind === OBJECTS) {
    for (let oid = await int(); oid !== 0; oid = await int()) {
      const { blocks, bytes } = part();
      yield { object: String(oid), bytes };
      for await (const _block of blocks);
    }
    return;
  }
  const { blocks, bytes } = part();
  const inner = createByteReader(bytes);
  if (entry.copy === '') yield* itemsOfScript(inner);
  else {
    const rows = rowsOf(inner);
    yield { copy: entry.copy.trim().replace(/;$/, ''), rows };
    for await (const _row of rows);
    // What comes after the end of the rows is empty lines.
    while (await inner.line());
  }
  for await (const _block of blocks);
}

async function* blocksOf(reader: ByteReader, { int }: Numbers): AsyncGenerator<Uint8Array> {
  for (let size = await int(); size !== 0; size = await int()) yield await reader.read(size);
}

function inflated(blocks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return pipeline(Readable.from(blocks), createInflate(), () => undefined);
}
