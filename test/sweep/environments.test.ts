/** What the sweep does with environments: idle ones, those that expire, and those with office hours. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeEnvironment, environmentDue } from '../../functions/commands/environments/environments.ts';
import { extendEnvironment } from '../../functions/commands/environments/extend.ts';
import { destroyEnvironment, wakeEnvironment } from '../../functions/commands/environments/transitions.ts';
import { wakeOnRequest } from '../../functions/commands/environments/wake-on-request.ts';
import { ENVIRONMENTS_QUEUE, environmentKey, eventsPartition } from '../../functions/core/keys.ts';
import type { BerthEvent, Environment, StepName } from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { CLOCK_KEY } from '../../functions/records/clock.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { type Bench, caller, openBench, PROJECT } from '../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('one');
  // The API, which makes environments, has the clock of the machine: for the sweep they have been there for an hour.
  bench.pass(60 * 60_000);
});

afterAll(() => bench?.close());
beforeEach(async () => {
  bench.started.length = 0;
  // The tests move the clock by hours, which is not what they are about.
  await bench.ports.store.transact([{ delete: CLOCK_KEY }]);
});

const state = async (name: string) => (await bench.environmentOf(name)).data.state;

describe('An environment with an idle rule', () => {
  it('is due when it has been idle for long enough, and only while it is ready', async () => {
    await bench.environment('due', { kind: 'ephemeral', idleAfter: '10m' });
    const { data } = await bench.environmentOf('due');
    expect(environmentDue(data)).toEqual({
      queue: ENVIRONMENTS_QUEUE,
      at: Math.min(Date.parse(data.lastActivityAt) + 600_000, Date.parse(data.expiresAt ?? '9999-01-01')),
    });
    const { expiresAt: _never, ...idle } = data;
    for (const state of ['hibernated', 'hibernating', 'waking', 'failed', 'provisioning'] as const) {
      expect(environmentDue({ ...idle, state })).toBeUndefined();
    }
    expect(environmentDue({ ...data, state: 'destroying' })).toBeUndefined();
  });

  it('that was used since stays awake, and is due again after its last request (I8)', async () => {
    await bench.environment('used', { kind: 'ephemeral', idleAfter: '10m' });
    const item = await bench.environmentOf('used');
    await bench.makeDue(item, { queue: ENVIRONMENTS_QUEUE, at: 1 });
    const last = bench.ports.effects.now() - 1000;
    const used: Ports = {
      ...bench.ports,
      activity: { ...bench.ports.activity, lastRequests: async () => [last] },
    };
    expect(await sweep(used)).toMatchObject({ hibernated: 0, errors: [] });
    const after = await bench.environmentOf('used');
    expect(after.data).toMatchObject({ state: 'ready', lastActivityAt: new Date(last).toISOString() });
    expect(after.due?.at).toBe(last + 600_000);
    bench.pass(601_000);
    expect(await sweep(used)).toMatchObject({ errors: [] });
    expect(await state('used')).toBe('hibernating');
    const { operation } = (await bench.environmentOf('used')).data;
    expect(await bench.operation(operation!)).toMatchObject({ input: { reason: 'idle' } });
  });

  it('that is due by an earlier deployment is put off by a later one (I8)', async () => {
    await bench.environment('lately', { idleAfter: '1h' });
    const before = await bench.environmentOf('lately');
    bench.pass(40 * 60_000);
    await bench.deploy('lately', version);
    // Its place in the queue is as it was, which saves two writes; the sweep looks, and finds that it was used.
    expect((await bench.environmentOf('lately')).due).toEqual(before.due);
    bench.pass(30 * 60_000);
    expect(await sweep(bench.ports)).toMatchObject({ hibernated: 0, errors: [] });
    const after = await bench.environmentOf('lately');
    expect(after.data.state).toBe('ready');
    expect(after.due).toEqual(environmentDue(after.data));
    expect(after.due!.at).toBeGreaterThan(before.due!.at);
  });

  it('that was deployed to after its last request stays awake (I8)', async () => {
    await bench.environment('deployed', { idleAfter: '10m' });
    const requested = bench.ports.effects.now();
    bench.pass(20 * 60_000);
    await bench.deploy('deployed', version);
    const seen = await bench.environmentOf('deployed');
    await bench.makeDue(seen, { queue: ENVIRONMENTS_QUEUE, at: 1 });
    const used: Ports = {
      ...bench.ports,
      activity: { ...bench.ports.activity, lastRequests: async () => [requested] },
    };
    expect(await sweep(used)).toMatchObject({ errors: [] });
    expect(await state('deployed')).toBe('ready');
  });

  it.each<[string, (seen: Environment, now: number) => Partial<Environment>]>([
    ['changed', ({ generation }) => ({ generation: generation + 1 })],
    ['used', (_seen, now) => ({ lastActivityAt: new Date(now).toISOString() })],
  ])('that was %s after the sweep decided stays awake (I8)', async (how, change) => {
    const name = `meanwhile-${how}`;
    await bench.environment(name, { idleAfter: '10m' });
    bench.pass(601_000);
    const meanwhile: Ports = {
      ...bench.ports,
      activity: {
        ...bench.ports.activity,
        // The look at its requests is the last thing before the sweep decides; what it has read is older then.
        lastRequests: async ([ref]) => {
          if (ref?.environment !== name) return [undefined];
          const { pk, sk, data } = await bench.environmentOf(name);
          const changed = { ...data, ...change(data, bench.ports.effects.now()) };
          await bench.ports.store.transact([{ put: { pk, sk, data: changed } }]);
          return [undefined];
        },
      },
    };
    expect(await sweep(meanwhile)).toMatchObject({ errors: [] });
    expect(await state(name)).toBe('ready');
  });

  it('stays awake where nobody sees requests, and is looked at again later', async () => {
    await bench.environment('unseen', { kind: 'ephemeral', idleAfter: '10m' });
    await bench.makeDue(await bench.environmentOf('unseen'), { queue: ENVIRONMENTS_QUEUE, at: 1 });
    const blind: Ports = {
      ...bench.ports,
      activity: { ...bench.ports.activity, lastRequests: async () => ['unknown'] },
    };
    expect(await sweep(blind)).toMatchObject({ hibernated: 0, errors: [] });
    const after = await bench.environmentOf('unseen');
    expect(after.data.state).toBe('ready');
    expect(after.due?.at).toBeGreaterThanOrEqual(bench.ports.effects.now() + 590_000);
    expect(after.due?.at).toBeLessThan(Date.parse(after.data.expiresAt!));
  });

  it('stays awake while a deployment goes on in it', async () => {
    await bench.environment('deploying', { kind: 'ephemeral', idleAfter: '10m' });
    const deployment = await bench.accept('deploying', { version });
    await bench.makeDue(await bench.environmentOf('deploying'), { queue: ENVIRONMENTS_QUEUE, at: 1 });
    expect(await sweep(bench.ports)).toMatchObject({ hibernated: 0, errors: [] });
    expect(await state('deploying')).toBe('ready');
    await bench.run(deployment, 'recoverDeployment');
  });
});

describe('An environment that has expired', () => {
  it('is not destroyed while it is protected, also if it was due before, and leaves the queue (I8)', async () => {
    await bench.environment('guarded', { kind: 'ephemeral', ttl: '1h' });
    const { data, due, version: before } = await bench.environmentOf('guarded');
    const { idleAfterSeconds: _never, ...rest } = data;
    const guarded: Environment = { ...rest, protection: { approval: true } };
    const key = environmentKey(bench.ref('guarded'));
    await bench.ports.store.transact([
      { put: { ...key, data: guarded, ...(due && { due }) }, if: { version: before } },
    ]);
    bench.pass(2 * 60 * 60 * 1000);
    expect(await sweep(bench.ports)).toMatchObject({ destroyed: 0, errors: [] });
    expect(await state('guarded')).toBe('ready');
    expect((await bench.environmentOf('guarded')).due).toBeUndefined();
    const late = destroyEnvironment(bench.ports, caller, bench.ref('guarded'), { expired: guarded });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
  });

  const HOUR = 3_600_000;
  /** By the clock of the tests, which is ahead of the one that the API has. */
  const living = async (name: string, ttlSeconds: number) => {
    await bench.environment(name);
    await changeEnvironment(bench.ports, caller, 'developer', bench.ref(name), { ttlSeconds });
  };
  const later = async (milliseconds: number) => {
    bench.pass(milliseconds);
    await bench.ports.store.transact([{ delete: CLOCK_KEY }]);
    expect(await sweep(bench.ports)).toMatchObject({ errors: [] });
  };
  const told = async (name: string) =>
    (await readAll<BerthEvent>(bench.ports.store, eventsPartition('shop')))
      .map(({ data }) => data)
      .filter(({ environment, type }) => environment === name && /expir/.test(type));

  it('is told of a day and an hour before, sleeps, and is destroyed 72 hours later, each once', async () => {
    await living('expiring', 7 * 86_400);
    const number = await bench.deploy('expiring', version);
    const seen = async () => (await told('expiring')).map(({ type }) => type.split('.')[1]);
    for (const [passed, types] of [
      [5 * 24 * HOUR, []],
      [24 * HOUR, ['expiring']],
      [HOUR, ['expiring']],
      [22 * HOUR, ['expiring', 'expiring']],
      [0.5 * HOUR, ['expiring', 'expiring']],
    ] as const) {
      await later(passed);
      expect(await seen()).toEqual(types);
      expect(await state('expiring')).toBe('ready');
    }
    await later(HOUR);
    const { data: expired } = await bench.environmentOf('expiring');
    expect(expired).toMatchObject({ state: 'hibernating', destroyAt: expect.any(String) });
    await bench.run({ id: expired.operation! }, 'stopWorkloads', 'finishHibernation');
    expect((await bench.subject.api('GET', `${PROJECT}/environments/expiring`)).body.state).toBe('expired');
    await later(71.9 * HOUR);
    expect(await state('expiring')).toBe('hibernated');
    await later(0.2 * HOUR);
    expect(await state('expiring')).toBe('destroying');
    const { operation } = (await bench.environmentOf('expiring')).data;
    expect(await bench.operation(operation!)).toMatchObject({ input: { reason: 'expired' } });
    await later(0);
    expect((await bench.environmentOf('expiring')).data.operation).toBe(operation);
    const events = await told('expiring');
    expect(events.map(({ type }) => type)).toEqual([
      'environment.expiring',
      'environment.expiring',
      'environment.expired',
    ]);
    expect(events[1]).toMatchObject({
      data: {
        left: '1 h',
        cause: expect.stringMatching(/^no request is known, last deployment 7 d ago by tester$/),
        deployment: { service: 'web', number, by: 'tester' },
        next: 'berth env extend -p shop expiring --by 1d',
      },
    });
  });

  it('sleeps once what goes on in it has ended, and waits where it can not sleep', async () => {
    await living('busy-end', 3600);
    const deployment = await bench.accept('busy-end', { version });
    await living('broken', 3600);
    const item = await bench.environmentOf('broken');
    await bench.makeDue({ ...item, data: { ...item.data, state: 'failed' } }, item.due!);
    await later(1.1 * HOUR);
    expect((await bench.environmentOf('broken')).data).toMatchObject({
      state: 'failed',
      destroyAt: expect.any(String),
    });
    expect(await state('busy-end')).toBe('ready');
    await bench.run(deployment, 'recoverDeployment');
    await later(0);
    expect(await state('busy-end')).toBe('hibernating');
    await later(72 * HOUR);
    expect(await state('broken')).toBe('destroying');
  });

  it.each<[string, (name: string) => Promise<unknown>, string]>([
    [
      'extended',
      (name) => extendEnvironment(bench.ports, caller, 'developer', bench.ref(name), 86_400),
      'hibernated',
    ],
    ['woken', (name) => wakeEnvironment(bench.ports, caller, bench.ref(name)), 'waking'],
    ['deployed to', (name) => bench.accept(name, { version }), 'waking'],
  ])('is back when it is %s', async (how, bring, after) => {
    const name = `back-${how.replace(' ', '-')}`;
    await living(name, 3600);
    await later(1.1 * HOUR);
    const { operation } = (await bench.environmentOf(name)).data;
    await bench.run({ id: operation! }, 'stopWorkloads', 'finishHibernation');
    await bring(name);
    const { data, due } = await bench.environmentOf(name);
    expect(data).toMatchObject({ state: after });
    expect(data).not.toHaveProperty('destroyAt');
    expect(Date.parse(data.expiresAt!)).toBeGreaterThan(bench.ports.effects.now() + 23 * HOUR);
    expect(due!.at).toBeLessThanOrEqual(Date.parse(data.expiresAt!) - HOUR);
  });

  it('is not woken by requests, which are told so', async () => {
    await living('unasked', 3600);
    await bench.deploy('unasked', version);
    await later(1.1 * HOUR);
    await bench.run(
      { id: (await bench.environmentOf('unasked')).data.operation! },
      'stopWorkloads',
      'finishHibernation',
    );
    const { destroyAt } = (await bench.environmentOf('unasked')).data;
    const asked = await bench.subject.workload('web.unasked.shop.localhost');
    expect(asked.status).toBe(503);
    expect(asked.text).toContain(destroyAt);
    expect(await wakeOnRequest(bench.ports, bench.ref('unasked'))).toMatchObject({
      state: 'expired',
      error: { hint: expect.stringContaining('berth env wake -p shop unasked') },
    });
    expect(await state('unasked')).toBe('hibernated');
  });

  it('is left alone when it was changed after the look (I8)', async () => {
    await bench.environment('extended', { kind: 'ephemeral', ttl: '1h' });
    const { data: before, ...item } = await bench.environmentOf('extended');
    const destroyAt = new Date(bench.ports.effects.now() + HOUR).toISOString();
    const seen = { ...item, data: { ...before, destroyAt } };
    await bench.makeDue(seen, { queue: ENVIRONMENTS_QUEUE, at: 1 });
    bench.pass(3_700_000);
    const { store } = bench.ports;
    const late: Ports = {
      ...bench.ports,
      store: {
        ...store,
        due: async (query) => {
          const found = await store.due<never>(query);
          // Extended between the look and the act: another generation.
          const item = found.find(({ sk }) => sk === seen.sk);
          if (item) await bench.makeDue({ ...seen, data: { ...seen.data, generation: 9 } }, seen.due!);
          return found;
        },
      },
    };
    await sweep(late);
    expect(await state('extended')).toBe('ready');
  });
});

