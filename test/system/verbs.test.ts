import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const DEV = '/v1/projects/shop/environments/dev';
const WEB = `${DEV}/services/web`;
const HOST = 'web.dev.shop.localhost';

let subject: TestBerth;
let version: string;

/** Asks until the end of some work, and resolves to the different answers. */
async function asking(work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  const end = new AbortController();
  const asks = (async () => {
    while (!end.signal.aborted) {
      const { status, text } = await subject.workload(HOST);
      seen.add(`${status} ${text}`);
      await sleep(5);
    }
  })();
  await work();
  end.abort();
  await asks;
  return [...seen];
}

const ok = async (method: string, path: string, body?: unknown): Promise<Json> => {
  const ended = await subject.operation(method, path, body);
  expect(ended, JSON.stringify(ended.error)).toMatchObject({ status: 'succeeded' });
  return ended;
};
const instance = async (): Promise<Json> => (await subject.api('GET', WEB)).body;
const environment = async (): Promise<Json> => JSON.parse((await subject.workload(HOST, '/env')).text);

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  for (const service of ['web', 'other'])
    await subject.api('POST', '/v1/projects/shop/services', { name: service });
  await ok('POST', '/v1/projects/shop/environments', { name: 'dev' });
  const score = `resources:
  env: {type: environment}
  dns: {type: dns}
  www: {type: route, params: {host: "\${resources.dns.host}", path: /, port: 80}}
  own: {type: volume}
  shared: {type: volume, id: shared}`;
  const container = `variables:
  LEVEL: "\${resources.env.LEVEL}"
  EMPTY: "\${resources.env.EMPTY}"
  OWN_URL: "\${resources.dns.url}"
  ROUTE_URL: "\${resources.www.url}"
volumes:
  /own: {source: "\${resources.own}"}
  /shared: {source: "\${resources.shared}"}`;
  const built = await ok(
    'POST',
    '/v1/projects/shop/services/web/builds',
    await program('web', { score, container }),
  );
  version = built.result.version;
  const other = await ok(
    'POST',
    '/v1/projects/shop/services/other/builds',
    await program('other', {
      score: 'resources:\n  shared: {type: volume, id: shared}',
      container: 'volumes:\n  /shared: {source: "${resources.shared}"}',
    }),
  );
  await subject.api('PUT', `${DEV}/variables/LEVEL`, { value: 'info' });
  await subject.api('PUT', `${DEV}/secrets/EMPTY`, { value: '' });
  await ok('POST', `${WEB}/deployments`, { version });
  await ok('POST', `${DEV}/services/other/deployments`, { version: other.result.version });
});
afterAll(() => subject?.close());

