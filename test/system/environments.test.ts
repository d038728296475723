import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hibernateEnvironment } from '../../functions/commands/environments/transitions.ts';
import {
  deploymentsPartition,
  environmentKey,
  environmentPartition,
  eventsPartition,
} from '../../functions/core/keys.ts';
import { SYSTEM_ACTOR } from '../../functions/core/model/index.ts';
import { getEnvironment } from '../../functions/records/read.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const BASE = '/v1/projects/shop';
let subject: TestBerth;
let version: string;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  const source = await program('awake', {
    container:
      'volumes:\n  /data:\n    source: ${resources.disk.source}\nvariables:\n  KEY: ${resources.env.API_KEY}',
    score: `resources:
  disk:
    type: volume
  env:
    type: environment
  dns:
    type: dns
  route:
    type: route
    params:
      host: \${resources.dns.host}
      path: /shop
      port: 80`,
  });
  version = (await subject.operation('POST', `${BASE}/services/web/builds`, source)).result.version;
});

afterAll(() => subject?.close());

/** An environment with the service deployed. */
async function deployed(name: string, options: Json = {}): Promise<void> {
  await subject.operation('POST', `${BASE}/environments`, { name, ...options });
  await subject.api('PUT', `${BASE}/environments/${name}/secrets/API_KEY`, { value: `key-of-${name}` });
  const operation = await subject.operation('POST', `${BASE}/environments/${name}/services/web/deployments`, {
    version,
  });
  expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
}

const state = async (name: string): Promise<string> =>
  (await subject.api('GET', `${BASE}/environments/${name}`)).body.state ?? 'gone';

async function untilState(name: string, wanted: string): Promise<void> {
  for (let at = ''; at !== wanted; await sleep(20)) at = await state(name);
}

const processesOf = async (environment: string): Promise<string[]> =>
  (await subject.berth.ports.workloads.inventory({ project: 'shop', environment })).filter((name) =>
    /process/i.test(name),
  );

