/** A service with a database, in a project of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';
import type { Subject } from '../subject.ts';

/** Answers with the address of its database. */
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => response.end(process.env.DATABASE_URL)).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

export const shop = { project: 'shop', environment: 'dev', page: '/projects/shop/environments/dev/backups' };
const ENVIRONMENT = '/v1/projects/shop/environments/dev';

export interface ShopDatabase {
  /** The path of the database in the API. */
  path: string;
  uid: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** A connection; a database whose data are being replaced takes none for a moment, which is waited for. */
async function connected(connectionString: string): Promise<pg.Client> {
  for (const until = Date.now() + 10_000; ; await sleep(100)) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const isClosed = /not currently accepting connections|does not exist/.test(String(error));
      if (!isClosed || Date.now() > until) throw error;
    }
  }
}

/** Project shop with a service and its database, which has a table of three guests. */
export async function seedDatabase({ berth }: Subject): Promise<ShopDatabase> {
  await berth.api('POST', '/v1/projects', { name: 'shop', displayName: 'The shop' });
  await berth.api('POST', '/v1/projects/shop/services', { name: 'web' });
  const source = await program('web', {
    score: 'resources:\n  db:\n    type: postgres',
    container: 'variables:\n  DATABASE_URL: ${resources.db.url}',
    server: SERVER,
  });
  const [, { result }] = await Promise.all([
    berth.operation('POST', '/v1/projects/shop/environments', { name: 'dev' }),
    berth.operation('POST', '/v1/projects/shop/services/web/builds', source),
  ]);
  await berth.operation('POST', `${ENVIRONMENT}/services/web/deployments`, { version: result.version });
  const { items } = (await berth.api('GET', `${ENVIRONMENT}/resources`)).body;
  const uid: string = items[0].uid;
  const connectionString = (await askWorkload(berth.port, 'web.dev.shop.localhost', '/')).text;
  const query = async (sql: string) => {
    const client = await connected(connectionString);
    return client
      .query(sql)
      .then(({ rows }) => rows as Record<string, unknown>[])
      .finally(() => client.end());
  };
  await query('CREATE TABLE guests (id serial PRIMARY KEY, name text NOT NULL)');
  await query(`INSERT INTO guests (name) VALUES ('Ada'), ('Bob'), ('Cyd')`);
  return { path: `${ENVIRONMENT}/resources/${uid.replace('#', ':')}`, uid, query };
}
