/** A service with a database, whose answer is the URL of that. */
import pg from 'pg';
import type { Json } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';

/** Its source as an archive. @param type of the database */
export const databaseProgram = (type = 'postgres') =>
  program('web', {
    score: `resources:
  db:
    type: ${type}`,
    container: `variables:
  DATABASE_URL: \${resources.db.url}`,
    server: `
import { createServer } from 'node:http';
createServer((request, response) => response.end(process.env.DATABASE_URL)).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
  });

/** The rows of a statement, by a connection of its own. */
export async function query(url: string, text: string): Promise<[Json, ...Json[]]> {
  const client = new pg.Client({ connectionString: url });
  // A restore ends it, which the statement says.
  client.on('error', () => undefined);
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows as [Json, ...Json[]])
    .finally(() => client.end());
}
