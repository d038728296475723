import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENVIRONMENT_PREFIX } from '../../functions/core/keys.ts';
import type { StepName } from '../../functions/core/model/index.ts';
import { Problem } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { type Key, StoreConflict } from '../../functions/ports/store.ts';
import { runStep } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { createSubject, deploy, expectProblem, instancePath, type Subject, seed } from '../api/support.ts';

/** What the place was told, in order: a replica count, a deployment that is declared, a removal; each with its fence. */
type Told = ['scale' | 'apply' | 'remove', number, number];

let subject: Subject;
let ports: Ports;
let told: Told[];
/** How many replicas what was declared last has. */
let replicas: number | undefined;
/** What the place refuses, and how. */
let failing: Partial<Record<Told[0], Error>>;

beforeEach(async () => {
  subject = await createSubject();
  told = [];
  failing = {};
  const tell = (what: Told[0], value: number, fence: number): void => {
    const error = failing[what];
    if (error) throw error;
    told.push([what, value, fence]);
  };
  ports = {
    ...subject.ports,
    workloads: {
      ...subject.ports.workloads,
      scale: async (_ref, replicas, fence) => tell('scale', replicas, fence),
      apply: async (spec) => {
        replicas = spec.replicas;
        tell('apply', spec.number, spec.fence);
      },
      remove: async (_ref, fence) => tell('remove', 0, fence),
      awaitRollout: async () => ({
        state: 'failed',
        error: { code: 'workload_crashed', cause: 'It ended.', hint: 'Read its log.' },
      }),
    },
  };
  await seed(subject);
  expect(await deploy(subject)).toBe(1);
});
afterEach(() => subject.close());

const away = () => new Problem('unavailable', 'The place is away.', { hint: 'Try again.' });
const ask = async (method: string, verb: string, body?: unknown): Promise<string> => {
  const answer = await subject.api(method, `${instancePath}${verb}`, body);
  expect(answer.status, answer.text).toBe(202);
  return answer.body.id;
};
async function run(operation: string, ...names: StepName[]): Promise<void> {
  for (const name of names)
    await runStep(ports, name, steps[name], { operation }, AbortSignal.timeout(10_000));
}
const get = async (path: string) => (await subject.api('GET', path)).body;
const operation = (id: string) => get(`/v1/operations/${id}`);
const shown = () => get(instancePath);

async function stopped(): Promise<void> {
  await run(await ask('POST', '/stop'), 'stopService', 'finishStop');
  expect(await shown()).toMatchObject({ state: 'stopped', health: 'stopped' });
}

describe('A stop that fails', () => {
  it('leaves the service running, under its own fence, and neither says nor keeps that it is stopped', async () => {
    const id = await ask('POST', '/stop');
    failing = { scale: away() };
    await expect(run(id, 'stopService')).rejects.toThrow('away');
    await run(id, 'recoverStop');
    expect(told).toEqual([['apply', 1, 2]]);
    expect(await operation(id)).toMatchObject({ status: 'failed', error: { code: 'unavailable' } });
    expect(await shown()).toMatchObject({ current: { number: 1 }, newest: { number: 2, status: 'failed' } });
    expect((await shown()).health).not.toBe('stopped');
    // It is asked for once more, as if there had been no stop before.
    failing = {};
    await stopped();
  });

  it('puts back what served also when others write the environment at the same moment', async () => {
    const id = await ask('POST', '/stop');
    failing = { scale: away() };
    await expect(run(id, 'stopService')).rejects.toThrow('away');
    const { store } = ports;
    let conflicts = 2;
    ports = {
      ...ports,
      store: {
        ...store,
        async transact(writes) {
          if (conflicts-- > 0) throw new StoreConflict([0]);
          await store.transact(writes);
        },
      },
    };
    await run(id, 'recoverStop');
    expect(told).toEqual([['apply', 1, 2]]);
  });

  it('leaves the replicas of what serves, where it came before a scale was reached', async () => {
    const scaling = await ask('PUT', '/scale', { replicas: 3 });
    const id = await ask('POST', '/stop');
    await expect(run(scaling, 'applyWorkload')).rejects.toMatchObject({ code: 'superseded' });
    await run(scaling, 'recoverDeployment');
    failing = { scale: away() };
    await expect(run(id, 'stopService')).rejects.toThrow('away');
    await run(id, 'recoverStop');
    expect(told).toEqual([['apply', 1, 3]]);
    failing = {};
    await run(await ask('POST', '/restart'), 'prepareDeployment', 'applyWorkload');
    expect(replicas).toBe(1);
  });

  it('gives way to a deployment that came after it, and puts nothing back', async () => {
    const id = await ask('POST', '/stop');
    await subject.api('POST', `${instancePath}/deployments`, { version: 'v1' });
    await expect(run(id, 'stopService')).rejects.toMatchObject({ code: 'superseded' });
    await run(id, 'recoverStop');
    expect(told).toEqual([]);
    expect(await operation(id)).toMatchObject({ status: 'superseded' });
  });

  it('gives way also to one that comes at the last moment', async () => {
    const id = await ask('POST', '/stop');
    await run(id, 'stopService');
    const { store } = ports;
    // Behind the step's own look at the fence.
    const get = async <T>(key: Key) => {
      const read = await store.get<T>(key);
      if (key.sk.startsWith(ENVIRONMENT_PREFIX) && ports.store !== store) {
        ports = { ...ports, store };
        await subject.api('POST', `${instancePath}/deployments`, { version: 'v1' });
      }
      return read;
    };
    ports = { ...ports, store: { ...store, get } };
    await expect(run(id, 'finishStop')).rejects.toMatchObject({ code: 'superseded' });
    await run(id, 'recoverStop');
    expect(await operation(id)).toMatchObject({ status: 'superseded' });
    expect(await shown()).toMatchObject({ current: { number: 1 } });
  });
});

