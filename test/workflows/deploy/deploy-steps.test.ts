import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaleService } from '../../../functions/commands/deployments/operate.ts';
import { destroyEnvironment } from '../../../functions/commands/environments/transitions.ts';
import { cancelOperation } from '../../../functions/commands/operations/operations.ts';
import { ENVIRONMENT_PREFIX } from '../../../functions/core/keys.ts';
import type { Key } from '../../../functions/ports/store.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { runStepNamed } from '../../../functions/workflows/steps.ts';
import { type Bench, caller, changeOperation, DEPLOY, openBench, PROJECT } from '../../support/bench.ts';

let bench: Bench;
const versions: Record<string, string> = {};

beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  versions.one = await bench.build('one');
  versions.two = await bench.build('two');
  versions.broken = await bench.build('broken', { server: 'process.exit(1);' });
});

afterAll(() => bench?.close());

const says = async (environment = 'dev') =>
  (await bench.subject.workload(`web.${environment}.shop.localhost`)).text;

describe('A deployment, step by step', () => {
  it('puts back what served before, under its own fence, when it fails (I5, I6)', async () => {
    const good = await bench.deploy('dev', versions.one!);
    const bad = await bench.accept('dev', { version: versions.broken! });
    const failing = bench.run(bad, ...DEPLOY);
    await expect(failing).rejects.toMatchObject({ code: 'workload_crashed' });
    bench.applied.length = 0;
    await bench.run(bad, 'recoverDeployment');
    expect(bench.applied).toMatchObject([{ number: good, fence: bad.number }]);
    expect(await bench.operation(bad.id)).toMatchObject({
      status: 'failed',
      error: { code: 'workload_crashed' },
    });
    expect(await bench.instance('dev')).toMatchObject({ current: good, newest: bad.number });
    expect(await says()).toBe('one');
  });

  it('that is put back already does not succeed by a step that was late, and keeps nothing of what it put back', async () => {
    await bench.environment('late');
    const first = await bench.accept('late', { version: versions.one! });
    await bench.run(first, 'prepareDeployment', 'ensureResources', 'applyWorkload', 'awaitRollout');
    const { transact } = bench.ports.store;
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    // The time of the step is over while its last write is on its way.
    bench.ports.store.transact = async (...args) => {
      reached.resolve();
      await held.promise;
      return transact.call(bench.ports.store, ...args);
    };
    const late = bench.run(first, 'finishDeployment');
    late.catch(() => undefined);
    await reached.promise;
    bench.ports.store.transact = transact;
    const signal = AbortSignal.timeout(30_000);
    const input = { operation: first.id, error: { Error: 'States.Timeout', Cause: '' } };
    const recovery = runStepNamed(bench.ports, 'recoverDeployment', input, signal);
    await expect
      .poll(async () => (await bench.operation(first.id)).compensating, { timeout: 5_000 })
      .toBe(true);
    held.resolve();
    await expect(late).rejects.toMatchObject({ code: 'operation_ended' });
    await recovery;
    expect(await bench.operation(first.id)).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded' },
    });
    expect((await bench.instance('late')).current).toBeUndefined();
    expect(await bench.ports.workloads.status(bench.ref('late'))).toBeUndefined();
  });

  it('that overtook a scale and fails has no later one take that scale over', async () => {
    await bench.environment('scaled');
    await bench.deploy('scaled', versions.one!);
    await scaleService(bench.ports, caller, bench.ref('scaled'), { replicas: 2 });
    const bad = await bench.accept('scaled', { version: versions.broken! });
    expect(await bench.instance('scaled')).toMatchObject({ replicas: 2 });
    await bench.run(bad, 'prepareDeployment', 'recoverDeployment');
    expect(await bench.instance('scaled')).not.toHaveProperty('replicas');
  });

  it('removes a first one that fails: nothing was there before (I6)', async () => {
    await bench.environment('fresh');
    const bad = await bench.accept('fresh', { version: versions.broken! });
    await bench.run(bad, 'prepareDeployment', 'ensureResources', 'applyWorkload');
    expect(await bench.ports.workloads.status(bench.ref('fresh'))).toBeDefined();
    await bench.run(bad, 'recoverDeployment');
    expect(await bench.ports.workloads.status(bench.ref('fresh'))).toBeUndefined();
  });

  it('is ended once: a late compensation changes nothing, and an end is not written twice', async () => {
    const done = await bench.accept('dev', { version: versions.two! });
    await bench.run(done, ...DEPLOY, 'finishDeployment');
    const before = await bench.events(done.id);
    bench.applied.length = 0;
    await bench.run(done, 'recoverDeployment');
    expect(bench.applied).toEqual([]);
    expect(await bench.operation(done.id)).toMatchObject({ status: 'succeeded' });
    for (const step of DEPLOY) {
      await expect(bench.run(done, step)).rejects.toMatchObject({ code: 'operation_ended' });
    }
    await bench.run(done, 'finishDeployment');
    expect(await bench.events(done.id)).toEqual(before);
    expect(await says()).toBe('two');
  });

  it('that is no longer the newest finishes nothing, and puts nothing back (I5)', async () => {
    const older = await bench.accept('dev', { version: versions.one! });
    await bench.run(older, ...DEPLOY);
    const newer = await bench.deploy('dev', versions.two!);
    await expect(bench.run(older, 'finishDeployment')).rejects.toMatchObject({ code: 'superseded' });
    await expect(bench.run(older, 'applyWorkload')).rejects.toMatchObject({ code: 'superseded' });
    bench.applied.length = 0;
    await bench.run(older, 'recoverDeployment');
    expect(bench.applied).toEqual([]);
    expect(await bench.operation(older.id)).toMatchObject({ status: 'superseded' });
    expect(await bench.instance('dev')).toMatchObject({ current: newer, newest: newer });
    expect((await getDeployment(bench.ports.store, bench.ref('dev'), older.number)).data).toMatchObject({
      status: 'superseded',
      error: { code: 'superseded' },
    });
  });

  it('finishes nothing when a newer one is accepted at the last moment (I5)', async () => {
    const older = await bench.accept('dev', { version: versions.one! });
    await bench.run(older, ...DEPLOY);
    const { store } = bench.ports;
    let newer: { id: string; number: number } | undefined;
    // Behind the step's own look at the fence.
    bench.ports.store = {
      ...store,
      async get<T>(key: Key) {
        const read = await store.get<T>(key);
        if (!newer && key.sk.startsWith(ENVIRONMENT_PREFIX)) {
          bench.ports.store = store;
          newer = await bench.accept('dev', { version: versions.two! });
        }
        return read;
      },
    };
    await expect(bench.run(older, 'finishDeployment')).rejects.toMatchObject({ code: 'superseded' });
    expect((await bench.instance('dev')).current).not.toBe(older.number);
    await bench.run(newer!, ...DEPLOY, 'finishDeployment');
  });

  it('is ended once by two compensations at the same time (I9)', async () => {
    const operation = await bench.accept('dev', { version: versions.two! });
    await Promise.all([1, 2].map(() => bench.run(operation, 'recoverDeployment')));
    const ends = (await bench.events(operation.id)).filter(({ type }) => type === 'deployment.failed');
    expect(ends).toHaveLength(1);
  });

  it('that was canceled begins no further step', async () => {
    const operation = await bench.accept('dev', { version: versions.one! });
    await bench.run(operation, 'prepareDeployment');
    await cancelOperation(bench.ports, caller, operation.id);
    for (const step of ['ensureResources', 'applyWorkload', 'finishDeployment'] as const) {
      await expect(bench.run(operation, step)).rejects.toMatchObject({ code: 'canceled' });
    }
    await bench.run(operation, 'recoverDeployment');
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'canceled' });
    expect(await says()).toBe('two');
  });

  it('stops when its environment is being destroyed, and puts nothing back there', async () => {
    await bench.environment('doomed');
    const operation = await bench.accept('doomed', { version: versions.one! });
    await bench.run(operation, 'prepareDeployment');
    await destroyEnvironment(bench.ports, caller, bench.ref('doomed'));
    await expect(bench.run(operation, 'applyWorkload')).rejects.toMatchObject({ code: 'environment_gone' });
    bench.applied.length = 0;
    await bench.run(operation, 'recoverDeployment');
    expect(bench.applied).toEqual([]);
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'superseded' });
  });

  it('of an environment that is gone never matches a later one of its name, whatever the numbers (I5)', async () => {
    await bench.environment('again');
    const old = await bench.accept('again', { version: versions.one! });
    await bench.subject.operation('DELETE', `${PROJECT}/environments/again`);
    await bench.environment('again');
    const own = await bench.deploy('again', versions.two!);
    expect(own).toBe(old.number);
    const { data } = await bench.environmentOf('again');
    await expect(bench.run(old, 'applyWorkload')).rejects.toMatchObject({ code: 'environment_gone' });
    await changeOperation(bench.ports, old.id, { cancelRequested: true });
    bench.applied.length = 0;
    await bench.run(old, 'recoverDeployment');
    expect(bench.applied).toEqual([]);
    expect(await says('again')).toBe('two');
    expect(await bench.operation(old.id)).toMatchObject({
      status: 'superseded',
      error: { code: 'environment_gone' },
    });
    expect((await bench.environmentOf('again')).data).toEqual(data);
  });

  it('says that the image is gone before anything is touched', async () => {
    const operation = await bench.accept('dev', { version: versions.one! });
    const { data } = await getDeployment(bench.ports.store, bench.ref('dev'), operation.number);
    const { registry } = bench.ports;
    const other = data.digest.replace(/.{8}$/, '00000000');
    bench.ports.registry = { ...registry, resolve: (repository) => registry.resolve(repository, other) };
    await expect(bench.run(operation, 'prepareDeployment')).rejects.toMatchObject({
      code: 'image_unavailable',
      hint: expect.stringMatching(/\S/),
    });
    bench.ports.registry = registry;
    await bench.run(operation, 'recoverDeployment');
  });

  it('can not roll back to a version of a secret that is gone, and what serves goes on', async () => {
    await bench.environment('secrets');
    const secret = (value: string) =>
      bench.subject.api('PUT', `${PROJECT}/environments/secrets/secrets/KEY`, { value });
    const version = await bench.build('keyed', {
      container: 'variables:\n  KEY: ${resources.env.KEY}',
      score: 'resources:\n  env:\n    type: environment',
    });
    const key = async () =>
      JSON.parse((await bench.subject.workload('web.secrets.shop.localhost', '/env')).text).KEY;
    await secret('first-value');
    const first = await bench.deploy('secrets', version);
    expect(await key()).toBe('first-value');
    await secret('second-value');
    const second = await bench.deploy('secrets', version);
    expect(await key()).toBe('second-value');

    // The version that was pinned comes back, not the one that counts now.
    const back = await bench.accept('secrets', { rollbackTo: first });
    await bench.run(back, 'prepareDeployment', 'applyWorkload', 'awaitRollout', 'finishDeployment');
    expect(await key()).toBe('first-value');

    const { outputs } = (await getDeployment(bench.ports.store, bench.ref('secrets'), second)).data;
    const pinned = outputs!.env!.secrets.KEY!;
    expect(JSON.stringify(outputs)).not.toContain('second-value');
    await bench.ports.secrets.revoke(pinned.secret, pinned.version);
    const gone = await bench.accept('secrets', { rollbackTo: second });
    // The refusal comes before anything is made.
    await expect(bench.run(gone, 'prepareDeployment')).rejects.toMatchObject({
      code: 'unresolved_placeholder',
      message: expect.stringMatching(/KEY.*gone/),
    });
    await bench.run(gone, 'recoverDeployment');
    expect(await key()).toBe('first-value');
  });
});

