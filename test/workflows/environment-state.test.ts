import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  destroyEnvironment,
  hibernateEnvironment,
  wakeEnvironment,
} from '../../functions/commands/environments/transitions.ts';
import { cancelOperation } from '../../functions/commands/operations/operations.ts';
import { type Bench, caller, openBench } from '../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('one');
});

afterAll(() => bench?.close());

const state = async (name: string) => (await bench.environmentOf(name)).data.state;
const ready = async (name: string) =>
  (await bench.ports.workloads.status(bench.ref(name)))?.readyReplicas ?? 0;

async function deployed(name: string): Promise<void> {
  await bench.environment(name);
  await bench.deploy(name, version);
}

describe('Hibernation', () => {
  it('is refused while a deployment goes on, and the hint says what to do', async () => {
    await deployed('busy');
    const deployment = await bench.accept('busy', { version });
    await expect(hibernateEnvironment(bench.ports, caller, bench.ref('busy'))).rejects.toMatchObject({
      code: 'operation_in_progress',
      hint: expect.stringContaining('cancel'),
    });
    expect(await state('busy')).toBe('ready');
    await bench.run(deployment, 'recoverDeployment');
    await hibernateEnvironment(bench.ports, caller, bench.ref('busy'));
    await expect(bench.accept('busy', { version })).rejects.toMatchObject({ code: 'environment_not_ready' });
  });

  it('decided on one generation does nothing to the next (I8)', async () => {
    await deployed('twice');
    const ref = bench.ref('twice');
    const seen = (await bench.environmentOf('twice')).data;
    const { operation } = await hibernateEnvironment(bench.ports, caller, ref);
    await bench.run(operation, 'stopWorkloads', 'finishHibernation');
    const waking = await wakeEnvironment(bench.ports, caller, ref);
    await bench.run(waking.operation, 'startWorkloads', 'finishWaking');
    const now = (await bench.environmentOf('twice')).data;
    expect(now.generation).toBe(seen.generation + 2);
    const late = { ...now, generation: seen.generation };
    await expect(hibernateEnvironment(bench.ports, caller, ref, late)).rejects.toMatchObject({
      code: 'conflict',
    });
    const destroy = destroyEnvironment(bench.ports, caller, ref, { expired: seen });
    await expect(destroy).rejects.toMatchObject({ code: 'conflict' });
    const before = hibernateEnvironment(bench.ports, caller, ref, { ...now, id: 'another of that name' });
    await expect(before).rejects.toMatchObject({ code: 'conflict' });
    expect(await state('twice')).toBe('ready');
  });

  it('that was decided for idleness gives way to a request that came meanwhile (I8)', async () => {
    await deployed('used');
    const { data } = await bench.environmentOf('used');
    const { operation } = await hibernateEnvironment(bench.ports, caller, bench.ref('used'), data);
    expect(operation.input).toEqual({ reason: 'idle' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await bench.subject.workload('web.used.shop.localhost')).text).toBe('one');
    await expect(bench.run(operation, 'stopWorkloads')).rejects.toMatchObject({ code: 'conflict' });
    expect(await ready('used')).toBe(1);
    await bench.run(operation, 'recoverHibernation');
    expect(await state('used')).toBe('ready');
    expect((await bench.subject.workload('web.used.shop.localhost')).text).toBe('one');
  });

  it('that was decided for idleness waits while nobody can tell whether a request came meanwhile (I8)', async () => {
    await deployed('unseen');
    const { data } = await bench.environmentOf('unseen');
    const { operation } = await hibernateEnvironment(bench.ports, caller, bench.ref('unseen'), data);
    const { activity } = bench.ports;
    bench.ports.activity = { ...activity, lastRequests: async () => ['unknown'] };
    await expect(bench.run(operation, 'stopWorkloads')).rejects.toThrow('not known');
    bench.ports.activity = activity;
    expect(await ready('unseen')).toBe(1);
    await bench.run(operation, 'stopWorkloads');
    expect(await ready('unseen')).toBe(0);
  });

  it('that fails in the middle starts again what it had stopped', async () => {
    await deployed('halfway');
    const { operation } = await hibernateEnvironment(bench.ports, caller, bench.ref('halfway'));
    await bench.run(operation, 'stopWorkloads');
    expect(await ready('halfway')).toBe(0);
    await bench.run(operation, 'recoverHibernation');
    expect((await bench.subject.workload('web.halfway.shop.localhost')).text).toBe('one');
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'failed' });
  });
});

