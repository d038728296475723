import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../../functions/commands/environments/environments.ts';
import { destroyEnvironment } from '../../../functions/commands/environments/transitions.ts';
import { cancelOperation } from '../../../functions/commands/operations/operations.ts';
import { createBuild } from '../../../functions/commands/versions/builds.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { type Bench, caller, DEPLOY, openBench } from '../../support/bench.ts';

let bench: Bench;
let one: string;
let two: string;

beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  await bench.environment('production');
  one = await bench.build('one');
  two = await bench.build('two');
});

afterAll(() => bench?.close());

describe('Accepting a deployment', () => {
  it('gives many at once a number each, and the fence to the last (I5)', async () => {
    const accepted = await Promise.all([one, two, one].map((version) => bench.accept('dev', { version })));
    expect(accepted.map(({ number }) => number).sort()).toEqual([1, 2, 3]);
    expect((await bench.instance('dev')).newest).toBe(3);
    for (const operation of accepted) {
      await bench
        .run(operation, ...DEPLOY, 'finishDeployment')
        .catch(() => bench.run(operation, 'recoverDeployment'));
    }
    const ended = await Promise.all(accepted.map(({ id }) => bench.operation(id)));
    expect(ended.map(({ status }) => status).sort()).toEqual(['succeeded', 'superseded', 'superseded']);
  });

  it('counts as activity of its environment (I8)', async () => {
    const before = (await bench.environmentOf('dev')).data;
    bench.pass(60_000);
    await bench.accept('dev', { version: one });
    const after = (await bench.environmentOf('dev')).data;
    expect(Date.parse(after.lastActivityAt)).toBeGreaterThanOrEqual(
      Date.parse(before.lastActivityAt) + 60_000,
    );
    expect(after.generation).toBe(before.generation);
  });

  it('needs an environment that is ready', async () => {
    const input = { project: 'shop', name: 'early', kind: 'persistent' as const };
    const { operation } = await createEnvironment(bench.ports, caller, input);
    await expect(bench.accept('early', { version: one })).rejects.toMatchObject({
      code: 'environment_not_ready',
      hint: expect.stringContaining('Wait'),
    });
    await bench.run(operation, 'provisionEnvironment', 'finishProvisioning');
    await destroyEnvironment(bench.ports, caller, bench.ref('early'));
    await expect(bench.accept('early', { version: one })).rejects.toMatchObject({
      code: 'environment_not_ready',
    });
  });
});

describe('A promotion', () => {
  it('takes what serves, not what is newest', async () => {
    const serving = await bench.deploy('dev', one);
    await bench.accept('dev', { version: two });
    const promoted = await bench.accept('production', { fromEnvironment: 'dev' });
    const [there, here] = await Promise.all([
      getDeployment(bench.ports.store, bench.ref('dev'), serving),
      getDeployment(bench.ports.store, bench.ref('production'), promoted.number),
    ]);
    expect(here.data).toMatchObject({
      kind: 'promote',
      version: one,
      digest: there.data.digest,
      fromEnvironment: 'dev',
    });
    // Resources and secrets are those of the environment it goes to.
    expect(here.data.outputs).toEqual({});
  });

  it('from where nothing serves is refused in words', async () => {
    await bench.environment('empty');
    await expect(bench.accept('production', { fromEnvironment: 'empty' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(bench.accept('production', { fromEnvironment: 'nowhere' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('A rollback', () => {
  it('goes to what succeeded alone', async () => {
    const failed = await bench.accept('dev', { version: two });
    await bench.run(failed, 'recoverDeployment');
    for (const number of [failed.number, 0, 9999]) {
      await expect(bench.accept('dev', { rollbackTo: number })).rejects.toMatchObject({
        code: expect.stringMatching(/conflict|not_found/),
      });
    }
  });
});

describe('Cancelling', () => {
  it('a build or a deployment that waits ends it before it has begun', async () => {
    const source = { kind: 'git' as const, url: 'https://git.example.com/shop/web', ref: 'main' };
    const build = await createBuild(bench.ports, caller, { project: 'shop', service: 'web', source });
    const deployment = await bench.accept('dev', { version: one });
    for (const [operation, step, recover] of [
      [build, 'buildImage', 'recoverBuild'],
      [deployment, 'prepareDeployment', 'recoverDeployment'],
    ] as const) {
      await cancelOperation(bench.ports, caller, operation.id);
      await expect(bench.run(operation, step)).rejects.toMatchObject({ code: 'canceled' });
      await bench.run(operation, recover);
      expect(await bench.operation(operation.id)).toMatchObject({
        status: 'canceled',
        error: { code: 'canceled' },
      });
      await expect(cancelOperation(bench.ports, caller, operation.id)).rejects.toMatchObject({
        code: 'operation_ended',
      });
    }
  });

  it('is kept also when the operation is started only later', async () => {
    const operation = await bench.accept('dev', { version: one });
    await cancelOperation(bench.ports, caller, operation.id);
    bench.pass(20_000);
    bench.started.length = 0;
    await sweep(bench.ports);
    expect(bench.started).toContain(operation.id);
    await expect(bench.run(operation, 'prepareDeployment')).rejects.toMatchObject({ code: 'canceled' });
  });
});
