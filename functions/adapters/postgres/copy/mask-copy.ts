/**
 * Changes a copy by statements of the project. What they replaced stays in its files and statistics, so that the copy has to
 * be copied once more.
 */
import { limits } from '../../../core/limits.ts';
import { TransientError } from '../../../core/problem.ts';
import type { SqlConnection } from '../../../ports/databases.ts';
import { MaskingFailed } from '../../../ports/rules/masking-failed.ts';
import { type PostgresTarget, sqlState } from '../connections.ts';
import { openTenantSession } from './copy-session.ts';
import { errorWords } from './error-words.ts';
import { statementsOf } from './facts.ts';
import { ownRelations } from './sql-parts.ts';

/** They hold rows of their own, of before. The order is that in which they were made. */
const REFRESHES = `SELECT format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass) AS statement
  FROM ${ownRelations('m')} AND c.relispopulated ORDER BY c.oid`;

/** As names were found where the masking was written. */
const SEARCH_PATH = `SELECT pg_catalog.set_config('search_path', coalesce((
    SELECT substr(setting, strpos(setting, '=') + 1) FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 AND setting LIKE 'search\\_path=%'
      AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())), '"$user", public'), false)`;

/** Triggers and rules of tables. Those of foreign keys belong to the server, and stay as they are. */
const CODE = `(SELECT 'TRIGGER' AS kind, t.oid, t.tgrelid AS relation, t.tgname AS name, t.tgenabled AS state
    FROM pg_trigger AS t, ${ownRelations('rp')} AND t.tgrelid = c.oid AND NOT t.tgisinternal
  UNION ALL SELECT 'RULE', r.oid, r.ev_class, r.rulename, r.ev_enabled
    FROM pg_rewrite AS r, ${ownRelations('rp')} AND r.ev_class = c.oid) AS code`;
/** Those that would run. */
const DISABLES = `SELECT kind || oid AS id, state, format('ALTER TABLE ONLY %s DISABLE %s %I', relation::regclass, kind, name) AS statement
  FROM ${CODE} WHERE state IN ('O', 'A')`;
/** The same again, where they are there still: $1 are their ids, and $2 those that always run. */
const ENABLES = `SELECT format('ALTER TABLE ONLY %s ENABLE %s%s %I', relation::regclass,
    CASE WHEN kind || oid = ANY ($2) THEN 'ALWAYS ' END, kind, name) AS statement
  FROM ${CODE} WHERE kind || oid = ANY ($1) AND state = 'D'`;

/** @throws MaskingFailed */
export async function maskCopy(
  target: PostgresTarget,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + limits.maskingSeconds.value * 1000;
  const sql = await openTenantSession(target, signal);
  try {
    await sql.query('BEGIN');
    // What the statements say is what happens: a trigger could keep the old values in another table, or undo the change.
    const code = await sql.query<{ id: string; state: string; statement: string }>(DISABLES);
    for (const { statement } of code) await sql.query(statement);
    await sql.query(SEARCH_PATH);
    for (const [at, statement] of statements.entries()) {
      await bound(sql, end);
      await attempt(sql, statement, at);
    }
    await bound(sql, end);
    await attempt(sql, 'SET CONSTRAINTS ALL IMMEDIATE', undefined);
    await sql.query("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)");
    const always = code.filter(({ state }) => state === 'A');
    const ids = [code, always].map((some) => some.map(({ id }) => id));
    for (const { statement } of await sql.query<{ statement: string }>(ENABLES, ids))
      await attempt(sql, statement, undefined);
    for (const statement of await statementsOf(sql, [REFRESHES])) await attempt(sql, statement, undefined);
    await attempt(sql, 'COMMIT', undefined);
    // It is copied once more, and is no larger then than it was.
    await bound(sql, end);
    await attempt(sql, 'VACUUM (FULL)', undefined);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
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
    throw new MaskingFailed(at, errorWords(error), { cause: error });
  }
}
