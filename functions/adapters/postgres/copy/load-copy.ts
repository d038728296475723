/** Fills an empty database from a copy, and compares what came of it with what the copy was made of. */
import { constants } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TransientError } from '../../../core/problem.ts';
import type { CopySummary, SqlConnection } from '../../../ports/databases.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import type { PostgresTarget } from '../connections.ts';
import { createByteReader } from '../dump/byte-reader.ts';
import { dropsDatabase } from '../dump/statements.ts';
import { checkOrigin } from './check-origin.ts';
import { openTenantSession } from './copy-session.ts';
import { errorWords } from './error-words.ts';
import { ELSEWHERE, factsOf, type Questions, SAME_SERVER } from './facts.ts';
import type { CopyLine } from './read-copy.ts';

/** @throws CopyFailed where the two are not equal, or the copy is not whole */
export async function loadCopy(
  target: PostgresTarget,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<CopySummary> {
  const sql = await openTenantSession(target, signal);
  try {
    const taken: Taken = { questions: SAME_SERVER, failures: new Map() };
    const end = await takeAll(sql, chunks, taken, signal);
    const { questions, failures } = taken;
    if (!questions.isSameServer && failures.size > 0)
      throw new CopyFailed(`Not all of the database can come here.${told(failures)}`);
    const { lines } = await factsOf(sql, signal, questions);
    compare(end.facts, lines, failures);
    return { tables: end.tables, rows: end.rows };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await sql.end();
  }
}

/** Statements that could not be run so far, and why. */
type Failures = Map<string, string>;

interface Taken {
  questions: Questions;
  failures: Failures;
}

type End = Extract<CopyLine, { facts: string[] }>;

/** Does what the lines say. @returns the last one */
async function takeAll(
  sql: SqlConnection,
  chunks: AsyncIterable<Uint8Array>,
  taken: Taken,
  signal: AbortSignal,
): Promise<End> {
  try {
    for await (const line of linesOf(chunks)) {
      signal.throwIfAborted();
      if ('facts' in line) return line;
      await take(sql, line, taken);
    }
  } catch (error) {
    if (isOfArchive(error)) throw new CopyFailed(`The copy is damaged: ${error.message}.`);
    throw error;
  }
  throw new CopyFailed('The copy is damaged: it has no end.');
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CopyLine> {
  const text = pipeline(Readable.from(chunks), createGunzip(), () => undefined);
  // A longer line is no string.
  const bounds = { ofAll: Number.POSITIVE_INFINITY, ofPart: constants.MAX_STRING_LENGTH };
  const reader = createByteReader(text, bounds);
  try {
    for (let line = await reader.line(); line; line = await reader.line()) {
      const parsed: unknown = JSON.parse(line.toString());
      if (!isLine(parsed))
        throw new CopyFailed('The copy is damaged: a line of it says nothing that is known.');
      yield parsed;
    }
  } finally {
    text.destroy();
  }
}

const areStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** A copy may have been sent by anyone. */
function isLine(value: unknown): value is CopyLine {
  if (typeof value !== 'object' || value === null) return false;
  const line = value as Record<string, unknown>;
  if ('run' in line) return areStrings(line.run);
  if ('table' in line) return areStrings([line.table]) && areStrings(line.columns) && areStrings(line.rows);
  if ('object' in line) return areStrings([line.object, line.hex]) && Number.isSafeInteger(line.at);
  if ('facts' in line)
    return areStrings(line.facts) && Number.isSafeInteger(line.tables) && Number.isSafeInteger(line.rows);
  if (!Number.isInteger(line.format)) return false;
  const { from } = line as { from?: Record<string, unknown> | null };
  return (
    from === undefined ||
    (typeof from?.version === 'number' && areStrings([from.encoding]) && areStrings(from.extensions))
  );
}

/** Whether an error says that what is compressed, or is in it, is damaged. */
export const isOfArchive = (error: unknown): error is Error =>
  error instanceof SyntaxError ||
  (error instanceof Error && 'code' in error && /^(Z_|ERR_STREAM_PREMATURE)/.test(String(error.code)));

async function take(sql: SqlConnection, line: Exclude<CopyLine, End>, taken: Taken): Promise<void> {
  const { failures } = taken;
  if ('format' in line && ![1, 2].includes(line.format))
    throw new CopyFailed('The copy was made by a newer Berth, in a format that this one can not read.');
  else if ('format' in line) {
    await sql.query("SELECT set_config('berth.copy_format', $1, false)", [String(line.format)]);
    if (!line.from) return;
    await checkOrigin(sql, line.from);
    taken.questions = ELSEWHERE;
  } else if ('run' in line) await settle(sql, line.run, failures);
  else if ('object' in line)
    await sql.query(`SELECT lo_put(${line.object}, ${line.at}, decode($1, 'hex'))`, [line.hex]);
  else if ('table' in line)
    await insert(sql, line).catch((error: unknown) => {
      if (error instanceof TransientError || !(error instanceof Error)) throw error;
      throw new CopyFailed(
        `Rows of ${line.table} can not be written: ${errorWords(error)}.${told(failures)}`,
      );
    });
}

const insert = (
  sql: SqlConnection,
  { table, columns, rows }: Extract<CopyLine, { table: string }>,
): Promise<unknown> =>
  sql.query(
    `INSERT INTO ${table} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE
     SELECT ${columns.map((column) => `("berth row").${column}`).join(', ')}
     FROM (SELECT text::${table} AS "berth row" FROM unnest($1::text[]) AS text OFFSET 0) AS rows`,
    [rows],
  );

/**
 * Runs statements whose order is not known: what needs another one comes again after it. Those that fail for good are
 * tried again with those that come later, which may be what they need.
 */
async function settle(sql: SqlConnection, statements: readonly string[], failures: Failures): Promise<void> {
  if (statements.some(dropsDatabase))
    throw new CopyFailed('The copy drops a database, which none does that Berth has made.');
  for (let left = [...failures.keys(), ...statements]; ; ) {
    failures.clear();
    for (const statement of left) {
      await sql.query(statement).catch((error: unknown) => {
        if (error instanceof TransientError || !(error instanceof Error)) throw error;
        failures.set(statement, errorWords(error));
      });
    }
    if (failures.size === left.length || failures.size === 0) return;
    left = [...failures.keys()];
  }
}

/** @throws CopyFailed */
function compare(wanted: readonly string[], found: readonly string[], failures: Failures): void {
  const [before, after] = [new Set(wanted), new Set(found)];
  const missing = wanted.filter((fact) => !after.has(fact));
  const extra = found.filter((fact) => !before.has(fact));
  if (missing.length + extra.length === 0 && wanted.length === found.length) return;
  const such = missing[0] ?? extra[0] ?? '';
  throw new CopyFailed(
    `The copy is not equal to the database: ${missing.length} of ${wanted.length} facts are not so in it, and ${extra.length} are ` +
      `so in it alone, such as "${short(such)}".${told(failures)}`,
  );
}

function told(failures: Failures): string {
  const [[statement, why] = []] = failures;
  return statement === undefined ? '' : ` "${short(statement)}" failed: ${why}.`;
}

export const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};
