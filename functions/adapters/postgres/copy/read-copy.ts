/**
 * Writes down all of a database by SQL alone: pg_dump would have to come with every server, in its version. The copy is
 * lines of JSON, compressed: what makes the tables, their rows, what comes after rows, and the facts that a database made
 * of it has to share.
 */
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { limits } from '../../../core/limits.ts';
import type { SqlConnection } from '../../../ports/databases.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import type { PostgresTarget } from '../connections.ts';
import { openCopySession } from './copy-session.ts';
import { factsOf, type Questions, SAME_SERVER, statementsOf } from './facts.ts';
import { FIRST_OWN, HOSTS_EXTENSIONS, ownRelations } from './sql-parts.ts';

/** A line of a copy. */
export type CopyLine =
  /** `from` is there where it was read from a server elsewhere. */
  | { format: 1 | 2; from?: Origin }
  | { run: string[] }
  /** Rows as PostgreSQL writes a row down, and the columns that are not computed. */
  | { table: string; columns: string[]; rows: string[] }
  | { object: string; at: number; hex: string }
  | { facts: string[]; tables: number; rows: number };

/** What a database came from. */
export interface Origin {
  /** As `server_version_num`. */
  version: number;
  encoding: string;
  extensions: string[];
}

/** About so many characters of rows are read at a time. */
const BATCH_CHARACTERS = 1_000_000;
const BATCH_ROWS = 10_000;
const OBJECT_BYTES = 500_000;

const TABLES = `SELECT c.oid::regclass::text AS table, (
    SELECT array_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
  FROM ${ownRelations('r')} ORDER BY c.oid`;

/**
 * @param questions those for a server elsewhere, where it is none of ours
 * @throws CopyFailed in what is read, for a database that is too large
 */
export function readCopy(
  target: PostgresTarget,
  signal: AbortSignal,
  questions: Questions = SAME_SERVER,
): AsyncIterable<Uint8Array> {
  const text = Readable.from(textOf(target, signal, questions), { objectMode: true, highWaterMark: 1 });
  // An error of the lines is one of the stream that is read.
  return pipeline(text, createGzip({ level: 5 }), () => undefined);
}

async function* textOf(
  target: PostgresTarget,
  signal: AbortSignal,
  questions: Questions,
): AsyncGenerator<string> {
  const sql = await openCopySession(target, signal);
  try {
    let characters = 0;
    for await (const line of linesOf(sql, signal, questions)) {
      signal.throwIfAborted();
      const text = `${JSON.stringify(line)}\n`;
      characters += text.length;
      // What a server that is not ours says of the size may not be so.
      if (!questions.isSameServer && characters > limits.importText.value)
        throw new CopyFailed(`The database has more than ${limits.importText.value} bytes of text.`);
      yield text;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await sql.end();
  }
}

async function* linesOf(
  sql: SqlConnection,
  signal: AbortSignal,
  questions: Questions,
): AsyncGenerator<CopyLine> {
  await sql.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const [size] = await sql.query<{ bytes: string }>(
    'SELECT pg_database_size(current_database())::text AS bytes',
  );
  if (Number(size?.bytes) > limits.databaseCopy.value)
    throw new CopyFailed(
      `The database has ${size?.bytes} bytes, and copies are made of ${limits.databaseCopy.value} at the most.`,
    );
  const tables = await sql.query<{ table: string; columns: string[] | null }>(TABLES);
  // Nobody changes a table, or drops it, before its rows are read.
  for (const { table } of tables) await sql.query(`LOCK TABLE ONLY ${table} IN ACCESS SHARE MODE`);
  yield questions.isSameServer ? { format: 2 } : { format: 2, from: await originOf(sql) };
  yield { run: await statementsOf(sql, questions.before) };
  for (const { table, columns } of tables)
    for await (const rows of rowsOf(sql, table)) yield { table, columns: columns ?? [], rows };
  yield* largeObjects(sql);
  const { sequences, lines: facts, tables: count, rows } = await factsOf(sql, signal, questions);
  const values = sequences.map(
    ({ name, last, called }) => `SELECT setval('${name.replaceAll("'", "''")}', ${last}, ${called})`,
  );
  yield { run: [...values, ...(await statementsOf(sql, questions.after))] };
  yield { facts, tables: count, rows };
  await sql.query('COMMIT');
}

async function originOf(sql: SqlConnection): Promise<Origin> {
  const [origin] = await sql.query<Origin & Record<string, unknown>>(
    `SELECT current_setting('server_version_num')::int AS version, pg_encoding_to_char(encoding)::text AS encoding,
       ARRAY(SELECT extname::text FROM pg_extension WHERE oid >= ${FIRST_OWN} AND extname NOT IN (${HOSTS_EXTENSIONS}) ORDER BY 1) AS extensions
     FROM pg_database WHERE datname = current_database()`,
  );
  if (!origin) throw new CopyFailed('The server says nothing of the database.');
  return origin;
}

/** Rows may be of any size, so that their number follows what was read last. */
async function* rowsOf(sql: SqlConnection, table: string): AsyncGenerator<string[]> {
  await sql.query(
    `DECLARE "berth rows" NO SCROLL CURSOR FOR SELECT ROW("berth row".*)::text AS row FROM ONLY ${table} AS "berth row"`,
  );
  for (let count = 16; ; ) {
    const found = await sql.query<{ row: string }>(`FETCH ${count} FROM "berth rows"`);
    if (found.length > 0) yield found.map(({ row }) => row);
    if (found.length < count) break;
    const size = found.reduce((sum, { row }) => sum + row.length, 1);
    count = Math.max(1, Math.min(BATCH_ROWS, count * 4, Math.floor((BATCH_CHARACTERS * count) / size)));
  }
  await sql.query('CLOSE "berth rows"');
}

async function* largeObjects(sql: SqlConnection): AsyncGenerator<CopyLine> {
  const objects = await sql.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_largeobject_metadata ORDER BY oid',
  );
  for (const { oid } of objects) {
    yield { run: [`SELECT lo_create(${oid})`] };
    for (let at = 0; ; at += OBJECT_BYTES) {
      const [part] = await sql.query<{ hex: string }>(
        `SELECT encode(lo_get(${oid}, ${at}, ${OBJECT_BYTES}), 'hex') AS hex`,
      );
      if (!part?.hex) break;
      yield { object: oid, at, hex: part.hex };
    }
  }
}