describe('A later operation', () => {
  it('takes the environment over: the earlier one does nothing more to it', async () => {
    await deployed('over');
    const earlier = await hibernateEnvironment(bench.ports, caller, bench.ref('over'));
    const later = await destroyEnvironment(bench.ports, caller, bench.ref('over'));
    for (const step of ['stopWorkloads', 'finishHibernation'] as const) {
      await expect(bench.run(earlier.operation, step)).rejects.toMatchObject({ code: 'superseded' });
    }
    expect(await ready('over')).toBe(1);
    await bench.run(earlier.operation, 'recoverHibernation');
    expect(await bench.operation(earlier.operation.id)).toMatchObject({ status: 'superseded' });
    expect((await bench.environmentOf('over')).data).toMatchObject({
      state: 'destroying',
      operation: later.operation.id,
    });
  });

  it('ends provisioning too: nothing is made where all goes away', async () => {
    const { createEnvironment } = await import('../../functions/commands/environments/environments.ts');
    const input = { project: 'shop', name: 'early', kind: 'persistent' as const };
    const { operation } = await createEnvironment(bench.ports, caller, input);
    const going = await destroyEnvironment(bench.ports, caller, bench.ref('early'));
    await expect(bench.run(operation, 'provisionEnvironment')).rejects.toMatchObject({ code: 'superseded' });
    await bench.run(operation, 'recoverProvisioning');
    expect(await state('early')).toBe('destroying');
    await bench.run(going.operation, 'removeWorkloads', 'removeResources', 'finishDestruction');
    await expect(bench.environmentOf('early')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('of the same kind is the one that goes on already', async () => {
    await deployed('same');
    const first = await hibernateEnvironment(bench.ports, caller, bench.ref('same'));
    const second = await hibernateEnvironment(bench.ports, caller, bench.ref('same'));
    expect(second.operation.id).toBe(first.operation.id);
    await bench.run(first.operation, 'stopWorkloads', 'finishHibernation');
    const [one, two] = await Promise.all(
      [1, 2].map(() => wakeEnvironment(bench.ports, caller, bench.ref('same'))),
    );
    expect(two!.operation.id).toBe(one!.operation.id);
  });

  it('can not cancel it: only builds and deployments are', async () => {
    const { operation } = await hibernateEnvironment(bench.ports, caller, bench.ref('same')).catch(() =>
      wakeEnvironment(bench.ports, caller, bench.ref('same')),
    );
    await expect(cancelOperation(bench.ports, caller, operation.id)).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('Waking', () => {
  it('where one of two does not come back serves the other, and names the one that failed', async () => {
    await bench.subject.api('POST', '/v1/projects/shop/services', { name: 'api' });
    const { archive } = await import('../support/programs.ts');
    // Runs until the file is there, and never again.
    const server = `
      const { existsSync, writeFileSync } = require('node:fs');
      if (existsSync(process.env.MARK)) { console.error('I do not come back'); process.exit(1); }
      writeFileSync(process.env.MARK, '');
      require('node:http').createServer((_, response) => response.end('api')).listen(process.env.PORT);`;
    const score = `apiVersion: score.dev/v1b1
metadata: { name: api }
service: { ports: { www: { port: 80 } } }
containers: { main: { image: ., command: [node, server.js], variables: { MARK: '${bench.subject.directory}/mark' } } }
`;
    const source = await archive({
      'server.js': server,
      Procfile: 'web: node server.js',
      'score.yaml': score,
    });
    const built = await bench.subject.operation('POST', '/v1/projects/shop/services/api/builds', source);
    expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
    await deployed('pair');
    const answer = await bench.subject.operation(
      'POST',
      '/v1/projects/shop/environments/pair/services/api/deployments',
      {
        version: built.result.version,
      },
    );
    expect(answer, JSON.stringify(answer.error)).toMatchObject({ status: 'succeeded' });
    await bench.subject.operation('POST', '/v1/projects/shop/environments/pair/hibernate');
    const woken = await bench.subject.operation('POST', '/v1/projects/shop/environments/pair/wake');
    expect(woken).toMatchObject({ status: 'failed', error: { code: 'workload_not_ready' } });
    expect(woken.error.cause).toMatch(/: api\..*do not come back/s);
    expect(await state('pair')).toBe('ready');
    expect((await bench.subject.workload('web.pair.shop.localhost')).text).toBe('one');
  });
});