describe('An environment with office hours', () => {
  it('sleeps outside of them and is woken when they begin, unless it has expired or is busy', async () => {
    const HOUR = 3_600_000;
    await bench.environment('hours');
    const at = (shift: number) =>
      new Date(bench.ports.effects.now() + shift * HOUR).toISOString().slice(11, 16);
    const [now, soon, later] = [at(0), at(1), at(2)];
    // None of them passes midnight, whenever the test runs.
    if (!(now < soon && soon < later)) bench.pass(4 * HOUR);
    const officeHours = { days: 'sun-sat', from: at(1), to: at(2), zone: 'UTC' };
    await changeEnvironment(bench.ports, caller, 'developer', bench.ref('hours'), { officeHours });
    const pass = async (milliseconds: number) => {
      bench.pass(milliseconds);
      await bench.ports.store.transact([{ delete: CLOCK_KEY }]);
      expect(await sweep(bench.ports)).toMatchObject({ errors: [] });
    };
    const end = async (...names: StepName[]) =>
      bench.run({ id: (await bench.environmentOf('hours')).data.operation! }, ...names);
    await pass(0);
    expect(await state('hours')).toBe('hibernating');
    await end('stopWorkloads', 'finishHibernation');
    await pass(0.9 * HOUR);
    expect(await state('hours')).toBe('hibernated');
    await pass(0.2 * HOUR);
    expect(await state('hours')).toBe('waking');
    await end('startWorkloads', 'finishWaking');
    const deployment = await bench.accept('hours', { version });
    await pass(HOUR);
    expect(await state('hours')).toBe('ready');
    await bench.run(deployment, 'recoverDeployment');
    // It was deployed to within the hours, and is left alone for two hours from then on.
    await pass(0.5 * HOUR);
    expect(await state('hours')).toBe('ready');
    await pass(0.6 * HOUR);
    const { operation } = (await bench.environmentOf('hours')).data;
    expect(await state('hours')).toBe('hibernating');
    expect(await bench.operation(operation!)).toMatchObject({ input: { reason: 'hours' } });
  });
});