describe('A release command', () => {
  it('runs once for a deployment, also when the workflow starts over and however often it waited', async () => {
    await bench.environment('release');
    const file = join(bench.subject.directory, 'released.txt');
    const version = await bench.build('released', {
      annotations: 'berth.dev/release-command: "node release.js"',
      files: {
        'release.js': `require('node:fs').appendFileSync(${JSON.stringify(file)}, 'x');`,
        'package.json': '{"scripts":{"start":"node server.mjs"}}',
        'server.mjs': `import { createServer } from 'node:http'; createServer((_, r) => r.end('released')).listen(process.env.PORT);`,
      },
    });
    const operation = await bench.accept('release', { version });
    await bench.run(operation, 'prepareDeployment', 'ensureResources', 'runRelease', 'applyWorkload');
    for (let tries = 0; tries < 30; tries++) await bench.run(operation, 'awaitRollout');
    // Started over from the first state, as after a kill -9.
    await bench.run(operation, ...DEPLOY, 'finishDeployment');
    expect(await readFile(file, 'utf8')).toBe('x');
    const { steps } = await bench.operation(operation.id);
    expect(steps.length).toBeLessThanOrEqual(20);
    expect(steps.findLast(({ name }) => name === 'awaitRollout')?.attempt).toBe(31);
  });
});

describe('What the store says of an operation', () => {
  it('decides which steps there are for it: those of other kinds change nothing', async () => {
    const operation = await bench.accept('dev', { version: versions.one! });
    await expect(bench.run(operation, 'finishWaking')).rejects.toThrow('"deploy" has no step "finishWaking"');
    expect(await bench.operation(operation.id)).toEqual(operation);
  });

  it('that its record is gone is an error with a hint, not a fault', async () => {
    await expect(bench.run({ id: 'nobody' }, 'prepareDeployment')).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('that it names no deployment is a fault of ours, told as such', async () => {
    const operation = await bench.accept('dev', { version: versions.one! });
    await changeOperation(bench.ports, operation.id, { service: undefined as never });
    await expect(bench.run(operation, 'applyWorkload')).rejects.toThrow();
    await changeOperation(bench.ports, operation.id, { service: 'web' });
    await bench.run(operation, 'recoverDeployment');
  });
});
