import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destroyEnvironment } from '../../../functions/commands/environments/transitions.ts';
import { environmentPartition, RESOURCE_PREFIX, resourceKey } from '../../../functions/core/keys.ts';
import type { Resource } from '../../../functions/core/model/index.ts';
import { TransientError } from '../../../functions/core/problem.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { LEFTOVER_RETRY_MS } from '../../../functions/workflows/destroy-environment/leftovers.ts';
import { type Bench, caller, openBench, PROJECT } from '../../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('disk', {
    container: 'volumes:\n  /data:\n    source: ${resources.disk}',
    score: 'resources:\n  disk:\n    type: volume',
  });
});

afterAll(() => bench?.close());

const records = async (environment: string): Promise<Resource[]> =>
  (
    await readAll<Resource>(bench.ports.store, environmentPartition(bench.ref(environment)), RESOURCE_PREFIX)
  ).map(({ data }) => data);

const destroy = async (environment: string) =>
  (await destroyEnvironment(bench.ports, caller, bench.ref(environment))).operation;

describe('A resource (I4)', () => {
  it('has its owner record before anything is made', async () => {
    await bench.environment('first');
    const operation = await bench.accept('first', { version });
    const { workloads } = bench.ports;
    const seen: unknown[] = [];
    bench.ports.workloads = {
      ...workloads,
      ensureVolume: async () => {
        seen.push(...(await records('first')));
        throw new TransientError('the disk does not answer');
      },
    };
    await bench.run(operation, 'prepareDeployment');
    await expect(bench.run(operation, 'ensureResources')).rejects.toThrow('does not answer');
    bench.ports.workloads = workloads;
    expect(seen).toMatchObject([
      { type: 'volume', state: 'provisioning', operation: operation.id, services: ['web'] },
    ]);
    // What may or may not have been made is found by the record, and goes with the environment.
    const going = await destroy('first');
    await bench.run(going, 'removeWorkloads', 'removeResources', 'finishDestruction');
    expect(await records('first')).toEqual([]);
  });

  it('that was made while its environment was destroyed is removed by who made it', async () => {
    await bench.environment('race');
    const operation = await bench.accept('race', { version });
    await bench.run(operation, 'prepareDeployment');
    const { workloads } = bench.ports;
    const removed: string[] = [];
    bench.ports.workloads = {
      ...workloads,
      async ensureVolume(environment, name, size) {
        const source = await workloads.ensureVolume(environment, name, size);
        // The whole destruction happens between the record and the answer.
        await bench.run(await destroy('race'), 'removeWorkloads', 'removeResources', 'finishDestruction');
        return source;
      },
      async removeVolume(environment, name) {
        removed.push(name);
        return workloads.removeVolume(environment, name);
      },
    };
    await expect(bench.run(operation, 'ensureResources')).rejects.toThrow();
    bench.ports.workloads = workloads;
    // Once by the destruction, once more by the deployment that came too late.
    expect(removed).toHaveLength(2);
    expect(await records('race')).toEqual([]);
    expect(await workloads.inventory(bench.ref('race'))).toEqual([]);
  });

  it('keeps its owner record while anything of it is left', async () => {
    await bench.environment('sticky');
    const operation = await bench.accept('sticky', { version });
    await bench.run(operation, 'prepareDeployment', 'ensureResources');
    const { workloads } = bench.ports;
    bench.ports.workloads = { ...workloads, removeVolume: async () => undefined };
    const going = await destroy('sticky');
    await bench.run(going, 'removeWorkloads');
    await expect(bench.run(going, 'removeResources')).rejects.toMatchObject({ code: 'not_empty' });
    expect(await records('sticky')).toHaveLength(1);
    bench.ports.workloads = workloads;
    await bench.run(going, 'removeResources', 'finishDestruction');
    expect(await records('sticky')).toEqual([]);
  });

  it('is not begun where its environment is being destroyed', async () => {
    await bench.environment('going');
    const operation = await bench.accept('going', { version });
    await bench.run(operation, 'prepareDeployment');
    const { store } = bench.ports;
    let going: { id: string } | undefined;
    // Between the look that the step takes and its owner record.
    bench.ports.store = {
      ...store,
      async transact(writes) {
        if (!going && writes.some((write) => 'put' in write && write.put.sk.startsWith(RESOURCE_PREFIX))) {
          bench.ports.store = store;
          going = await destroy('going');
        }
        return store.transact(writes);
      },
    };
    await expect(bench.run(operation, 'ensureResources')).rejects.toMatchObject({ code: 'environment_gone' });
    expect(await records('going')).toEqual([]);
    await bench.run(going!, 'removeWorkloads', 'removeResources', 'finishDestruction');
  });
});