describe('An environment', () => {
  it('hibernates on request, without processes and with its data, and wakes by a request', async () => {
    await deployed('sleepy');
    expect((await subject.workload('web.sleepy.shop.localhost')).text).toBe('awake');
    const asleep = await subject.operation('POST', `${BASE}/environments/sleepy/hibernate`);
    expect(asleep).toMatchObject({ kind: 'hibernate', status: 'succeeded' });
    expect(await state('sleepy')).toBe('hibernated');
    expect(await processesOf('sleepy')).toEqual([]);
    // The request is held until the workload is there: no 502, nothing to try again.
    const answers = await Promise.all([1, 2, 3].map(() => subject.workload('web.sleepy.shop.localhost')));
    expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual([
      '200 awake',
      '200 awake',
      '200 awake',
    ]);
    await untilState('sleepy', 'ready');
  });

  it('wakes by a request that comes while it is going to sleep', async () => {
    const { berth } = subject;
    const ref = { project: 'shop', environment: 'sleepy' };
    // The request comes between the first and the last step of the hibernation, where nothing runs any more.
    const { scale } = berth.ports.workloads;
    let answer: Promise<{ status: number; text: string }> | undefined;
    berth.ports.workloads.scale = async (instance, replicas, fence) => {
      await scale(instance, replicas, fence);
      if (replicas !== 0) return;
      answer = subject.workload('web.sleepy.shop.localhost');
      await sleep(500);
    };
    try {
      await subject.operation('POST', `${BASE}/environments/${ref.environment}/hibernate`);
    } finally {
      berth.ports.workloads.scale = scale;
    }
    expect(await answer).toMatchObject({ status: 200, text: 'awake' });
    await untilState('sleepy', 'ready');
  });

  it('shows a browser a page that comes back by itself while it wakes', async () => {
    const source = await program('late', {
      server: `
        import { createServer } from 'node:http';
        const server = createServer((request, response) => response.end('late'));
        setTimeout(() => server.listen(process.env.PORT), 2000);`,
    });
    const late = (await subject.operation('POST', `${BASE}/services/web/builds`, source)).result.version;
    await subject.operation('POST', `${BASE}/environments`, { name: 'drowsy' });
    await subject.operation('POST', `${BASE}/environments/drowsy/services/web/deployments`, {
      version: late,
    });
    await subject.operation('POST', `${BASE}/environments/drowsy/hibernate`);
    const headers = { accept: 'text/html,application/xhtml+xml' };
    const page = await subject.workload('web.drowsy.shop.localhost', '/', { headers });
    expect(page.status).toBe(503);
    expect(page.headers['retry-after']).toBeTruthy();
    expect(page.headers['content-type']).toContain('text/html');
    await untilState('drowsy', 'ready');
    expect((await subject.workload('web.drowsy.shop.localhost', '/', { headers })).text).toBe('late');
  });

  it('wakes by a request also after a restart of Berth', async () => {
    await subject.operation('POST', `${BASE}/environments/sleepy/hibernate`);
    await subject.restart();
    expect(await state('sleepy')).toBe('hibernated');
    expect((await subject.workload('web.sleepy.shop.localhost')).text).toBe('awake');
    await untilState('sleepy', 'ready');
  });

  it('is woken by a request for a route that it has, and by none for a host or a path that it has not', async () => {
    const route = 'web.dns.sleepy.shop.localhost';
    await subject.operation('POST', `${BASE}/environments/sleepy/hibernate`);
    await subject.restart();
    const strange: [host: string, path: string][] = [
      ['none.dns.sleepy.shop.localhost', '/shop'],
      ['a.web.dns.sleepy.shop.localhost', '/shop'],
      [route, '/shopping'],
    ];
    for (const [host, path] of strange) expect((await subject.workload(host, path)).status).toBe(404);
    expect(await state('sleepy')).toBe('hibernated');
    expect(await subject.workload(route, '/shop/1')).toMatchObject({ status: 200, text: 'awake' });
    await untilState('sleepy', 'ready');
    for (const [host, path] of strange) expect((await subject.workload(host, path)).status).toBe(404);
  });

  it('is woken by a deployment while it hibernates', async () => {
    await subject.operation('POST', `${BASE}/environments/sleepy/hibernate`);
    const path = `${BASE}/environments/sleepy/services/web/deployments`;
    expect(await subject.operation('POST', path, { version })).toMatchObject({ status: 'succeeded' });
    expect((await subject.api('GET', `${BASE}/environments/sleepy`)).body.state).toBe('ready');
  });

  it('is left alone when it was used after its cleanup was decided (I8)', async () => {
    const ref = { project: 'shop', environment: 'sleepy' };
    const seen = (await getEnvironment(subject.berth.ports.store, ref)).data;
    const source = { version };
    await subject.operation('POST', `${BASE}/environments/sleepy/services/web/deployments`, source);
    const late = hibernateEnvironment(subject.berth.ports, { actor: SYSTEM_ACTOR }, ref, seen);
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(await state('sleepy')).toBe('ready');
  });

  it('keeps secrets and volumes to itself (I10)', async () => {
    await deployed('other');
    const key = async (environment: string) =>
      (JSON.parse((await subject.workload(`web.${environment}.shop.localhost`, '/env')).text) as Json).KEY;
    expect([await key('sleepy'), await key('other')]).toEqual(['key-of-sleepy', 'key-of-other']);
  });

  // These two wait for clocks, and so together.
  it.concurrent('hibernates when it is idle, and its requests keep it awake', async () => {
    await deployed('lazy', { kind: 'ephemeral', idleAfter: '5s' });
    const until = Date.now() + 7_000;
    while (Date.now() < until) {
      expect((await subject.workload('web.lazy.shop.localhost')).status).toBe(200);
      await sleep(400);
    }
    expect(await state('lazy')).toBe('ready');
    await untilState('lazy', 'hibernated');
    const { body } = await subject.api('GET', `${BASE}/events?limit=200`);
    const event = body.items.find(
      ({ type, environment }: Json) => type === 'environment.hibernating' && environment === 'lazy',
    );
    expect(event).toMatchObject({ actor: SYSTEM_ACTOR, data: { reason: 'idle' } });
  });

  it.concurrent('expires at its end of life unless that is extended, and sleeps until it is brought back', async () => {
    await subject.operation('POST', `${BASE}/environments`, { name: 'short', kind: 'ephemeral', ttl: '10s' });
    await subject.operation('POST', `${BASE}/environments`, {
      name: 'longer',
      kind: 'ephemeral',
      ttl: '10s',
    });
    const extended = await subject.api('POST', `${BASE}/environments/longer/extend`, { by: '1h' });
    expect(extended.status).toBe(200);
    expect(Date.parse(extended.body.expiresAt)).toBeGreaterThan(Date.now() + 3_000_000);
    await untilState('short', 'expired');
    expect(await state('longer')).toBe('ready');
    const path = `${BASE}/environments/short`;
    expect((await subject.api('POST', `${path}/extend`, { by: '1h' })).body.state).toBe('hibernated');
    expect(await subject.operation('POST', `${path}/wake`)).toMatchObject({ status: 'succeeded' });
  });

  it('leaves nothing but events, operations and what it printed when it is destroyed (I4)', async () => {
    await deployed('doomed');
    await subject.workload('web.doomed.shop.localhost');
    const ref = { project: 'shop', environment: 'doomed' };
    const { store, workloads, secrets } = subject.berth.ports;

    const operation = await subject.operation('DELETE', `${BASE}/environments/doomed`);
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });

    expect(await workloads.inventory(ref)).toEqual([]);
    expect(await secrets.list('shop/doomed/')).toEqual([]);
    expect(await store.get(environmentKey(ref))).toBeUndefined();
    expect(await readAll(store, environmentPartition(ref))).toEqual([]);
    expect(await readAll(store, deploymentsPartition({ ...ref, service: 'web' }))).toEqual([]);
    const left = await filesNaming(subject.directory, 'doomed');
    expect(left.filter((path) => !path.startsWith(join(subject.directory, 'logs')))).toEqual([]);
    const events = await readAll<Json>(store, eventsPartition('shop'));
    expect(events.filter(({ data }) => data.environment === 'doomed').map(({ data }) => data.type)).toContain(
      'environment.destroyed',
    );
    expect((await subject.workload('web.doomed.shop.localhost')).status).toBe(404);
  });

  it('can be created again under the same name, and starts from nothing', async () => {
    await deployed('doomed');
    const { body } = await subject.api('GET', `${BASE}/environments/doomed/services/web/deployments`);
    expect(body.items.map(({ number }: Json) => number)).toEqual([1]);
    const destroyed = subject.operation('DELETE', `${BASE}/environments/doomed`);
    const again = await subject.api('DELETE', `${BASE}/environments/doomed`);
    expect([202, 404]).toContain(again.status);
    expect(await destroyed).toMatchObject({ status: 'succeeded' });
  });
});

