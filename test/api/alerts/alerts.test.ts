/** Alerts from what is seen to what is told, on a clock that is moved by hand. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalActivity } from '../../../functions/adapters/local/activity/activity.ts';
import { watchEnvironment } from '../../../functions/commands/alerts/alert-watches.ts';
import { environmentKey, eventsPartition } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { lookAtAlerts } from '../../../functions/sweep/alerts/look-at-alerts.ts';
import {
  createSubject,
  deploy,
  expectProblem,
  instance,
  person,
  type Subject,
  seed,
  setState,
} from '../support.ts';

const ALERTS = '/v1/projects/demo/alerts';
const RULES = '/v1/projects/demo/alert-rules';
const SILENCES = '/v1/projects/demo/alert-silences';
const MINUTE = 60_000;

let subject: Subject;
let ports: Ports;

beforeEach(async () => {
  subject = await createSubject();
  ({ ports } = subject);
  await seed(subject);
  await deploy(subject);
  await look();
});
afterEach(() => subject.close());

async function look(clock: { jumpedAt?: string; isNew?: boolean } = {}, seen: Ports = ports): Promise<void> {
  subject.pass(10_000);
  const errors: unknown[] = [];
  await lookAtAlerts(seen, { isNew: false, ...clock }, (_, error) => errors.push(error));
  expect(errors).toEqual([]);
}

function ask(requests: number, errors: number): void {
  for (let number = 0; number < requests; number++)
    (ports.activity as LocalActivity).record(instance, number < errors ? 500 : 200, 5, 1);
}

async function told(): Promise<BerthEvent[]> {
  const events = await readAll<BerthEvent>(ports.store, eventsPartition('demo'));
  return events.map(({ data }) => data).filter(({ type }) => type.startsWith('alert.'));
}
const typesTold = async () => (await told()).map(({ type }) => type);
const list = async (query = '') => (await subject.api('GET', `${ALERTS}${query}`)).body.items;

describe('An alert by the rules that hold from the start', () => {
  it('fires once, with numbers, the deployment before it and the next command, and resolves after its time', async () => {
    ask(100, 30);
    for (let looks = 0; looks < 5; looks++) await look();
    expect(await told()).toMatchObject([
      {
        type: 'alert.fired',
        actor: 'berth',
        environment: 'dev',
        service: 'guestbook',
        data: {
          rule: 'error-rate',
          subject: 'guestbook',
          cause: '30 % of 100 requests within 5m were answered with 5xx, at most 5 %',
          figures: { requests: 100, errors: 30, percent: 30, limitPercent: 5 },
          deployment: { number: 1, by: 'administrator' },
          next: 'berth rollback -p demo -e dev -s guestbook',
        },
      },
    ]);
    const [alert] = await list('?state=firing');
    expect(alert).toMatchObject({ state: 'firing', kind: 'error-rate' });
    // The window is over first, and then the time that it has to be fine.
    subject.pass(5 * MINUTE);
    await look();
    subject.pass(4 * MINUTE);
    await look();
    expect(await typesTold()).toEqual(['alert.fired']);
    subject.pass(MINUTE);
    await look();
    expect(await typesTold()).toEqual(['alert.fired', 'alert.resolved']);
    expect(await list('?state=firing')).toEqual([]);
    expect(await list()).toMatchObject([{ id: alert.id, state: 'resolved', end: 'cleared' }]);
  });

  it('neither fires nor resolves while requests are not seen', async () => {
    const blind: Ports = {
      ...ports,
      activity: {
        ...ports.activity,
        requests: async () => {
          throw new Problem('unavailable', 'Requests are not counted here.', { hint: 'None.' });
        },
      },
    };
    ask(100, 30);
    await look({}, blind);
    expect(await told()).toEqual([]);
    await look();
    subject.pass(30 * MINUTE);
    await look({}, blind);
    subject.pass(30 * MINUTE);
    await look({}, blind);
    expect(await typesTold()).toEqual(['alert.fired']);
  });

  it('is over when its environment is destroyed, and nothing watches that any more', async () => {
    ask(100, 30);
    await look();
    await ports.store.transact([{ delete: environmentKey(instance) }]);
    await look();
    expect(await told()).toMatchObject([
      { type: 'alert.fired' },
      { type: 'alert.resolved', data: { end: 'gone' } },
    ]);
    await look();
    expect(await list('?state=firing')).toEqual([]);
  });

  it('is over when what it is about sleeps', async () => {
    ask(100, 30);
    await look();
    await setState(ports, 'dev', 'hibernating');
    await look();
    expect(await typesTold()).toEqual(['alert.fired']);
    await setState(ports, 'dev', 'hibernated');
    await look();
    expect(await typesTold()).toEqual(['alert.fired', 'alert.resolved']);
  });

  it('does not fire at the moment at which the clock has jumped', async () => {
    ask(100, 30);
    await look({ isNew: true, jumpedAt: new Date(ports.effects.now()).toISOString() });
    expect(await told()).toEqual([]);
  });
});

it('An environment that is looked at again and again without news is written nowhere', async () => {
  ask(100, 0);
  await look();
  let writes = 0;
  const { store } = ports;
  const counted: Ports = {
    ...ports,
    store: { ...store, transact: (all) => store.transact(all).finally(() => writes++) },
  };
  for (let looks = 0; looks < 10; looks++) await look({}, counted);
  expect(writes).toBe(0);
});

it('A deployment has its environment watched, once', async () => {
  await subject.api('POST', '/v1/projects/demo/environments', { name: 'other' });
  const other = { project: 'demo', environment: 'other' };
  await watchEnvironment(ports, other);
  await watchEnvironment(ports, other);
  await watchEnvironment(ports, { project: 'demo', environment: 'none' });
  const watched = (await readAll(ports.store, 'alert-watches')).map(({ sk }) => sk);
  expect(watched).toEqual(['-begun', 'demo/dev', 'demo/other']);
});

it('A budget that is nearly spent is told in money, one that is overspent once more, and one that goes ends both', async () => {
  const policy = '/v1/projects/demo/policies/cheap';
  const { usdPerMonth } = (await subject.api('GET', '/v1/projects/demo/environments/dev/cost')).body;
  expect(usdPerMonth).toBeGreaterThan(1);
  const allow = (usd: number, of = 'persistent') =>
    subject.api('PUT', policy, { rule: { kind: 'budget', usdPerMonth: Math.round(usd * 100) / 100, of } });
  await allow(usdPerMonth / 0.7);
  await look();
  await allow(usdPerMonth / 0.9, 'ephemeral');
  await look();
  expect(await told()).toEqual([]);
  await allow(usdPerMonth / 0.9);
  await look();
  await look();
  expect(await told()).toMatchObject([
    {
      type: 'alert.fired',
      environment: 'dev',
      data: {
        rule: 'budget',
        subject: 'cheap',
        cause: expect.stringMatching(
          /^a month of the environment costs up to [\d.]+ USD, (89|90) % of the [\d.]+ USD that the policy "cheap" allows$/,
        ),
        figures: { limitPercent: 80 },
        next: 'berth cost -p demo -e dev',
      },
    },
  ]);
  await allow(usdPerMonth / 1.2);
  await look();
  expect((await told()).slice(1)).toMatchObject([{ data: { rule: 'over-budget', subject: 'cheap' } }]);
  await subject.api('DELETE', policy);
  await look();
  expect((await told()).slice(2)).toMatchObject([
    { type: 'alert.resolved', data: { end: 'gone' } },
    { type: 'alert.resolved', data: { end: 'gone' } },
  ]);
});

describe('Rules', () => {
  const rules = [
    {
      name: 'strict',
      when: { kind: 'error-rate', percent: 1, minRequests: 10, window: '1m' },
      environments: ['d*'],
      for: '30s',
      clearAfter: '1m',
    },
  ];

  it('are the defaults until they are set, come back as they were sent, and give way to the defaults again', async () => {
    const defaults = (await subject.api('GET', RULES)).body;
    expect(defaults).toMatchObject({ isDefault: true });
    const put = await subject.api('PUT', RULES, { rules });
    expect(put.status, put.text).toBe(200);
    expect(put.body).toMatchObject({ rules, isDefault: false });
    expect((await subject.api('PUT', RULES, { rules: defaults.rules })).body.rules).toEqual(defaults.rules);
    expect((await subject.api('PUT', RULES, { rules: null })).body).toEqual(defaults);
  });

  it('hold where they say: a rule with a time fires only after that, and one that goes ends its alert', async () => {
    await subject.api('PUT', RULES, { rules });
    ask(20, 10);
    await look();
    await look();
    expect(await typesTold()).toEqual([]);
    await look();
    await look();
    expect(await typesTold()).toEqual(['alert.fired']);
    await subject.api('PUT', RULES, { rules: [{ ...rules[0], environments: ['production'] }] });
    await look();
    expect((await told()).at(-1)).toMatchObject({ type: 'alert.resolved', data: { end: 'gone' } });
  });

  it('that look at something else are others, though they kept their names', async () => {
    const at = (when: object) => subject.api('PUT', RULES, { rules: [{ name: 'strict', when }] });
    await at({ kind: 'error-rate', percent: 1, minRequests: 10, window: '5m' });
    ask(20, 10);
    await look();
    await at({ kind: 'crash-loop', restarts: 5, window: '5m' });
    await look();
    expect((await told()).at(-1)).toMatchObject({ type: 'alert.resolved', data: { end: 'gone' } });
    expect(await list('?state=firing')).toEqual([]);
  });

  it('that can not be meant are refused', async () => {
    const put = (some: object[]) => subject.api('PUT', RULES, { rules: some });
    expectProblem(await put([...rules, ...rules]), 400, 'invalid_request');
    expectProblem(await put([{ ...rules[0], for: '2h' }]), 400, 'invalid_request');
    expectProblem(await put([{ name: 'x', when: { kind: 'guess' } }]), 400, 'invalid_request');
    expectProblem(await put([{ name: 'x', when: { kind: 'job', percent: 3 } }]), 400, 'invalid_request');
  });
});

describe('People', () => {
  it('acknowledge what fires: who was first stays, and what is over is refused', async () => {
    ask(100, 30);
    await look();
    const [{ id }] = await list('?state=firing');
    const path = `${ALERTS}/${id}/acknowledge`;
    expect((await subject.api('POST', path, { note: 'Rolling back' })).body).toMatchObject({
      state: 'firing',
      acknowledged: { note: 'Rolling back' },
    });
    expect((await subject.api('POST', path, { note: 'Me too' })).body.acknowledged.note).toBe('Rolling back');
    expect(await typesTold()).toEqual(['alert.fired', 'alert.acknowledged']);
    await subject.api('PUT', RULES, { rules: [] });
    await look();
    expectProblem(await subject.api('POST', path, {}), 409, 'conflict');
    expectProblem(await subject.api('POST', `${ALERTS}/01KAV6M2J8Y0T5W3Q9R7C4X1ZB/acknowledge`), 404);
  });

  it('change nothing of an environment in which they are no developers', async () => {
    subject.people.set('dev', person('dev'));
    const member = { role: 'developer', environments: { dev: 'viewer' } };
    expect((await subject.api('PUT', '/v1/projects/demo/members/user:dev', member)).status).toBe(201);
    const headers = { authorization: 'Bearer dev' };
    ask(100, 30);
    for (let looks = 0; looks < 5; looks++) await look();
    const [{ id }] = await list();
    expectProblem(await subject.api('POST', `${ALERTS}/${id}/acknowledge`, {}, headers), 403, 'forbidden');
    for (const environment of [undefined, 'dev']) {
      const body = { subject: 'guestbook', environment, for: '1h', reason: 'quiet' };
      expectProblem(await subject.api('POST', SILENCES, body, headers), 403, 'forbidden');
    }
    const elsewhere = { environment: 'other', for: '1h', reason: 'quiet' };
    expect((await subject.api('POST', SILENCES, elsewhere, headers)).status).toBe(201);
    const { body } = await subject.api('POST', SILENCES, {
      subject: 'guestbook',
      for: '1h',
      reason: 'quiet',
    });
    expectProblem(
      await subject.api('DELETE', `${SILENCES}/${body.id}`, undefined, headers),
      403,
      'forbidden',
    );
  });

  it('silence what they know of: it fires untold, and is told when the silence ends before it does', async () => {
    const body = { subject: 'guestbook', for: '1m', reason: 'The database moves' };
    const { body: silence, status } = await subject.api('POST', SILENCES, body);
    expect(status).toBe(201);
    ask(100, 30);
    await look();
    expect(await typesTold()).toEqual(['alert.silenced']);
    expect(await list('?state=firing')).toMatchObject([{ silence: silence.id }]);
    subject.pass(MINUTE);
    await look();
    expect(await typesTold()).toEqual(['alert.silenced', 'alert.fired']);
    expect((await list('?state=firing'))[0].silence).toBeUndefined();
    expect((await subject.api('GET', SILENCES)).body.items).toEqual([]);
  });

  it('hear nothing of what is over before its silence is, and end one early', async () => {
    const silence = { environment: 'dev', for: '1d', reason: 'Quiet' };
    const { body } = await subject.api('POST', SILENCES, silence);
    ask(100, 30);
    await look();
    await subject.api('PUT', RULES, { rules: [] });
    await look();
    expect((await list())[0]).toMatchObject({ state: 'resolved', silence: body.id });
    expect((await subject.api('DELETE', `${SILENCES}/${body.id}`)).status).toBe(204);
    expectProblem(await subject.api('DELETE', `${SILENCES}/${body.id}`), 404);
    const types = await typesTold();
    expect(types.filter((type) => type === 'alert.fired' || type === 'alert.resolved')).toEqual([]);
    expectProblem(await subject.api('POST', SILENCES, { for: '1d', reason: 'All of it' }), 400);
  });
});
