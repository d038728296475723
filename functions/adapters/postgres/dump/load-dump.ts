/** Fills an empty database from a dump of pg_dump, as its owner: nothing in it has more rights than that. */
import { TransientError } from '../../../core/problem.ts';
import type { CopySummary } from '../../../ports/databases.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import type { PostgresConnection, PostgresTarget } from '../connections.ts';
import { openTenantSession } from '../copy/copy-session.ts';
import { errorWords } from '../copy/error-words.ts';
import { ELSEWHERE, factsOf } from '../copy/facts.ts';
import { isOfArchive, short } from '../copy/load-copy.ts';
import { createByteReader } from './byte-reader.ts';
import { ARCHIVE_MAGIC, itemsOfArchive } from './dump-archive.ts';
import { type DumpItem, isLeftOut } from './dump-item.ts';
import { itemsOfScript } from './script.ts';

/**
 * @param head how it begins
 * @throws CopyFailed where anything in it can not be done, or it is damaged
 */
export async function loadDump(
  target: PostgresTarget,
  head: Uint8Array,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<CopySummary> {
  const isArchive = Buffer.from(head).toString('latin1').startsWith(ARCHIVE_MAGIC);
  const reader = createByteReader(chunks);
  await inSession(target, signal, async (sql) => {
    // As psql has it, for what does not set its own.
    await sql.query(`SELECT set_config('search_path', '"$user", public', false)`);
    for await (const item of isArchive ? itemsOfArchive(reader) : itemsOfScript(reader)) {
      signal.throwIfAborted();
      await take(sql, item);
    }
    const [{ open } = {}] = await sql.query<{ open?: boolean }>(
      'SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL AS open',
    );
    if (open) throw new CopyFailed('The dump begins a transaction that it does not commit.');
  });
  // What the dump has set of its session means nothing to another one.
  return inSession(target, signal, async (sql) => {
    const { tables, rows } = await factsOf(sql, signal, ELSEWHERE);
    return { tables, rows };
  });
}

async function inSession<T>(
  target: PostgresTarget,
  signal: AbortSignal,
  work: (sql: PostgresConnection) => Promise<T>,
): Promise<T> {
  const sql = await openTenantSession(target, signal);
  try {
    return await work(sql);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfArchive(error)) throw new CopyFailed(`The dump is damaged: ${error.message}.`);
    throw error;
  } finally {
    await sql.end();
  }
}

async function take(sql: PostgresConnection, item: DumpItem): Promise<void> {
  if ('sql' in item) {
    if (!isLeftOut(item.sql)) await told(item.sql, () => sql.query(item.sql));
  } else if ('copy' in item) await told(item.copy, () => sql.copyIn(item.copy, item.rows));
  else {
    let at = 0;
    for await (const part of item.bytes) {
      const place = at;
      await told('lo_put', () =>
        sql.query('SELECT lo_put($1::oid, $2::bigint, $3::bytea)', [item.object, place, Buffer.from(part)]),
      );
      at += part.length;
    }
  }
}

/** @throws CopyFailed that names the statement, for what the server says */
async function told(statement: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof TransientError || error instanceof CopyFailed || isOfArchive(error)) throw error;
    if (!(error instanceof Error)) throw error;
    throw new CopyFailed(
      `Not all of the dump can come here. "${short(statement)}" failed: ${errorWords(error)}.`,
    );
  }
}
