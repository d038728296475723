import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRestore } from '../../../functions/commands/backups/backups.ts';
import { backupPlanKey, JOBS_QUEUE } from '../../../functions/core/keys.ts';
import type { BackupPlan } from '../../../functions/core/model/index.ts';
import { runStepNamed } from '../../../functions/workflows/steps.ts';
import { caller, changeOperation } from '../../support/bench.ts';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { databaseProgram, query as queryAt } from './database-program.ts';

const BASE = '/v1/projects/shop';
const DEV = `${BASE}/environments/dev`;

let subject: TestBerth;
let url: string;
/** The path of the database. */
let database: string;
let uid: string;

const query = (text: string) => queryAt(url, text);
const guests = async (): Promise<string> =>
  (await query('SELECT name FROM guests ORDER BY id')).map(({ name }: Json) => name).join(' ');
const backups = async (): Promise<[Json, Json]> =>
  (await subject.api('GET', `${database}/backups`)).body.items;
const databases = async (): Promise<string[]> => {
  const sql = await subject.berth.ports.databases.connect();
  const rows = await sql.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'berth%' ORDER BY 1`,
  );
  await sql.end();
  return rows.map(({ name }) => name);
};
const types = async (type: string): Promise<string[]> =>
  (await subject.api('GET', `${BASE}/events?type=${type}&limit=100`)).body.items.map(
    (event: Json) => event.type,
  );

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  const source = await databaseProgram();
  const { result } = await subject.operation('POST', `${BASE}/services/web/builds`, source);
  const deployed = await subject.operation('POST', `${DEV}/services/web/deployments`, {
    version: result.version,
  });
  expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
  const { items } = (await subject.api('GET', `${DEV}/resources`)).body;
  uid = items[0].uid;
  database = `${DEV}/resources/${uid.replace('#', ':')}`;
  url = (await subject.workload('web.dev.shop.localhost')).text;
  await query('CREATE TABLE guests (id serial PRIMARY KEY, name text NOT NULL)');
  await query(`INSERT INTO guests (name) VALUES ('Ada'), ('Bob')`);
});
afterAll(() => subject?.close());

describe('Backups', () => {
  it('are restored on trial and found equal, listed, and downloaded by those who may, which is on record', async () => {
    const operation = await subject.operation('POST', `${database}/backups`);
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ kind: 'backup', status: 'succeeded' });
    const [backup] = await backups();
    expect(backup).toMatchObject({ state: 'checked', tables: 1, rows: 2, operation: operation.id });
    const path = `${database}/backups/${backup.id}`;
    expect((await subject.api('GET', path)).body).toEqual(backup);
    const answer = await fetch(`${subject.url}${path}/content`, {
      headers: { authorization: `Bearer ${subject.token}` },
    });
    expect(answer.headers.get('content-type')).toBe('application/gzip');
    const content = Buffer.from(await answer.arrayBuffer());
    expect(content.length).toBe(backup.bytes);
    expect(gunzipSync(content).toString()).toContain('(1,Ada)');
    expect(await types('backup')).toEqual(['backup.downloaded', 'backup.checked', 'backup.started']);
    expect(await databases()).toHaveLength(1);
  });

  it('take the place of the data once they are proven; what was replaced comes back when that is undone', async () => {
    const [backup] = await backups();
    await query(`INSERT INTO guests (name) VALUES ('Cyd')`);
    await query('ALTER TABLE guests ADD COLUMN mood text');
    const restored = await subject.operation('POST', `${database}/restore`, { backup: backup.id });
    expect(restored, JSON.stringify(restored.error)).toMatchObject({ kind: 'restore', status: 'succeeded' });
    expect(await guests()).toBe('Ada Bob');
    await query(`INSERT INTO guests (name) VALUES ('Dan')`);
    expect((await query('SELECT max(id) AS id FROM guests'))[0].id).toBe(3);
    // The old one is beside it, and nobody can connect to it.
    const [, old = ''] = (await databases()).toSorted(
      (a, b) => Number(a.includes('_old_')) - Number(b.includes('_old_')),
    );
    const other = new pg.Client({ connectionString: url.replace(/\/[^/?]+\?/, `/${old}?`) });
    await expect(other.connect()).rejects.toThrow('not currently accepting connections');

    const undone = await subject.operation('POST', `${database}/restore`, {});
    expect(undone, JSON.stringify(undone.error)).toMatchObject({ status: 'succeeded' });
    expect(await guests()).toBe('Ada Bob Cyd');
    expect(await databases()).toHaveLength(2);
    expect(await types('restore')).toEqual([
      'restore.succeeded',
      'restore.started',
      'restore.succeeded',
      'restore.started',
    ]);
  });

  it('of which nobody can see whether they took the place of the data are told as that', async () => {
    const { ports } = subject.berth;
    const workflows = { ...ports.workflows, start: async () => undefined };
    const databases = { ...ports.databases, connect: () => Promise.reject(new Error('no answer')) };
    const [backup] = await backups();
    const ref = { project: 'shop', environment: 'dev', resource: uid, backup: backup.id };
    const { id: operation } = await startRestore({ ...ports, workflows }, caller, ref);
    await changeOperation(ports, operation, { deadline: new Date(0).toISOString() });
    const input = { operation, error: { Error: 'States.Timeout', Cause: 'late' } };
    await runStepNamed({ ...ports, databases }, 'recoverRestore', input, AbortSignal.timeout(30_000));
    expect((await subject.api('GET', `/v1/operations/${operation}`)).body).toMatchObject({
      status: 'failed',
      error: {
        code: 'deadline_exceeded',
        cause: expect.stringMatching(/replaced before that could not be seen/),
        hint: expect.stringMatching(/^Look at the data/),
      },
    });
  });

  it('that would not be equal have failed, say of what, and leave nothing; none of them is restored', async () => {
    await query('CREATE AGGREGATE public.total (integer) (SFUNC = int4pl, STYPE = integer)');
    const operation = await subject.operation('POST', `${database}/backups`);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'backup_failed' } });
    expect(operation.error.cause).toContain('aggregate public.total(integer)');
    const [failed, checked] = await backups();
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'backup_failed' } });
    expect(checked).toMatchObject({ state: 'checked' });
    expect(await subject.api('POST', `${database}/restore`, { backup: failed.id })).toMatchObject({
      status: 409,
      body: { code: 'conflict', hint: 'Choose one that was checked.' },
    });
    expect(await databases()).toHaveLength(2);
    await query('DROP AGGREGATE public.total (integer)');
  });

  it('are refused where there is nothing to back up, with what to do', async () => {
    for (const [path, status] of [
      [`${DEV}/resources/postgres.default/backups`, 404],
      [`${DEV}/resources/..x/backups`, 400],
      [`${BASE}/environments/none/resources/postgres.default/backups`, 404],
    ] as const) {
      const answer = await subject.api('POST', path);
      expect(answer, path).toMatchObject({ status, body: { hint: expect.stringMatching(/\w/) } });
    }
  });

  it('are made by themselves when their plan says so, and as many are kept as it says', async () => {
    const plan = `${database}/backup-plan`;
    expect((await subject.api('GET', plan)).body).toEqual({ timeZone: 'UTC', keep: 7 });
    expect(await subject.api('PUT', plan, { schedule: '0 0 31 2 *' })).toMatchObject({ status: 400 });
    const set = await subject.api('PUT', plan, {
      schedule: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      keep: 1,
    });
    expect(set).toMatchObject({ status: 200, body: { keep: 1, nextAt: expect.any(String) } });
    const { store } = subject.berth.ports;
    const ref = { project: 'shop', environment: 'dev' };
    const item = await store.get<BackupPlan>(backupPlanKey(ref, uid));
    const { pk, sk, data, version } = item!;
    const due = { queue: JOBS_QUEUE, at: Date.now() };
    await store.transact([{ put: { pk, sk, data, due }, if: { version } }]);
    await expect
      .poll(async () => (await backups()).map(({ state }: Json) => state), { timeout: 30_000 })
      .toEqual(['checked']);
    expect((await backups())[0]).toMatchObject({ scheduled: true, createdBy: 'berth' });
    expect((await subject.api('GET', plan)).body.nextAt).toBe(set.body.nextAt);
    expect((await subject.api('PUT', plan, {})).body).toEqual({ timeZone: 'UTC', keep: 7 });
  });

  it('are deleted, and go with their environment', async () => {
    const [checked] = await backups();
    expect((await subject.api('DELETE', `${database}/backups/${checked.id}`)).status).toBe(204);
    expect((await subject.api('GET', `${database}/backups/${checked.id}`)).status).toBe(404);
    await subject.operation('POST', `${database}/backups`);
    const kept = subject.berth.ports.backups;
    expect(await kept?.list('shop/dev/')).toHaveLength(1);
    const destroyed = await subject.operation('DELETE', DEV);
    expect(destroyed, JSON.stringify(destroyed.error)).toMatchObject({ status: 'succeeded' });
    expect(await kept?.list('shop/dev/')).toEqual([]);
    expect(await databases()).toEqual([]);
  });
});
