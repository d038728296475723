import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const BASE = '/v1/projects/shop';
const DEV = `${BASE}/environments/dev`;
const SECRET = `${DEV}/secrets/API_KEY`;

const score = `resources:
  env:
    type: environment
  db:
    type: postgres`;
const container = `variables:
  API_KEY: \${resources.env.API_KEY}
  DATABASE_URL: \${resources.db.url}`;
/** Serves its key, and does not start with a bad one. */
const server = `
import { createServer } from 'node:http';
if (process.env.API_KEY.startsWith('bad')) { console.error('this key is refused'); process.exit(1); }
createServer((request, response) => response.end(request.url === '/url' ? process.env.DATABASE_URL : process.env.API_KEY))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let subject: TestBerth;
const says = async (path = '/'): Promise<string> =>
  (await subject.workload('web.dev.shop.localhost', path)).text;
const secret = async (): Promise<Json> => (await subject.api('GET', SECRET)).body;
const stages = async () => (await secret()).versions.map(({ stage }: Json) => stage);
const deployments = async (): Promise<Json[]> =>
  (await subject.api('GET', `${DEV}/services/web/deployments`)).body.items;
const eventTypes = async (type: string): Promise<string[]> =>
  (await subject.api('GET', `${BASE}/events?type=${type}&limit=100`)).body.items.map(
    (event: Json) => event.type,
  );

/** What the service answers while something else goes on; never anything but 200. */
async function askedDuring(work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  const asking = new AbortController();
  const asks = (async () => {
    while (!asking.signal.aborted) {
      const { status, text } = await subject.workload('web.dev.shop.localhost');
      seen.add(`${status} ${text}`);
      await sleep(5);
    }
  })();
  await work();
  asking.abort();
  await asks;
  return [...seen];
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  for (const name of ['web', 'other']) await subject.api('POST', `${BASE}/services`, { name });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  await subject.api('PUT', SECRET, { value: 'first' });
  const built = await subject.operation(
    'POST',
    `${BASE}/services/web/builds`,
    await program('web', { score, container, server }),
  );
  const other = await subject.operation('POST', `${BASE}/services/other/builds`, await program('other'));
  for (const [service, { result }] of Object.entries({ web: built, other })) {
    const operation = await subject.operation('POST', `${DEV}/services/${service}/deployments`, {
      version: result.version,
    });
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
  }
});
afterAll(() => subject?.close());

describe('Rotating a secret', () => {
  it('has what serves take the new version without an answer lost, then makes the old one worthless', async () => {
    const before = await secret();
    let operation: Json = {};
    const seen = await askedDuring(async () => {
      operation = await subject.operation('POST', `${SECRET}/rotate`, { value: 'second' });
    });
    expect(operation, JSON.stringify(operation.error)).toMatchObject({
      kind: 'rotate-secret',
      status: 'succeeded',
    });
    expect(seen.filter((answer) => answer !== '200 first')).toEqual(['200 second']);
    expect(await says()).toBe('second');
    const after = await secret();
    expect(after.version).toBe(operation.result.version);
    expect(after.rotation).toBeUndefined();
    expect(await stages()).toEqual(['current', 'revoked']);
    const { secrets } = subject.berth.ports;
    expect(await secrets.get('shop/dev/env/API_KEY', before.version)).toBeUndefined();
    // Only what reads it was deployed again.
    expect((await deployments())[0]).toMatchObject({ number: 2, kind: 'redeploy', status: 'succeeded' });
    const other = await subject.api('GET', `${DEV}/services/other/deployments`);
    expect(other.body.items).toHaveLength(1);
    expect(await eventTypes('secret')).toEqual(['secret.rotated', 'secret.rotating', 'secret.created']);
  });

  it('makes up a value where none is given', async () => {
    expect(await subject.operation('POST', `${SECRET}/rotate`, {})).toMatchObject({ status: 'succeeded' });
    expect(await says()).toMatch(/^[\w-]{43}$/);
  });

  it('goes back when something does not run with the new one, which keeps serving meanwhile', async () => {
    const before = await secret();
    const value = await says();
    let operation: Json = {};
    const seen = await askedDuring(async () => {
      operation = await subject.operation('POST', `${SECRET}/rotate`, { value: 'bad key' });
    });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'rotation_failed' } });
    expect(operation.error.cause).toContain('this key is refused');
    expect(JSON.stringify(operation)).not.toContain('bad key');
    expect(seen).toEqual([`200 ${value}`]);
    const after = await secret();
    expect(after).toMatchObject({ version: before.version });
    expect(after.rotation).toBeUndefined();
    expect((await stages()).slice(0, 2)).toEqual(['retired', 'current']);
    // It is free again, also for those that deploy.
    expect(await subject.operation('POST', `${SECRET}/rotate`, { value: 'third' })).toMatchObject({
      status: 'succeeded',
    });
    expect(await says()).toBe('third');
  });

  it('holds the secret until it has ended: nobody else changes it', async () => {
    const accepted = await subject.api('POST', `${SECRET}/rotate`, { value: 'fourth' });
    const [put, again, removed] = await Promise.all([
      subject.api('PUT', SECRET, { value: 'mine' }),
      subject.api('POST', `${SECRET}/rotate`, {}),
      subject.api('DELETE', SECRET),
    ]);
    for (const answer of [put, again, removed]) {
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('operation_in_progress');
    }
    await subject.waitFor(accepted.body.id);
    expect(await says()).toBe('fourth');
  });
});

describe('A version', () => {
  it('that is revoked is gone at once, and who serves with it is told', async () => {
    const current = (await secret()).version;
    const { body } = await subject.api('POST', `${SECRET}/versions/${current}/revoke`);
    expect(body).toMatchObject({ version: current, usedBy: [{ service: 'web' }] });
    const revealed = await subject.api('POST', `${SECRET}/reveal`, {});
    expect(revealed.status).toBe(404);
    expect(await says()).toBe('fourth');
    await subject.api('PUT', SECRET, { value: 'fifth' });
    expect(await stages()).toContain('revoked');
    const unknown = await subject.api('POST', `${SECRET}/versions/none/revoke`);
    expect(unknown.status).toBe(404);
  });

  it('is shown to those who may see it, and the trail says so before', async () => {
    const { status, body } = await subject.api('POST', `${SECRET}/reveal`, {}, { 'idempotency-key': 'seen' });
    expect([status, body.value]).toEqual([200, 'fifth']);
    expect((await eventTypes('secret'))[0]).toBe('secret.revealed');
    const { store } = subject.berth.ports;
    const kept = await store.query({ pk: 'audit#shop', limit: 1000 });
    expect(JSON.stringify(kept.items)).not.toContain('fifth');
  });
});

describe('Rotating a database', () => {
  it('has its users take turns, with a password that works at each moment', async () => {
    await subject.operation('POST', `${SECRET}/rotate`, { value: 'sixth' });
    const { body } = await subject.api('GET', `${DEV}/resources`);
    const uid = body.items.find(({ type }: Json) => type === 'postgres').uid;
    const old = await says('/url');
    const first = await subject.operation('POST', `${DEV}/resources/rotate`, { uid });
    expect(first, JSON.stringify(first.error)).toMatchObject({
      status: 'succeeded',
      result: { resource: uid },
    });
    const now = await says('/url');
    expect(new URL(now).username).not.toBe(new URL(old).username);
    expect(new URL(now).pathname).toBe(new URL(old).pathname);
    expect([await connects(old), await connects(now)]).toEqual([false, true]);
    await subject.operation('POST', `${DEV}/resources/rotate`, { uid });
    const third = await says('/url');
    expect(new URL(third).username).toBe(new URL(old).username);
    expect([await connects(now), await connects(third)]).toEqual([false, true]);
    expect((await subject.api('POST', `${DEV}/resources/rotate`, { uid: 'volume.default#x' })).status).toBe(
      404,
    );
  });

  it('leaves rollbacks that start: they take the credentials of today for those that are worthless', async () => {
    const url = await says('/url');
    const operation = await subject.operation('POST', `${DEV}/services/web/deployments`, { rollbackTo: 1 });
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    expect([await says(), await says('/url')]).toEqual(['sixth', url]);
  });

  it('is undone when the new credentials do not serve', async () => {
    // What serves can not start again, for another reason: the rotation is not to make it worse.
    await subject.api('PUT', SECRET, { value: 'bad now' });
    const { body } = await subject.api('GET', `${DEV}/resources`);
    const uid = body.items.find(({ type }: Json) => type === 'postgres').uid;
    const before = await says('/url');
    const operation = await subject.operation('POST', `${DEV}/resources/rotate`, { uid });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'rotation_failed' } });
    expect(await says('/url')).toBe(before);
    expect(await connects(before)).toBe(true);
    await subject.api('PUT', SECRET, { value: 'good' });
    expect(await subject.operation('POST', `${DEV}/resources/rotate`, { uid })).toMatchObject({
      status: 'succeeded',
    });
    expect(await connects(await says('/url'))).toBe(true);
  });
});
