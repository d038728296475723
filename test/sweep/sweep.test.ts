import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../functions/commands/environments/environments.ts';
import {
  acceptWrites,
  newOperation,
  START_CHECK_MS,
} from '../../functions/commands/operations/operations.ts';
import { createBuild } from '../../functions/commands/versions/builds.ts';
import {
  ENVIRONMENTS_QUEUE,
  OPERATIONS_QUEUE,
  operationKey,
  RETENTION_QUEUE,
} from '../../functions/core/keys.ts';
import { Problem } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { CLOCK_KEY, HOLD_MS } from '../../functions/records/clock.ts';
import { operationLineKeys } from '../../functions/records/operation-summaries.ts';
import { getOperation } from '../../functions/records/read.ts';
import { endLost, sweep } from '../../functions/sweep/sweep.ts';
import { type Bench, caller, changeOperation, DEPLOY, openBench, recoveriesBy } from '../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('one');
});

afterAll(() => bench?.close());
beforeEach(async () => {
  bench.started.length = 0;
  // The tests move the clock by hours, which is not what they are about.
  await bench.ports.store.transact([{ delete: CLOCK_KEY }]);
});

const state = async (name: string) => (await bench.environmentOf(name)).data.state;
const dueOf = async (id: string) => (await getOperation(bench.ports.store, id)).due;

const newEnvironment = async (name: string) => {
  const input = { project: 'shop', name, kind: 'persistent' as const };
  const { operation } = await createEnvironment(bench.ports, caller, input);
  bench.started.length = 0;
  return operation;
};

/** Runs what the sweep started, so that it is not due in the tests that follow. */
const finish = async (id: string) => {
  await changeOperation(bench.ports, id, {});
  await bench.run({ id }, 'provisionEnvironment', 'finishProvisioning');
};

describe('An operation that was accepted and not started (I1)', () => {
  it('is left alone for a moment, then started, and again when that fails', async () => {
    const operation = await newEnvironment('unstarted');
    expect(await sweep(bench.ports)).toMatchObject({ started: 0, errors: [] });
    bench.pass(START_CHECK_MS);
    expect(await sweep(bench.ports)).toMatchObject({ started: 1, errors: [] });
    expect(bench.started).toEqual([operation.id]);
    // Nothing came of it: the next look is soon, and not at the operation's bound.
    expect((await dueOf(operation.id))!.at).toBeLessThanOrEqual(bench.ports.effects.now() + START_CHECK_MS);
    expect(await sweep(bench.ports)).toMatchObject({ started: 0 });
    bench.pass(START_CHECK_MS);
    expect(await sweep(bench.ports)).toMatchObject({ started: 1 });
    await finish(operation.id);
  });

  it('is looked at again only at its bound once it runs', async () => {
    const operation = await newEnvironment('running');
    bench.pass(START_CHECK_MS);
    const running: Ports = {
      ...bench.ports,
      workflows: { ...bench.ports.workflows, describe: async () => 'running' },
    };
    expect(await sweep(running)).toMatchObject({ started: 0, ended: 0, errors: [] });
    expect(await dueOf(operation.id)).toEqual({
      queue: OPERATIONS_QUEUE,
      at: Date.parse(operation.deadline),
    });
    await finish(operation.id);
  });
});

