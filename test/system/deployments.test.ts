import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getEnvironment } from '../../functions/records/read.ts';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { crashing, program, slow } from '../support/programs.ts';

const BASE = '/v1/projects/shop';
const deployments = (environment: string, service: string) =>
  `${BASE}/environments/${environment}/services/${service}/deployments`;

let subject: TestBerth;
const versions: Record<string, string> = {};

async function build(service: string, source: Uint8Array): Promise<string> {
  const operation = await subject.operation('POST', `${BASE}/services/${service}/builds`, source);
  expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
  return operation.result.version;
}

const says = async (host: string): Promise<string> => (await subject.workload(host)).text;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  for (const service of ['web', 'api', 'crash'])
    await subject.api('POST', `${BASE}/services`, { name: service });
  const provisioning = subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  versions.one = await build('web', await program('one'));
  versions.two = await build('web', await program('two'));
  versions.slow = await build('web', await slow());
  versions.broken = await build('web', await crashing('no database here'));
  expect(await provisioning).toMatchObject({ status: 'succeeded' });
});

afterAll(() => subject?.close());

describe('A deployment', () => {
  it('serves the version at its URL, numbered from 1', async () => {
    const operation = await subject.operation('POST', deployments('dev', 'web'), { version: versions.one });
    expect(operation).toMatchObject({ status: 'succeeded', result: { number: 1 } });
    expect(operation.result.url).toContain('web.dev.shop.localhost');
    expect(await says('web.dev.shop.localhost')).toBe('one');
  });

  it('lets the last good one serve while a new one fails, and says why it failed (I6)', async () => {
    const seen = new Set<string>();
    const asking = new AbortController();
    const asks = (async () => {
      while (!asking.signal.aborted) {
        const { status, text } = await subject.workload('web.dev.shop.localhost');
        seen.add(`${status} ${text}`);
        await sleep(5);
      }
    })();
    const operation = await subject.operation('POST', deployments('dev', 'web'), {
      version: versions.broken,
    });
    asking.abort();
    await asks;
    expect([...seen]).toEqual(['200 one']);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    expect(operation.error.cause).toContain('no database here');
    expect(operation.error.hint).toBeTruthy();
    expect((await subject.api('GET', `${deployments('dev', 'web')}/2`)).body).toMatchObject({
      status: 'failed',
    });
  });

  it('switches without an answer lost', async () => {
    const seen = new Map<string, number>();
    const asking = new AbortController();
    const asks = Promise.all(
      [1, 2, 3].map(async () => {
        while (!asking.signal.aborted) {
          const { status, text } = await subject.workload('web.dev.shop.localhost');
          seen.set(`${status} ${text}`, (seen.get(`${status} ${text}`) ?? 0) + 1);
        }
      }),
    );
    await subject.operation('POST', deployments('dev', 'web'), { version: versions.two });
    await sleep(200);
    asking.abort();
    await asks;
    expect([...seen.keys()].sort()).toEqual(['200 one', '200 two']);
  });

  it('is overtaken by a newer one, which no older one overwrites (I5)', async () => {
    const older = await subject.api('POST', deployments('dev', 'web'), { version: versions.slow });
    await sleep(150);
    const newer = await subject.operation('POST', deployments('dev', 'web'), { version: versions.one });
    const overtaken = await subject.waitFor(older.body.operation?.id ?? older.body.id);
    expect(newer).toMatchObject({ status: 'succeeded' });
    expect(overtaken).toMatchObject({ status: 'superseded', error: { code: 'superseded' } });
    expect(await says('web.dev.shop.localhost')).toBe('one');
    const ref = { project: 'shop', environment: 'dev', service: 'web' };
    const { data } = await getEnvironment(subject.berth.ports.store, ref);
    expect(data.services.web).toEqual({ newest: newer.result.number, current: newer.result.number });
  });

  it('can be canceled while it rolls out; what served before serves on', async () => {
    const { body } = await subject.api('POST', deployments('dev', 'web'), { version: versions.slow });
    const id = body.operation?.id ?? body.id;
    for (let steps: Json[] = []; !steps.some(({ name }) => name === 'awaitRollout'); await sleep(10)) {
      steps = (await subject.api('GET', `/v1/operations/${id}`)).body.steps;
    }
    const canceled = await subject.api('POST', `/v1/operations/${id}/cancel`);
    expect(canceled.status).toBe(202);
    expect(await subject.waitFor(id)).toMatchObject({ status: 'canceled' });
    expect(await says('web.dev.shop.localhost')).toBe('one');
    expect((await subject.api('POST', `/v1/operations/${id}/cancel`)).body).toMatchObject({
      code: 'operation_ended',
    });
  });

  it('is taken back by a rollback, which is a new deployment', async () => {
    const before = await subject.operation('POST', deployments('dev', 'web'), { version: versions.two });
    expect(await says('web.dev.shop.localhost')).toBe('two');
    const back = await subject.operation('POST', deployments('dev', 'web'), { rollbackTo: 1 });
    expect(back).toMatchObject({
      kind: 'rollback',
      status: 'succeeded',
      result: { number: before.result.number + 1 },
    });
    expect(await says('web.dev.shop.localhost')).toBe('one');
    expect(back.steps.map(({ name }: Json) => name)).toEqual([
      'prepareDeployment',
      'applyWorkload',
      'awaitRollout',
    ]);
  });

  it('can not go back to one that failed', async () => {
    const answer = await subject.api('POST', deployments('dev', 'web'), { rollbackTo: 2 });
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(answer.body.hint).toContain('succeeded');
  });

  it('of a first version that fails leaves nothing running', async () => {
    const version = await build('crash', await crashing('first try'));
    const operation = await subject.operation('POST', deployments('dev', 'crash'), { version });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    const ref = { project: 'shop', environment: 'dev', service: 'crash' };
    expect((await subject.berth.ports.workloads.status(ref))?.replicas ?? []).toEqual([]);
  });

  it('is promoted from another environment with the same digest', async () => {
    await subject.operation('POST', `${BASE}/environments`, { name: 'production' });
    const path = deployments('production', 'web');
    const operation = await subject.operation('POST', path, { fromEnvironment: 'dev' });
    expect(operation).toMatchObject({ status: 'succeeded', result: { number: 1 } });
    const [here, there] = await Promise.all([
      subject.api('GET', `${path}/1`),
      subject.api('GET', `${deployments('dev', 'web')}/1`),
    ]);
    expect(here.body.digest).toBe(there.body.digest);
    expect(await says('web.production.shop.localhost')).toBe('one');
  });

  it('runs its release command first, and stops when that fails', async () => {
    const release = (exit: number) =>
      program('released', {
        annotations: `berth.dev/release-command: "node release.js"`,
        files: { 'release.js': `console.log('migrating'); process.exit(${exit});` },
      });
    const bad = await build('api', await release(4));
    const failed = await subject.operation('POST', deployments('dev', 'api'), { version: bad });
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'release_failed' } });
    expect(failed.error.cause).toMatch(/exit code 4.*migrating/s);
    const good = await build('api', await release(0));
    const succeeded = await subject.operation('POST', deployments('dev', 'api'), { version: good });
    expect(succeeded).toMatchObject({ status: 'succeeded' });
    expect(await says('api.dev.shop.localhost')).toBe('released');
  });

  it('requested twenty times at once is accepted each time, and the newest one wins', async () => {
    await subject.operation('POST', `${BASE}/environments`, { name: 'crowd' });
    // Each gets a number of its own, and the newest one wins.
    const accepted = await Promise.all(
      Array.from({ length: 20 }, () =>
        subject.api('POST', deployments('crowd', 'web'), { version: versions.one }),
      ),
    );
    expect(accepted.map(({ status }) => status)).toEqual(accepted.map(() => 202));
    const ended = await Promise.all(
      accepted.map(({ body }) => subject.waitFor(body.operation?.id ?? body.id)),
    );
    const succeeded = ended.filter(({ status }) => status === 'succeeded');
    expect(Math.max(...succeeded.map(({ result }) => result.number))).toBe(20);
    expect(ended.every(({ status }) => ['succeeded', 'superseded'].includes(status))).toBe(true);
  });

  it('runs with what the workload declares and nothing of Berth (I10)', async () => {
    const env = JSON.parse((await subject.workload('web.dev.shop.localhost', '/env')).text) as Json;
    const own = ['PORT', 'PATH', 'HOME', 'TMPDIR', 'PWD', 'NODE_ENV'];
    // Where it may send its own spans.
    const isTold = (name: string) => /^(BERTH|PORT|OTEL)_/.test(name);
    expect(Object.keys(env).filter((name) => !own.includes(name) && !isTold(name))).toEqual([]);
    expect(env.OTEL_EXPORTER_OTLP_ENDPOINT).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(JSON.stringify(env)).not.toContain(subject.token);
  });

  it('names the resource types there are when one is unknown', async () => {
    const source = await program('mongo', { score: 'resources:\n  db:\n    type: mongodb' });
    const operation = await subject.operation('POST', `${BASE}/services/api/builds`, source);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'unknown_resource_type' } });
    expect(`${operation.error.cause} ${operation.error.hint}`).toMatch(/postgres.*volume|volume.*postgres/s);
  });
});

describe('Every change', () => {
  it('has its event, with who did it (I9)', async () => {
    const { body } = await subject.api('GET', `${BASE}/events?limit=200`);
    const types = body.items.map(({ type }: Json) => type);
    for (const type of [
      'project.created',
      'service.created',
      'environment.created',
      'environment.ready',
      'version.created',
      'deployment.created',
      'deployment.succeeded',
      'deployment.failed',
      'deployment.canceled',
      'deployment.superseded',
    ]) {
      expect(types).toContain(type);
    }
    expect(body.items.every(({ actor }: Json) => typeof actor === 'string' && actor)).toBe(true);
  });
});
