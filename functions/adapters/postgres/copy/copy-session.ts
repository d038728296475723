/** A session in which values are read and written in one way, whatever its role or its database is set to. */
import { limits } from '../../../core/limits.ts';
import { connectPostgres, type PostgresConnection, type PostgresTarget } from '../connections.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  // A step of a workflow has a time of its own.
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  lock_timeout: '60s',
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  // What a statement means does not depend on the database either.
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  transform_null_equals: 'off',
  array_nulls: 'on',
  // Rows that a policy hides would be missing without a word: they are an error.
  row_security: 'off',
  // Code may name what is not there yet.
  check_function_bodies: 'off',
  default_transaction_read_only: 'off',
};

/** @param signal ends it, whatever it is at: callers throw its reason in place of what they get then @throws its reason */
export async function openCopySession(
  target: PostgresTarget,
  signal: AbortSignal,
): Promise<PostgresConnection> {
  signal.throwIfAborted();
  const sql = await connectPostgres({ ...target, signal });
  try {
    // Servers of older versions lack some of them.
    await sql.query(
      'SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS wanted (name, value) JOIN pg_settings USING (name)',
      [Object.keys(SETTINGS), Object.values(SETTINGS)],
    );
    return sql;
  } catch (error) {
    await sql.end();
    signal.throwIfAborted();
    throw error;
  }
}

/** One for statements that tenants have written: what they answer is not kept beyond a size. */
export const openTenantSession: typeof openCopySession = (target, signal) =>
  openCopySession({ ...target, answers: { maxBytes: limits.importAnswer.value } }, signal);