describe('A secret', () => {
  it('that something reads is not deleted; once nothing does, it is', async () => {
    await deployed('reader');
    const secret = `${BASE}/environments/reader/secrets/API_KEY`;
    const refused = await subject.api('DELETE', secret);
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(refused.body.detail).toContain('web');
    const plain = (await subject.operation('POST', `${BASE}/services/web/builds`, await program('plain')))
      .result.version;
    const path = `${BASE}/environments/reader/services/web/deployments`;
    await subject.operation('POST', path, { version: plain });
    expect((await subject.api('DELETE', secret)).status).toBe(204);
    // A rollback to what read it ends with the reason, and what serves goes on.
    const back = await subject.operation('POST', path, { rollbackTo: 1 });
    expect(back).toMatchObject({ status: 'failed', error: { code: 'unresolved_placeholder' } });
    expect((await subject.workload('web.reader.shop.localhost')).text).toBe('plain');
  });
});

describe('A secret value (I7)', () => {
  it('is nowhere but in the Secrets port and in the environment of its workload', async () => {
    const canary = 'canary-4f9c1d7e-never-to-be-seen';
    await subject.operation('POST', `${BASE}/environments`, { name: 'canary' });
    const path = `${BASE}/environments/canary`;
    const put = await subject.api(
      'PUT',
      `${path}/secrets/API_KEY`,
      { value: canary },
      { 'idempotency-key': 'canary-1' },
    );
    expect(put.status).toBeLessThan(300);
    const source = await program('leaky', {
      container: 'variables:\n  KEY: ${resources.env.API_KEY}',
      score: 'resources:\n  env:\n    type: environment',
      server: `
        import { createServer } from 'node:http';
        console.log('my key is ' + process.env.KEY);
        console.error('in two parts: ' + process.env.KEY.slice(0, 10) + ' and more ' + process.env.KEY);
        createServer((request, response) => response.end(process.env.KEY)).listen(process.env.PORT);`,
    });
    const built = await subject.operation('POST', `${BASE}/services/web/builds`, source);
    const leaky = built.result.version;
    await subject.operation('POST', `${path}/services/web/deployments`, { version: leaky });
    expect((await subject.workload('web.canary.shop.localhost')).text).toBe(canary);
    const answers = await Promise.all(
      [
        '',
        '/secrets',
        '/services/web',
        '/services/web/deployments',
        '/services/web/deployments/1',
        '/services/web/logs?tail=100',
        '/resources',
      ].map((part) => subject.api('GET', path + part)),
    );
    const events = await subject.api('GET', `${BASE}/events?limit=200`);
    for (const answer of [...answers, events, put, built])
      expect(JSON.stringify(answer)).not.toContain(canary);
    expect(JSON.stringify(answers[5]!.body)).toContain('my key is');
    await sleep(200);
    expect(await filesContaining(subject.directory, canary)).toEqual([]);
  });
});

/** Files and directories below whose own name contains a text. */
async function filesNaming(directory: string, name: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.name.includes(name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function filesContaining(directory: string, text: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (existsSync(path) && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
