/** Changes a copy so that what was in it before can not be read in it any more. */
import { limits } from '../../../core/limits.ts';
import { TransientError } from '../../../core/problem.ts';
import type { SqlConnection } from '../../../ports/databases.ts';
import { MaskingFailed } from '../../../ports/rules/masking-failed.ts';
import { type PostgresTarget, sqlState } from '../connections.ts';
import { openCopySession } from './copy-session.ts';
import { ownRelations } from './sql-parts.ts';

/** They hold rows of their own, of before. The order is that in which they were made. */
const REFRESHES = `SELECT format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass) AS statement
  FROM ${ownRelations('m')} AND c.relispopulated ORDER BY c.oid`;

/** @throws MaskingFailed */
export async function maskCopy(
  target: PostgresTarget,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + limits.maskingSeconds.value * 1000;
  const sql = await openCopySession(target);
  try {
    await sql.query('SET search_path TO "$user", public');
    await sql.query('BEGIN');
    for (const [at, statement] of statements.entries()) {
      signal.throwIfAborted();
      await bound(sql, end);
      await attempt(sql, statement, at);
    }
    await bound(sql, end);
    for (const { statement } of await sql.query<{ statement: string }>(REFRESHES))
      await attempt(sql, statement, undefined);
    await attempt(sql, 'COMMIT', undefined);
    // Rows of before stay in the files of tables, and values of them in the statistics, until they are written anew.
    await bound(sql, end);
    await attempt(sql, 'VACUUM (FULL, ANALYZE)', undefined);
  } finally {
    await sql.end();
  }
}

/** The server ends what is not done by then. A statement before may have set another time. */
const bound = (sql: SqlConnection, end: number): Promise<unknown> =>
  sql.query("SELECT pg_catalog.set_config('statement_timeout', $1, false)", [
    String(Math.max(1, Math.ceil(end - performance.now()))),
  ]);

async function attempt(sql: SqlConnection, statement: string, at: number | undefined): Promise<void> {
  try {
    await sql.query(statement);
  } catch (error) {
    const state = sqlState(error instanceof TransientError ? error.cause : error);
    if (state === '57014') throw new MaskingFailed(at, 'it took too long', { cause: error });
    if (error instanceof TransientError || state === undefined || !(error instanceof Error)) throw error;
    throw new MaskingFailed(at, `${whyOf(error, state)} (SQLSTATE ${state})`, { cause: error });
  }
}

/**
 * What the server says of an error, without values: of statements that are wrong in themselves it repeats names alone; of
 * all others the names of what they broke are told, and not the text.
 */
function whyOf(error: Error, state: string): string {
  if (state.startsWith('42')) return error.message;
  const { table, column, constraint } = error as { table?: string; column?: string; constraint?: string };
  const named = Object.entries({ table, column, constraint }).filter(([, name]) => name !== undefined);
  if (named.length === 0) return 'the server refused it';
  return `the server refused it for ${named.map(([kind, name]) => `the ${kind} "${name}"`).join(', ')}`;
}
