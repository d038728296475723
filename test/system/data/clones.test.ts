/** Environments that begin as other ones with their data, masked, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { databaseProgram, query } from './database-program.ts';

const BASE = '/v1/projects/shop';
const DEV = `${BASE}/environments/dev`;
let subject: TestBerth;
let uid: string;

const urlIn = async (environment: string): Promise<string> =>
  (await subject.workload(`web.${environment}.shop.localhost`)).text;
const databases = async (): Promise<string[]> => {
  const sql = await subject.berth.ports.databases.connect();
  const rows = await sql.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'berth%' ORDER BY 1`,
  );
  await sql.end();
  return rows.map(({ name }) => name);
};
const mask = (sql: string) => subject.api('PUT', `${BASE}/masking`, { rules: [{ resource: uid, sql }] });
async function origin(environment: string): Promise<Json> {
  const path = `${BASE}/environments/${environment}/origin`;
  await expect
    .poll(async () => (await subject.api('GET', path)).body.endedAt, { timeout: 60_000 })
    .toBeDefined();
  return (await subject.api('GET', path)).body;
}

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  const source = await databaseProgram();
  const { result } = await subject.operation('POST', `${BASE}/services/web/builds`, source);
  const request = { version: result.version };
  const deployed = await subject.operation('POST', `${DEV}/services/web/deployments`, request);
  expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
  uid = (await subject.api('GET', `${DEV}/resources`)).body.items[0].uid;
  const url = await urlIn('dev');
  await query(url, 'CREATE TABLE guests (id serial PRIMARY KEY, name text NOT NULL UNIQUE)');
  await query(url, `INSERT INTO guests (name) VALUES ('Ada Lovelace'), ('Bob Kahn')`);
  await query(url, 'CREATE MATERIALIZED VIEW names AS SELECT name FROM guests');
  await query(url, 'REVOKE ALL ON guests FROM PUBLIC; GRANT SELECT ON guests TO PUBLIC');
});
afterAll(() => subject?.close());

it('Data come along as they are where nothing is masked, to a database of their own', async () => {
  const made = await subject.operation('POST', `${DEV}/clone`, { name: 'plain', withData: true });
  expect(made, JSON.stringify(made.error)).toMatchObject({
    kind: 'provision-with-data',
    status: 'succeeded',
  });
  expect(await origin('plain')).toMatchObject({ state: 'succeeded', withData: true });
  const url = await urlIn('plain');
  expect(url).not.toBe(await urlIn('dev'));
  expect(await query(url, `INSERT INTO guests (name) VALUES ('Cyd') RETURNING id`)).toEqual([{ id: 3 }]);
  expect(await query(await urlIn('dev'), 'SELECT id FROM guests')).toHaveLength(2);
});

it('Masked data leave nothing of what they were: no row, no view, no statistics', async () => {
  for (const wrong of [
    'UPDATE guests SET name = ;; $$',
    '-- DELETE FROM guests',
    ';',
    'DELETE FROM guests \0',
  ])
    expect(await mask(wrong), wrong).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(await mask("UPDATE guests SET name = 'guest ' || id;")).toMatchObject({ status: 200 });
  const made = await subject.operation('POST', `${DEV}/clone`, { name: 'masked', withData: true });
  expect(made, JSON.stringify(made.error)).toMatchObject({ status: 'succeeded' });
  expect(await origin('masked')).toMatchObject({ state: 'succeeded' });
  const url = await urlIn('masked');
  const names = [{ name: 'guest 1' }, { name: 'guest 2' }];
  expect(await query(url, 'SELECT name FROM guests ORDER BY id')).toEqual(names);
  expect(await query(url, 'SELECT name FROM names ORDER BY 1')).toEqual(names);
  const seen = await query(
    url,
    "SELECT to_jsonb(s)::text AS text FROM pg_stats AS s WHERE schemaname = 'public'",
  );
  expect(JSON.stringify(seen)).not.toContain('Ada');
  expect(await query(await urlIn('dev'), 'SELECT name FROM guests WHERE id = 1')).toEqual([
    { name: 'Ada Lovelace' },
  ]);
});

it('Masking that fails is told with its statement and no data, and leaves no copy that anyone could read', async () => {
  await mask(`CREATE TABLE more (a int);\nUPDATE guests SET name = 'Ada Lovelace'; SELECT 1`);
  const made = await subject.operation('POST', `${DEV}/clone`, { name: 'broken', withData: true });
  expect(made).toMatchObject({ status: 'failed', error: { code: 'masking_failed' } });
  expect(made.error.cause).toMatch(/^Statement 2 .+"guests_name_key".+SQLSTATE 23505/);
  expect(await origin('broken')).toMatchObject({ state: 'failed', error: { code: 'masking_failed' } });
  expect((await databases()).filter((name) => name.includes('_new_'))).toEqual([]);
  const version = { fromEnvironment: 'dev' };
  const refused = await subject.api('POST', `${BASE}/environments/broken/services/web/deployments`, version);
  expect(refused).toMatchObject({ status: 409, body: { code: 'environment_not_ready' } });
  const before = await databases();
  const destroyed = await subject.operation('DELETE', `${BASE}/environments/broken`);
  expect(destroyed, JSON.stringify(destroyed.error)).toMatchObject({ status: 'succeeded' });
  expect(before.length - (await databases()).length).toBe(1);
});

it('What has no rule is not copied where anything is masked, nor from a protected environment', async () => {
  const ask = () => subject.api('POST', `${DEV}/clone`, { name: 'never', withData: true });
  await subject.api('PUT', `${BASE}/masking`, { rules: [{ resource: 'postgres.default#other', sql: '' }] });
  expect(await ask()).toMatchObject({ status: 409, body: { code: 'masking_required' } });
  await subject.api('PUT', `${BASE}/masking`, { rules: [] });
  await subject.api('PUT', `${DEV}/protection`, { approval: false });
  expect(await ask()).toMatchObject({ status: 409, body: { code: 'masking_required' } });
  expect((await subject.api('GET', `${BASE}/environments/never`)).status).toBe(404);
});