describe('A removal that fails', () => {
  it('before anything of it was given back leaves the service running, and is asked for anew', async () => {
    const id = await ask('DELETE', '');
    await run(id, 'removeWorkload');
    expectProblem(await subject.api('POST', `${instancePath}/restart`), 409, 'operation_in_progress');
    await run(id, 'recoverRemoval');
    expect(told).toEqual([
      ['remove', 0, 2],
      ['apply', 1, 2],
    ]);
    expect(await operation(id)).toMatchObject({ status: 'failed' });
    expect(await shown()).toMatchObject({ current: { number: 1 } });
    await run(await ask('DELETE', ''), 'removeWorkload', 'removeOwnResources', 'finishRemoval');
    expectProblem(await subject.api('GET', instancePath), 404);
  });

  it('of a service that people had stopped leaves it stopped', async () => {
    await stopped();
    told.length = 0;
    const id = await ask('DELETE', '');
    failing = { remove: away() };
    await expect(run(id, 'removeWorkload')).rejects.toThrow('away');
    await run(id, 'recoverRemoval');
    expect(told).toEqual([['scale', 0, 3]]);
    expect(await shown()).toMatchObject({ state: 'stopped', current: { kind: 'stop' } });
    await ask('POST', '/start');
  });

  it('after resources went serves nothing more, says so, and is asked for anew', async () => {
    const id = await ask('DELETE', '');
    await run(id, 'removeWorkload', 'removeOwnResources', 'recoverRemoval');
    expect(told).toEqual([['remove', 0, 2]]);
    const { current, newest, state } = await shown();
    expect([current, newest.status, state]).toEqual([undefined, 'failed', 'failed']);
    await run(await ask('DELETE', ''), 'removeWorkload', 'removeOwnResources', 'finishRemoval');
    expectProblem(await subject.api('GET', instancePath), 404);
  });
});

describe('A scale that fails', () => {
  it('goes back to the scale before, in the place and for later deployments', async () => {
    const id = await ask('PUT', '/scale', { replicas: 3 });
    expect((await shown()).scale).toBe(3);
    await run(id, 'prepareDeployment', 'ensureResources', 'applyWorkload');
    await expect(run(id, 'awaitRollout')).rejects.toMatchObject({ code: 'workload_crashed' });
    await run(id, 'recoverDeployment');
    expect(told).toEqual([
      ['apply', 2, 2],
      ['apply', 1, 2],
    ]);
    expect(await operation(id)).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    expect((await shown()).scale).toBeUndefined();
    const { body } = await subject.api('POST', `${instancePath}/restart`);
    expect((await get(`${instancePath}/deployments/${body.number}`)).replicas).toBeUndefined();
  });

  it('keeps its number where a newer deployment has taken it over', async () => {
    const id = await ask('PUT', '/scale', { replicas: 3 });
    await run(id, 'prepareDeployment', 'ensureResources', 'applyWorkload');
    await expect(run(id, 'awaitRollout')).rejects.toMatchObject({ code: 'workload_crashed' });
    const { body } = await subject.api('POST', `${instancePath}/deployments`, { version: 'v1' });
    await run(id, 'recoverDeployment');
    expect((await get(`${instancePath}/deployments/${body.number}`)).replicas).toBe(3);
    expect((await shown()).scale).toBe(3);
  });
});

describe('Each of them', () => {
  const verbs = [
    ['POST', '/restart', undefined],
    ['POST', '/stop', undefined],
    ['PUT', '/scale', { replicas: 2 }],
    ['DELETE', '', undefined],
  ] as const;

  it.each(verbs)(
    '%s %s is done once by one idempotency key, however often it is sent (I2)',
    async (method, verb, body) => {
      const key = { 'idempotency-key': 'once' };
      const send = () => subject.api(method, `${instancePath}${verb}`, body, key);
      const [first, second] = [await send(), await send()];
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect((await get(`${instancePath}/deployments`)).items).toHaveLength(2);
      const other = await subject.api('POST', `${instancePath}/start`, undefined, key);
      expectProblem(other, 422, 'idempotency_key_reused');
    },
  );

  it.each(verbs)(
    '%s %s is not done when it comes with an If-Match that it can not honour',
    async (method, verb, body) => {
      const answer = await subject.api(method, `${instancePath}${verb}`, body, {
        'if-match': '"1-abcdef01"',
      });
      expectProblem(answer, 400, 'invalid_request');
      expect((await get(`${instancePath}/deployments`)).items).toHaveLength(1);
    },
  );
});
