import { expect, it } from 'vitest';
import { environmentKey, operationKey } from '../../functions/core/keys.ts';
import type { Environment, Operation } from '../../functions/core/model/index.ts';
import { recoveryOf } from '../../functions/core/operations/index.ts';
import { TransientError } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { CLOCK_KEY } from '../../functions/records/clock.ts';
import { executeStep } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { createRecords } from '../simulation/ports/records.ts';

const DEADLINE = Date.UTC(2026, 0, 1);

async function failed(kind: 'wake' | 'hibernate') {
  const store = createRecords(Date.now);
  const at = new Date(DEADLINE).toISOString();
  const ref = { project: 'shop', environment: 'dev' };
  const shared = { project: 'shop', generation: 2, createdAt: at, createdBy: 'ada' };
  const operation = { ...shared, ...ref, id: 'op', kind, status: 'running', steps: [], deadline: at };
  const environment = { ...shared, name: 'dev', id: 'dev', state: 'waking', services: {}, operation: 'op' };
  await store.transact([
    { put: { ...operationKey('op'), data: operation } },
    { put: { ...environmentKey(ref), data: environment } },
    // A sweep has looked at the clock.
    { put: { ...CLOCK_KEY, data: { at } } },
  ]);
  let reachable = false;
  let now = DEADLINE;
  let declared = 0;
  const workloads = {
    async ensureEnvironment() {
      if (!reachable) throw new TransientError('The place can not be reached');
      declared++;
    },
  };
  const effects = { now: () => now, id: () => 'id', token: () => 'token' };
  const ports = { store, workloads, effects, anchors: { note: () => undefined } } as unknown as Ports;
  const name = recoveryOf(kind);
  const input = { operation: 'op', error: { Error: 'Berth.Transient', Cause: '' } };
  return {
    recover: () => executeStep(ports, name, steps[name], input, new AbortController().signal),
    state: async () => (await store.get<Environment>(environmentKey(ref)))?.data.state,
    status: async () => (await store.get<Operation>(operationKey('op')))?.data.status,
    declared: () => declared,
    reach: () => void (reachable = true),
    pass: (milliseconds: number) => void (now += milliseconds),
  };
}

it.each(['wake', 'hibernate'] as const)(
  'after a %s that failed, an environment is called ready once its services are declared',
  async (kind) => {
    const subject = await failed(kind);
    await expect(subject.recover()).rejects.toThrow('can not be reached');
    expect(await subject.status()).toBe('running');
    subject.reach();
    await subject.recover();
    expect(subject.declared()).toBe(1);
    expect([await subject.status(), await subject.state()]).toEqual(['failed', 'ready']);
  },
);

it.each(['wake', 'hibernate'] as const)(
  'after a %s that failed where nothing could be declared in time, the environment sleeps, so that a request wakes it',
  async (kind) => {
    const subject = await failed(kind);
    subject.pass(180_000);
    await subject.recover();
    expect([await subject.status(), await subject.state()]).toEqual(['failed', 'hibernated']);
  },
);