describe('A service in an environment', () => {
  it('has its own public URL, variables and empty secrets as outputs', async () => {
    expect(await environment()).toMatchObject({ LEVEL: 'info', EMPTY: '' });
    const { OWN_URL, ROUTE_URL } = await environment();
    expect(ROUTE_URL).toBe(`${OWN_URL}/`);
    expect(new URL(OWN_URL).port).toBe(new URL((await instance()).url).port);
    expect((await subject.workload(new URL(OWN_URL).hostname)).text).toBe('web');
  });

  it('takes a changed variable by a restart, without a build and without a lost request', async () => {
    await subject.api('PUT', `${DEV}/variables/LEVEL`, { value: 'debug' });
    expect((await instance()).changed).toEqual(['LEVEL']);
    expect((await environment()).LEVEL).toBe('info');
    expect(await asking(() => ok('POST', `${WEB}/restart`))).toEqual(['200 web']);
    expect((await environment()).LEVEL).toBe('debug');
    expect((await instance()).changed).toEqual([]);
    const { body } = await subject.api('GET', `${WEB}/deployments/2/diff`);
    expect(body.changes).toEqual([
      { area: 'variable', name: 'env.LEVEL', change: 'changed', before: 'info', after: 'debug' },
    ]);
  });

  it('takes a file of variables as it is, and refuses a line that can not be read', async () => {
    const put = (body: string) =>
      fetch(`${subject.url}${DEV}/variables`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${subject.token}`, 'content-type': 'text/plain' },
        body,
      });
    const taken = await put('# levels\nexport LEVEL="debug"\nGREETING=\n');
    expect(taken.status).toBe(200);
    expect(((await taken.json()) as Json).items).toMatchObject([
      { name: 'GREETING', value: '' },
      { name: 'LEVEL' },
    ]);
    const refused = await put('LEVEL=warn\nnothing');
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('line 2');
    expect((await subject.api('GET', `${DEV}/variables`)).body.items).toHaveLength(2);
  });

  it('has the values of variables back by a rollback, and they are not masked in its log', async () => {
    await ok('POST', `${WEB}/deployments`, { rollbackTo: 1 });
    expect((await environment()).LEVEL).toBe('info');
    await subject.workload(HOST, '/is-at-info-level');
    await expect
      .poll(async () => JSON.stringify((await subject.api('GET', `${WEB}/logs?tail=20`)).body))
      .toContain('/is-at-info-level');
  });

  it('is scaled without a build or a lost request, and later deployments keep the scale', async () => {
    expect(await asking(() => ok('PUT', `${WEB}/scale`, { replicas: 2 }))).toEqual(['200 web']);
    expect(await instance()).toMatchObject({ scale: 2, replicas: { desired: 2, ready: 2 } });
    const { body } = await subject.api('GET', `${WEB}/plan?version=${version}`);
    expect(body.replicas).toEqual({ before: 2, after: 2 });
    await ok('POST', `${WEB}/deployments`, { version });
    expect((await instance()).replicas).toMatchObject({ desired: 2, ready: 2 });
    await ok('PUT', `${WEB}/scale`, { replicas: null });
    expect(await instance()).toMatchObject({ replicas: { desired: 1, ready: 1 } });
    expect((await instance()).scale).toBeUndefined();
    expect((await subject.api('PUT', `${WEB}/scale`, { replicas: 21 })).status).toBe(400);
  });

  it('stays stopped through hibernation, waking and a restart of Berth, and says so at once with 503', async () => {
    await ok('POST', `${WEB}/stop`);
    const stopped = async (): Promise<void> => {
      const from = performance.now();
      const { status, text } = await subject.workload(HOST);
      expect([status, text]).toEqual([503, expect.stringContaining('is stopped')]);
      expect(performance.now() - from).toBeLessThan(5000);
      expect((await subject.api('GET', WEB)).body).toMatchObject({ state: 'stopped', health: 'stopped' });
    };
    await stopped();
    expect((await subject.api('POST', `${WEB}/stop`)).body.code).toBe('conflict');
    expect((await subject.api('POST', `${WEB}/restart`)).body.code).toBe('conflict');
    await ok('POST', `${DEV}/hibernate`);
    expect((await subject.workload(HOST)).status).toBe(503);
    expect((await subject.api('GET', DEV)).body.state).toBe('hibernated');
    await ok('POST', `${DEV}/wake`);
    await stopped();
    await subject.restart();
    await stopped();
    await ok('POST', `${WEB}/start`);
    expect((await subject.workload(HOST)).text).toBe('web');
  });

  it('runs again when it is deployed after it was stopped', async () => {
    await ok('POST', `${WEB}/stop`);
    await ok('POST', `${WEB}/deployments`, { version });
    expect(await instance()).toMatchObject({ state: 'serving' });
    expect((await subject.workload(HOST)).text).toBe('web');
  });

  it('is deployed into a sleeping environment, which wakes with all that was in it', async () => {
    await ok('POST', `${DEV}/hibernate`);
    await ok('POST', `${WEB}/deployments`, { version });
    expect((await subject.api('GET', DEV)).body.state).toBe('ready');
    expect((await subject.workload(HOST)).text).toBe('web');
    expect((await subject.workload('other.dev.shop.localhost')).text).toBe('other');
  });

  it('is removed with what it alone used; its history stays, and another one goes on', async () => {
    const uids = async (): Promise<string[]> =>
      (await subject.api('GET', `${DEV}/resources`)).body.items.map(({ uid }: Json) => uid);
    const before = await uids();
    expect(before).toHaveLength(2);
    await ok('DELETE', WEB);
    expect(await uids()).toEqual(before.filter((uid) => uid.includes('shared')));
    expect((await subject.api('GET', WEB)).status).toBe(404);
    expect((await subject.workload(HOST)).status).toBe(404);
    expect((await subject.workload('other.dev.shop.localhost')).text).toBe('other');
    const { body } = await subject.api('GET', `${WEB}/deployments`);
    expect(body.items[0]).toMatchObject({ kind: 'remove', status: 'succeeded' });
    expect((await subject.api('GET', `${WEB}/logs?tail=5`)).status).toBe(200);
    expect((await subject.api('POST', `${WEB}/deployments`, { rollbackTo: 1 })).body.code).toBe('conflict');
    const again = await ok('POST', `${WEB}/deployments`, { version });
    expect(again.result.number).toBe(body.items[0].number + 1);
    expect((await subject.workload(HOST)).text).toBe('web');
  });
});
