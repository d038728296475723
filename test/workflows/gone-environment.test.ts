import { expect, it } from 'vitest';
import { environmentKey, operationKey, projectPartition } from '../../functions/core/keys.ts';
import type { Environment, Operation } from '../../functions/core/model/index.ts';
import { kindNames, operationKinds, recoveryOf } from '../../functions/core/operations/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { getOperation } from '../../functions/records/read.ts';
import { executeStep } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { createRecords } from '../simulation/ports/records.ts';

const ref = { project: 'shop', environment: 'dev' };
const at = '2026-01-01T00:00:00.000Z';

const environment: Environment = {
  project: 'shop',
  name: 'dev',
  id: 'the new one',
  kind: 'persistent',
  state: 'ready',
  generation: 1,
  lastActivityAt: at,
  services: { web: { newest: 1, current: 1 } },
  createdAt: at,
  createdBy: 'ada',
};

const kinds = kindNames.filter((kind) => operationKinds[kind].target !== 'service');

/** An operation that was accepted in an environment before this one, and everything that its compensation changes. */
async function compensate(kind: (typeof kinds)[number], later?: Environment) {
  const store = createRecords(Date.now);
  const operation = {
    ...ref,
    kind,
    id: 'late',
    environmentId: 'the old one',
    generation: 1,
    ...(operationKinds[kind].target === 'deployment' && { service: 'web', number: 1 }),
    ...(operationKinds[kind].target === 'instance' && { service: 'web', generation: undefined }),
    input: { resource: 'postgres.default#web.db', reason: 'requested', command: ['ls'] },
    status: 'running',
    steps: [],
    createdAt: at,
    createdBy: 'ada',
    deadline: '2100-01-01T00:00:00.000Z',
  } as unknown as Operation;
  await store.transact([
    { put: { ...operationKey('late'), data: operation } },
    ...(later ? [{ put: { ...environmentKey(ref), data: later } }] : []),
  ]);
  const changes: string[] = [];
  const workloads = new Proxy({} as Ports['workloads'], {
    get: (_target, name) => async () => {
      if (name !== 'inventory') changes.push(String(name));
      return [];
    },
  });
  const secrets = { list: async () => [] };
  const effects = { now: Date.now, id: () => 'id', token: () => 'token' };
  const anchors = { note: () => undefined };
  const ports = { store, workloads, secrets, effects, anchors } as unknown as Ports;
  const name = recoveryOf(kind);
  const input = { operation: 'late', error: { Error: 'States.Timeout', Cause: '' } };
  await executeStep(ports, name, steps[name], input, new AbortController().signal);
  const { data } = await getOperation(store, 'late');
  return { changes, ended: data, environment: (await store.get(environmentKey(ref)))?.data, store };
}

/** What is made late is removed again; of an older environment a place removes nothing that is a later one's. */
const undone = (kind: string): string[] => (kind.startsWith('provision-') ? ['removeEnvironment'] : []);

it.each(kinds)('%s ends when its environment is gone before its compensation', async (kind) => {
  const { ended, changes, store } = await compensate(kind);
  expect(ended).toMatchObject({ status: 'superseded', error: { code: 'environment_gone' } });
  expect(changes).toEqual(undone(kind));
  expect((await store.query({ pk: projectPartition('shop'), limit: 10 })).items).toEqual([]);
});

it.each(kinds)('the compensation of %s leaves a later environment of the same name alone', async (kind) => {
  const { ended, changes, environment: after } = await compensate(kind, environment);
  expect(ended).toMatchObject({ status: 'superseded' });
  expect(changes).toEqual(undone(kind));
  expect(after).toEqual(environment);
});
