/** Refuses, before anything is made, what can not come to this server from where it is. */
import type { SqlConnection } from '../../../ports/databases.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import type { Origin } from './read-copy.ts';

const majorOf = (version: number): number => Math.floor(version / 10_000);
/** Catalogs of older servers lack what is asked for. */
const OLDEST = 14;

/** @throws CopyFailed that names it */
export async function checkOrigin(
  sql: SqlConnection,
  { version, encoding, extensions }: Origin,
): Promise<void> {
  const [here] = await sql.query<{ version: number; missing: string[] }>(
    `SELECT current_setting('server_version_num')::int AS version, ARRAY(
       SELECT wanted FROM unnest($1::text[]) AS wanted
       WHERE wanted NOT IN (SELECT name::text FROM pg_available_extension_versions WHERE trusted) ORDER BY 1) AS missing`,
    [extensions],
  );
  const newest = majorOf(here?.version ?? 0);
  if (majorOf(version) > newest)
    throw new CopyFailed(
      `The server runs PostgreSQL ${majorOf(version)}, and this one ${newest}: what a newer one has may not be known here.`,
    );
  if (majorOf(version) < OLDEST)
    throw new CopyFailed(
      `The server runs PostgreSQL ${majorOf(version)}, and is read from version ${OLDEST} on: import a dump that pg_dump makes of it.`,
    );
  checkEncoding(encoding);
  if (here && here.missing.length > 0)
    throw new CopyFailed(`The database has extensions that are not here: ${here.missing.join(', ')}.`);
}

/** @throws CopyFailed */
export function checkEncoding(encoding: string): void {
  if (!/^utf-?8$/i.test(encoding))
    throw new CopyFailed(
      `The database has the encoding ${encoding.slice(0, 40)}, and UTF8 is the one that can come here.`,
    );
}