describe('An operation that nothing else ends (I3)', () => {
  it('is looked at within hours, however far its bound is', async () => {
    const source = { kind: 'git' as const, url: 'https://git.example.com/team/code', ref: 'main' };
    const { id } = await createBuild(bench.ports, caller, { project: 'shop', service: 'web', source });
    const running = (status: 'running' | 'failed'): Ports => ({
      ...bench.ports,
      workflows: { ...bench.ports.workflows, describe: async () => status },
    });
    bench.pass(START_CHECK_MS);
    await sweep(running('running'));
    bench.pass(2 * 60 * 60 * 1000);
    expect(await sweep(running('failed'))).toMatchObject({ ended: 1 });
    expect(await bench.operation(id)).toMatchObject({ status: 'failed' });
  });

  it('is ended when its run is over, with another reason than the time', async () => {
    const operation = await newEnvironment('over');
    bench.pass(START_CHECK_MS);
    const over: Ports = {
      ...bench.ports,
      workflows: { ...bench.ports.workflows, describe: async () => 'failed' },
    };
    expect(await sweep(over)).toMatchObject({ ended: 1, errors: [] });
    expect(await bench.operation(operation.id)).toMatchObject({
      status: 'failed',
      error: { code: 'internal' },
    });
  });

  it('is ended at its bound: the deployment with it, and what served before serves', async () => {
    await bench.environment('bound');
    const good = await bench.deploy('bound', version);
    const stuck = await bench.accept('bound', { version });
    await bench.run(stuck, ...DEPLOY.slice(0, 3));
    await bench.makeDue(await getOperation(bench.ports.store, stuck.id), { queue: OPERATIONS_QUEUE, at: 1 });
    await changeOperation(bench.ports, stuck.id, { deadline: new Date(0).toISOString() });
    bench.applied.length = 0;
    expect(await sweep(bench.ports)).toMatchObject({ ended: 1, errors: [] });
    expect(await bench.operation(stuck.id)).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded', hint: expect.stringMatching(/\S/) },
    });
    expect(bench.applied).toMatchObject([{ number: good, fence: stuck.number }]);
    expect(await bench.instance('bound')).toMatchObject({ current: good });
  });

  it('is ended at its bound though the cluster can not be reached, and before that waits for it', async () => {
    await bench.environment('away');
    const good = await bench.deploy('away', version);
    const stuck = await bench.accept('away', { version });
    await bench.run(stuck, ...DEPLOY.slice(0, 3));
    const gone = async () => {
      throw new Problem('unavailable', 'The cluster can not be reached: ECONNREFUSED.', { hint: 'Wait.' });
    };
    const away: Ports = {
      ...bench.ports,
      workloads: { ...bench.ports.workloads, apply: gone },
      workflows: {
        ...bench.ports.workflows,
        describe: async () => 'failed',
        runStep: recoveriesBy(() => away),
      },
    };
    const due = async () =>
      bench.makeDue(await getOperation(bench.ports.store, stuck.id), { queue: OPERATIONS_QUEUE, at: 1 });
    await due();
    expect(await sweep(away)).toMatchObject({ ended: 0, errors: [{ error: { code: 'unavailable' } }] });
    expect((await bench.operation(stuck.id)).status).toBe('running');
    await changeOperation(bench.ports, stuck.id, { deadline: new Date(0).toISOString() });
    await due();
    expect(await sweep(away)).toMatchObject({ ended: 1, errors: [] });
    expect(await bench.operation(stuck.id)).toMatchObject({ status: 'failed' });
    expect(await bench.instance('away')).toMatchObject({ current: good });
  });

  it('is ended as soon as there is room again when its run died of a full disk', async () => {
    const operation = await newEnvironment('full');
    const full: Ports = {
      ...bench.ports,
      store: { ...bench.ports.store, transact: () => Promise.reject(new Error('no room')) },
      workflows: { ...bench.ports.workflows, runStep: recoveriesBy(() => full) },
    };
    expect(await endLost(full, operation.id, 'Berth.storage_full')).toBe(false);
    expect(await endLost(bench.ports, operation.id, 'Berth.storage_full')).toBe(true);
    expect(await bench.operation(operation.id)).toMatchObject({
      status: 'failed',
      error: { code: 'storage_full', hint: expect.stringContaining('room') },
    });
    expect(await endLost(bench.ports, operation.id, 'Berth.storage_full')).toBe(true);
    expect(await endLost(bench.ports, 'nobody', 'Error')).toBe(true);
  });
});

