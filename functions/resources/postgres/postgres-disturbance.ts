/** A database that is slow, or loses its connections, on purpose. What is done ends with one statement, whoever dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseServer } from '../../ports/databases.ts';

/** So long those who wait may go on before all wait again, milliseconds. */
const BREATH_MS = 50;
/** Whoever holds a table is not waited for longer, since others would queue behind the wait. */
const LOCK_TIMEOUT_MS = 200;

export async function cutConnections(server: DatabaseServer, database: string): Promise<void> {
  const sql = await server.connect();
  try {
    await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND usename <> current_user AND backend_type = 'client backend'`,
      [database],
    );
  } finally {
    await sql.end();
  }
}

/** Locks all tables within one statement, which the server ends by itself. */
const hold = (delayMs: number): string => `DO $hold$
DECLARE
  every_table text;
BEGIN
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO every_table
    FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema');
  IF every_table IS NOT NULL THEN
    EXECUTE 'LOCK TABLE ' || every_table || ' IN ACCESS EXCLUSIVE MODE';
  END IF;
  PERFORM pg_sleep(${delayMs / 1000});
EXCEPTION WHEN lock_not_available THEN NULL;
END $hold$`;

/** @param delayMs a statement waits for at most so long */
export async function holdTables(
  server: DatabaseServer,
  database: string,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  const sql = await server.connect(database);
  try {
    await sql.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    while (!signal.aborted) {
      await sql.query(hold(delayMs));
      await sleep(BREATH_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await sql.end();
  }
}