describe('Destroying an environment (I4)', () => {
  const leftBy = async (environment: string, break_: () => void, mend: () => void, what: RegExp) => {
    await bench.environment(environment);
    await bench.subject.api('PUT', `${PROJECT}/environments/${environment}/secrets/KEY`, {
      value: 'a-secret-value',
    });
    await bench.deploy(environment, version);
    const operation = await destroy(environment);
    break_();
    await bench.run(operation, 'removeWorkloads', 'removeResources');
    await expect(bench.run(operation, 'finishDestruction')).rejects.toMatchObject({ code: 'not_empty' });
    await bench.run(operation, 'recoverDestruction');
    mend();
    const item = await bench.environmentOf(environment);
    expect(item.data.leftovers?.join()).toMatch(what);
    expect(item.due?.at).toBeGreaterThan(bench.ports.effects.now());
    bench.pass(LEFTOVER_RETRY_MS + 1000);
    bench.started.length = 0;
    expect(await sweep(bench.ports)).toMatchObject({ destroyed: 1, errors: [] });
    const again = { id: bench.started.at(-1)! };
    await bench.run(again, 'removeWorkloads', 'removeResources', 'finishDestruction');
    await expect(bench.environmentOf(environment)).rejects.toMatchObject({ code: 'not_found' });
    expect(await bench.ports.workloads.inventory(bench.ref(environment))).toEqual([]);
    expect(await bench.ports.secrets.list(`shop/${environment}/`)).toEqual([]);
  };

  it('sees workloads and directories that are left', async () => {
    const { workloads } = bench.ports;
    await leftBy(
      'workloads',
      () => {
        bench.ports.workloads = { ...workloads, removeEnvironment: async () => undefined };
      },
      () => {
        bench.ports.workloads = workloads;
      },
      /directory of workloads/,
    );
  });

  it('sees secrets that are left', async () => {
    const { secrets } = bench.ports;
    await leftBy(
      'kept',
      () => {
        bench.ports.secrets = { ...secrets, remove: async () => undefined };
      },
      () => {
        bench.ports.secrets = secrets;
      },
      /secret shop\/kept\/env\/KEY/,
    );
  });

  it('sees what a resource type still finds, although nothing else does', async () => {
    await bench.environment('typed');
    const ref = bench.ref('typed');
    const operation = await destroy('typed');
    await bench.run(operation, 'removeWorkloads', 'removeResources');
    const { data } = await bench.environmentOf('typed');
    const resource: Resource = {
      ...ref,
      uid: 'volume.default#late.disk',
      type: 'volume',
      class: 'default',
      id: 'late.disk',
      params: {},
      state: 'ready',
      outputs: { values: {}, secrets: {} },
      services: ['web'],
      operation: data.operation!,
      createdAt: data.createdAt,
    };
    await bench.ports.store.transact([{ put: { ...resourceKey(ref, resource.uid), data: resource } }]);
    await expect(bench.run(operation, 'finishDestruction')).rejects.toMatchObject({
      code: 'not_empty',
      message: expect.stringContaining(resource.uid),
    });
    await bench.run(operation, 'removeResources', 'finishDestruction');
  });

  it('can be done again at each step, and when it is over', async () => {
    await bench.environment('again');
    await bench.deploy('again', version);
    const operation = await destroy('again');
    for (const step of ['removeWorkloads', 'removeResources'] as const)
      await bench.run(operation, step, step);
    await bench.run(operation, 'finishDestruction', 'finishDestruction');
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'succeeded' });
  });
});
