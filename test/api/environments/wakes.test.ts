import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentWrite } from '../../../functions/commands/environments/environments.ts';
import { takeWake } from '../../../functions/commands/environments/wake-on-request.ts';
import { environmentKey } from '../../../functions/core/keys.ts';
import { limits } from '../../../functions/core/limits.ts';
import type { Environment } from '../../../functions/core/model/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import {
  type Answer,
  createSubject,
  deploy,
  expectProblem,
  instance,
  type Subject,
  seed,
  setState,
} from '../support.ts';

const TOKEN = 'token-of-the-activator';

describe('What the activator of a cluster asks', () => {
  let subject: Subject;
  let ready: number;
  beforeEach(async () => {
    subject = await createSubject();
    subject.ports.wakers = { knows: async (token) => token === TOKEN };
    await seed(subject);
    await deploy(subject);
    await setState(subject.ports, 'dev', 'hibernated');
    ready = 0;
    subject.ports.workloads.status = async () => ({ desiredReplicas: 1, readyReplicas: ready, replicas: [] });
    subject.started.length = 0;
  });
  afterEach(() => subject.close());

  const ask = (service = 'guestbook', token = TOKEN, environment = 'dev'): Promise<Answer> =>
    subject.api(
      'POST',
      '/v1/wakes',
      { project: 'demo', environment, service },
      { authorization: `Bearer ${token}` },
    );
  const read = async () =>
    (await subject.ports.store.get<Environment>(environmentKey({ project: 'demo', environment: 'dev' })))!;
  async function write(change: (environment: Environment) => Environment): Promise<void> {
    const { data, version } = await read();
    await subject.ports.store.transact([environmentWrite(change(data), { version })]);
  }

  it('wakes a sleeper once, however often it asks, as the platform itself', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    for (const { status, body } of answers) expect([status, body]).toEqual([200, { state: 'waking' }]);
    expect(new Set(subject.started).size).toBe(1);
    expect((await read()).data).toMatchObject({ state: 'waking', generation: 2 });
    expect((await ask()).body).toEqual({ state: 'waking' });
  });

  it('is its word alone: nobody else wakes by this route, and its token does nothing else', async () => {
    for (const token of ['administrator-token', 'stranger-token', 'guess'])
      expectProblem(await ask('guestbook', token), 401, 'unauthenticated');
    expectProblem(
      await subject.api('GET', '/v1/projects', undefined, { authorization: `Bearer ${TOKEN}` }),
      401,
      'unauthenticated',
    );
    delete subject.ports.wakers;
    expectProblem(await ask(), 401, 'unauthenticated');
    expect(subject.started).toEqual([]);
  });

  it('wakes nothing that is not there, is stopped, or is in another place', async () => {
    expect((await ask('nobody')).body).toEqual({ state: 'absent' });
    expect((await ask('guestbook', TOKEN, 'other')).body).toEqual({ state: 'absent' });
    await write((environment) => withStanding(environment, instance, { state: 'stopped' }));
    expect((await ask()).body).toEqual({ state: 'stopped' });
    await write((environment) => withStanding(environment, instance, { state: 'removed' }));
    expect((await ask()).body).toEqual({ state: 'absent' });
    await write((environment) => ({ ...environment, placement: 'elsewhere' }));
    expect((await ask()).body).toEqual({ state: 'absent' });
    expect(subject.started).toEqual([]);
  });

  it('lets what is falling asleep fall asleep, and wakes it by the next question', async () => {
    await setState(subject.ports, 'dev', 'hibernating');
    expect((await ask()).body).toEqual({ state: 'waking' });
    expect(subject.started).toEqual([]);
    await setState(subject.ports, 'dev', 'hibernated');
    expect((await ask()).body).toEqual({ state: 'waking' });
    expect(subject.started).toHaveLength(1);
  });

  it('is told of a service that is ready before the others are', async () => {
    expect((await ask()).body).toEqual({ state: 'waking' });
    ready = 1;
    expect((await ask()).body).toEqual({ state: 'awake' });
    await setState(subject.ports, 'dev', 'hibernating');
    expect((await ask()).body).toEqual({ state: 'waking' });
  });

  it('is told that it stays asleep where requests have woken it twice outside of its office hours', async () => {
    const officeHours = { days: 'sun-sat', from: '08:00', to: '19:00', zone: 'UTC' };
    const until = new Date(subject.ports.effects.now() + 3_600_000).toISOString();
    await write((environment) => ({ ...environment, officeHours, wokenOutside: { times: 2, until } }));
    const { body } = await ask();
    expect(body).toMatchObject({ state: 'expired', error: { cause: expect.stringContaining(until) } });
    expect(subject.started).toEqual([]);
    subject.pass(2 * 3_600_000);
    expect((await ask()).body).toEqual({ state: 'waking' });
  });

  it('is told why not all came back', async () => {
    const error = {
      code: 'workload_not_ready' as const,
      cause: 'Not all came back: guestbook.',
      hint: 'Look at it.',
    };
    await write((environment) => ({ ...environment, state: 'ready', wakeError: error }));
    expect((await ask()).body).toEqual({ state: 'awake', error });
  });

  it('is refused once requests have woken it too often, until a minute has passed', async () => {
    const at = new Date(subject.ports.effects.now()).toISOString();
    await write((environment) => ({ ...environment, requestWakes: { left: 0, at } }));
    const refused = await ask();
    expectProblem(refused, 429, 'too_many_requests');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await read()).data.state).toBe('hibernated');
    subject.pass(60_000);
    expect((await ask()).body).toEqual({ state: 'waking' });
  });
});

it('wakes by requests come back one each minute, and never more than there were', () => {
  const start = Date.parse('2026-01-01T00:00:00.000Z');
  let environment = { name: 'dev' } as Environment;
  for (let wake = 0; wake < limits.requestWakes.value; wake++)
    environment = takeWake(environment, start + wake);
  expect(() => takeWake(environment, start + 59_000)).toThrow(/asleep/);
  environment = takeWake(environment, start + 150_000);
  environment = takeWake(environment, start + 150_000);
  expect(() => takeWake(environment, start + 150_000)).toThrow(/asleep/);
  const rested = takeWake(environment, start + 365 * 86_400_000);
  expect(rested.requestWakes?.left).toBe(limits.requestWakes.value - 1);
});