describe('What is kept long enough', () => {
  const due = { queue: RETENTION_QUEUE, at: 1 };

  it('is forgotten, an operation with its line in every list', async () => {
    const accepted = newOperation(bench.ports, 'tester', {
      kind: 'build',
      project: 'shop',
      service: 'web',
      input: { kind: 'upload', source: 'x' },
    });
    await bench.ports.store.transact(acceptWrites(bench.ports, accepted));
    await changeOperation(bench.ports, accepted.id, { status: 'succeeded' });
    await bench.makeDue(await getOperation(bench.ports.store, accepted.id), due);
    const keys = [operationKey(accepted.id), ...operationLineKeys(accepted)];
    const kept = () => bench.ports.store.getMany(keys);
    expect((await kept()).filter(Boolean)).toHaveLength(3);
    expect(await sweep(bench.ports)).toMatchObject({ forgotten: 1, errors: [] });
    expect((await kept()).filter(Boolean)).toEqual([]);
  });

  it('stays when it was renewed after the sweep had looked', async () => {
    const key = { pk: 'renewed', sk: 'renewed' };
    const { store } = bench.ports;
    await store.transact([{ put: { ...key, data: 'old', due } }]);
    const late: Ports = {
      ...bench.ports,
      store: {
        ...store,
        due: async (query) => {
          const found = await store.due<never>(query);
          const isSeen = found.some(({ pk }) => pk === key.pk);
          if (isSeen) await store.transact([{ put: { ...key, data: 'new', due: { ...due, at: 1e15 } } }]);
          return found;
        },
      },
    };
    expect(await sweep(late)).toMatchObject({ forgotten: 0, errors: [] });
    expect(await store.get(key)).toMatchObject({ data: 'new' });
    await store.transact([{ delete: key }]);
  });
});

describe('A fault with one thing', () => {
  it('is reported, and the rest has its turn', async () => {
    const one = await newEnvironment('one-of-two');
    const two = await newEnvironment('two-of-two');
    bench.pass(START_CHECK_MS);
    const faulty: Ports = {
      ...bench.ports,
      workflows: {
        ...bench.ports.workflows,
        describe: async (_kind, name) => {
          if (name === one.id) throw new Error('does not answer');
          return undefined;
        },
      },
    };
    const report = await sweep(faulty);
    expect(report.errors).toMatchObject([{ what: expect.stringContaining(one.id) }]);
    expect(bench.started).toEqual([two.id]);
    await finish(one.id);
    await finish(two.id);
  });
});

describe('A clock that jumps', () => {
  const health = async () => (await bench.subject.api('GET', '/healthz')).body;

  it.each([
    ['forward', 48 * 60 * 60_000],
    ['backward', -60_000],
  ])('%s destroys and forgets nothing for an hour, and Berth says so', async (direction, by) => {
    const name = `jump-${direction}`;
    await bench.environment(name);
    await sweep(bench.ports);
    expect(await health()).toEqual({ status: 'ok' });
    bench.pass(by);
    const item = await bench.environmentOf(name);
    const destroyAt = new Date(bench.ports.effects.now() - 1).toISOString();
    const due = { queue: ENVIRONMENTS_QUEUE, at: 1 };
    await bench.makeDue({ ...item, data: { ...item.data, destroyAt } }, due);
    expect(await sweep(bench.ports)).toMatchObject({ forgotten: 0, clockJumped: 'now' });
    expect(await health()).toEqual({ status: 'degraded', clock: 'jumped' });
    for (let passed = 60_000; passed < HOLD_MS; passed += 60_000) {
      bench.pass(60_000);
      expect(await sweep(bench.ports)).toMatchObject({ clockJumped: 'earlier' });
    }
    expect(await state(name)).toBe('ready');
    bench.pass(60_000);
    expect(await sweep(bench.ports)).not.toHaveProperty('clockJumped');
    expect(await state(name)).toBe('destroying');
    expect(await health()).toEqual({ status: 'ok' });
  });

  it('and is ahead for a while hides no operation beyond its bound (I3)', async () => {
    await sweep(bench.ports);
    const operation = await newEnvironment('ahead');
    bench.pass(3 * 60 * 60_000);
    expect(await sweep(bench.ports)).toMatchObject({ clockJumped: 'now' });
    expect(bench.started).toContain(operation.id);
    expect((await dueOf(operation.id))!.at).toBeLessThanOrEqual(Date.parse(operation.deadline));
    await finish(operation.id);
  });
});
