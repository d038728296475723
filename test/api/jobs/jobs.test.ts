import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { destroyEnvironment } from '../../../functions/commands/environments/transitions.ts';
import { jobEnd } from '../../../functions/commands/jobs/job-end.ts';
import { environmentKey, eventsPartition, operationKey } from '../../../functions/core/keys.ts';
import type { BerthEvent, Environment, Operation } from '../../../functions/core/model/index.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import {
  createSubject,
  deploy,
  expectProblem,
  instance,
  instancePath,
  type Subject,
  seed,
  setProcesses,
  setState,
} from '../support.ts';

const RUNS = `${instancePath}/runs`;
const JOB = `${instancePath}/jobs/tidy`;
const MINUTE = 60_000;
const each = { schedule: '* * * * *', command: ['node', 'tidy.js'] };

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterAll(() => subject.close());

const job = async () => (await subject.api('GET', JOB)).body;
const events = async (): Promise<BerthEvent[]> =>
  (await readAll<BerthEvent>(subject.ports.store, eventsPartition('demo'))).map(({ data }) => data);
const told = async (type: string) => (await events()).filter((event) => event.type === type);

/** The time goes on, and the sweep passes. */
async function pass(milliseconds: number): Promise<void> {
  subject.pass(milliseconds);
  expect((await sweep(subject.ports)).errors).toEqual([]);
}

/** What the steps of a run do at its end. */
async function end(id: string, status: 'succeeded' | 'failed'): Promise<void> {
  const { store } = subject.ports;
  const item = await store.get<Operation<'run'>>(operationKey(id));
  const error = { code: 'run_failed' as const, cause: 'It did.', hint: 'Mend it.' };
  const { writes } = await jobEnd(subject.ports, item!.data, {
    status,
    ...(status === 'failed' && { error }),
  });
  const environment = await store.get<Environment>(environmentKey(instance));
  const { [id]: _ended, ...runs } = environment!.data.runs ?? {};
  const { pk, sk, due } = environment!;
  await store.transact([
    ...writes,
    { put: { pk, sk, data: { ...environment!.data, runs }, ...(due && { due }) } },
    { put: { ...operationKey(id), data: { ...item!.data, status, ...(status === 'failed' && { error }) } } },
  ]);
}

describe('A run', () => {
  it('is refused where nothing works that it could run in, and for a command that is none', async () => {
    expectProblem(await subject.api('POST', RUNS, { command: ['ls'] }), 404, 'not_found');
    await deploy(subject);
    for (const command of [[], [''], ['a\0b'], 'ls -l', ['x'.repeat(9_000)], [1]])
      expectProblem(await subject.api('POST', RUNS, { command }), 400, 'invalid_request');
    for (const timeout of ['5h', '0s', 10])
      expectProblem(await subject.api('POST', RUNS, { command: ['ls'], timeout }), 400, 'invalid_request');
  });

  it('is an operation that can be canceled, is listed with its command, and has its command on record', async () => {
    const { status, body } = await subject.api('POST', RUNS, { command: ['node', 'a.js'], timeout: '10m' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ kind: 'run', environment: 'dev', service: 'guestbook', status: 'queued' });
    const [listed] = (await subject.api('GET', RUNS)).body.items;
    expect(listed).toMatchObject({ id: body.id, command: 'node a.js', createdBy: 'administrator' });
    expect((await told('run.started')).at(-1)).toMatchObject({
      operation: body.id,
      data: { command: 'node a.js', deployment: 1 },
    });
    expect((await subject.api('POST', `/v1/operations/${body.id}/cancel`)).status).toBe(202);
    await end(body.id, 'failed');
    expect((await subject.api('GET', `${RUNS}?job=tidy`)).body.items).toEqual([]);
  });

  it('wakes an environment that sleeps, and does not begin in one that is going to', async () => {
    await setState(subject.ports, 'dev', 'hibernating');
    expectProblem(await subject.api('POST', RUNS, { command: ['ls'] }), 409, 'environment_not_ready');
    await setState(subject.ports, 'dev', 'hibernated');
    const { body } = await subject.api('POST', RUNS, { command: ['ls'] });
    expect((await subject.api('GET', '/v1/projects/demo/environments/dev')).body.state).toBe('waking');
    await setState(subject.ports, 'dev', 'ready');
    expectProblem(
      await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate'),
      409,
      'operation_in_progress',
    );
    await end(body.id, 'succeeded');
  });

  it('is one of ten at once in an environment', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 10; count++)
      ids.push((await subject.api('POST', RUNS, { command: ['ls'] })).body.id);
    expectProblem(await subject.api('POST', RUNS, { command: ['ls'] }), 429, 'too_many_requests');
    for (const id of ids) await end(id, 'succeeded');
  });
});

describe('A job', () => {
  beforeEach(async () => {
    await subject.api('DELETE', JOB);
    await setState(subject.ports, 'dev', 'ready');
  });
  const set = (more = {}) => subject.api('PUT', JOB, { ...each, ...more });

  it('is set with what is left out as by default, changed in part, and told as an event', async () => {
    const made = await set({ timeZone: 'Europe/Berlin' });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      ...each,
      timeZone: 'Europe/Berlin',
      timeout: '1h',
      overlap: 'forbid',
      retries: 0,
      suspended: false,
      wakes: false,
      running: [],
      nextAt: expect.stringMatching(/:00\.000Z$/),
    });
    const etag = made.headers.get('etag') ?? '';
    const paused = await subject.api('PATCH', JOB, { suspended: true }, { 'if-match': etag });
    expect(paused.body).toMatchObject({ ...each, timeZone: 'Europe/Berlin', suspended: true });
    expect(paused.body).not.toHaveProperty('nextAt');
    expectProblem(
      await subject.api('PATCH', JOB, { suspended: false }, { 'if-match': etag }),
      412,
      'precondition_failed',
    );
    expect((await told('job.changed')).at(-1)?.data).toEqual({
      job: 'tidy',
      changes: { suspended: { before: false, after: true } },
    });
    expect((await subject.api('GET', `${instancePath}/jobs`)).body.items).toHaveLength(1);
    expect((await subject.api('DELETE', JOB)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expectProblem(await subject.api(method, JOB, method === 'PATCH' ? {} : undefined), 404, 'not_found');
  });

  it('is refused for a schedule, a zone or a number that is none, with what it has to be', async () => {
    for (const [field, value, says] of [
      ['schedule', 'daily', 'five fields'],
      ['schedule', '61 * * * *', 'minute'],
      ['schedule', '0 0 31 2 *', 'never due'],
      ['timeZone', '+02:00', 'Europe/Berlin'],
      ['overlap', 'replace', 'forbid'],
      ['retries', 6, '5'],
      ['command', [], '1'],
    ] as const) {
      const refused = await set({ [field]: value });
      expectProblem(refused, 400, 'invalid_request');
      expect(JSON.stringify(refused.body.errors)).toContain(field);
      expect(JSON.stringify(refused.body.errors)).toContain(says);
    }
  });

  it('runs once for each time that it is due, with what serves then, and is listed with its runs', async () => {
    await set();
    await pass(MINUTE);
    await pass(1);
    const { running, nextAt } = await job();
    expect(running).toHaveLength(1);
    expect(Date.parse(nextAt)).toBeGreaterThan(subject.ports.effects.now());
    expect((await subject.api('GET', `${RUNS}?job=tidy`)).body.items).toMatchObject([
      { id: running[0], job: 'tidy', command: 'node tidy.js', createdBy: 'berth' },
    ]);
    await end(running[0], 'succeeded');
    expect(await job()).toMatchObject({ running: [], last: { operation: running[0], status: 'succeeded' } });
  });

  it('whose last run goes on misses its time, is told once, and runs when that has ended; or runs beside it', async () => {
    const before = (await told('job.missed')).length;
    await set();
    await pass(MINUTE);
    const [first] = (await job()).running;
    await pass(MINUTE);
    await pass(MINUTE);
    expect(await job()).toMatchObject({ running: [first], missed: { count: 2, reason: 'overlap' } });
    expectProblem(await subject.api('POST', `${JOB}/runs`), 409, 'operation_in_progress');
    expect((await told('job.missed')).slice(before)).toMatchObject([{ data: { reason: 'overlap' } }]);
    await subject.api('PATCH', JOB, { overlap: 'allow' });
    await pass(MINUTE);
    const { running, missed } = await job();
    expect(running).toHaveLength(2);
    expect(missed).toBeUndefined();
    for (const id of running) await end(id, 'succeeded');
  });

  it('runs late where Berth did not run for some minutes, and says that it was missed where it was for longer', async () => {
    await set({ schedule: '0 * * * *' });
    const due = Date.parse((await job()).nextAt);
    await pass(due - subject.ports.effects.now() + 4 * MINUTE);
    const [late] = (await job()).running;
    await end(late, 'succeeded');
    await pass(2 * 60 * MINUTE + 10 * MINUTE);
    expect(await job()).toMatchObject({ running: [], missed: { count: 2, reason: 'late' } });
    expect((await told('job.missed')).at(-1)).toMatchObject({ data: { job: 'tidy', reason: 'late' } });
  });

  it('sleeps with its environment, which is no failure; one that wakes it does so', async () => {
    await set();
    const before = (await told('job.missed')).length;
    await setState(subject.ports, 'dev', 'hibernated');
    await pass(MINUTE);
    expect(await job()).toMatchObject({ running: [] });
    expect(await told('job.missed')).toHaveLength(before);
    await subject.api('PATCH', JOB, { wakes: true });
    await pass(MINUTE);
    const { running } = await job();
    expect(running).toHaveLength(1);
    expect((await subject.api('GET', '/v1/projects/demo/environments/dev')).body.state).toBe('waking');
    await end(running[0], 'succeeded');
  });

  it('is no use of its environment, which goes to sleep between its runs', async () => {
    await set();
    await end((await subject.api('POST', RUNS, { command: ['ls'] })).body.id, 'succeeded');
    await subject.api('PATCH', '/v1/projects/demo/environments/dev', { idleAfter: '90s' });
    await pass(MINUTE);
    const [running] = (await job()).running;
    await pass(MINUTE);
    const state = async () => (await subject.api('GET', '/v1/projects/demo/environments/dev')).body.state;
    expect(await state()).toBe('ready');
    await end(running, 'succeeded');
    await pass(1);
    expect(await state()).toBe('hibernating');
    await subject.api('PATCH', '/v1/projects/demo/environments/dev', { idleAfter: null });
  });

  it('runs when it is asked to, suspended or not, and is not tried again then', async () => {
    await set({ suspended: true, retries: 3 });
    await pass(MINUTE);
    expect((await job()).running).toEqual([]);
    const { body } = await subject.api('POST', `${JOB}/runs`);
    expect((await job()).running).toEqual([body.id]);
    await end(body.id, 'failed');
    expect(await job()).toMatchObject({ last: { status: 'failed' } });
    expect(await job()).not.toHaveProperty('retryAt');
  });

  it('is tried again after a failure, unless it is due again before', async () => {
    await set({ schedule: '0 0 1 1 *', retries: 2 });
    const due = Date.parse((await job()).nextAt);
    await pass(due - subject.ports.effects.now());
    const [first] = (await job()).running;
    await end(first, 'failed');
    expect(Date.parse((await job()).retryAt) - subject.ports.effects.now()).toBeGreaterThan(9_000);
    await pass(11_000);
    const [second] = (await job()).running;
    expect(second).not.toBe(first);
    await end(second, 'succeeded');
    expect(await job()).not.toHaveProperty('retryAt');
  });

  it('runs with a process of the service, and misses its time where what serves then has none of the name', async () => {
    expectProblem(await set({ process: 'worker' }), 404, 'not_found');
    await setProcesses(subject.ports, { worker: { replicas: 1 } });
    expect((await set({ process: 'worker' })).body).toMatchObject({ process: 'worker' });
    await pass(MINUTE);
    const [running] = (await job()).running;
    expect((await told('run.started')).at(-1)).toMatchObject({
      operation: running,
      data: { process: 'worker', job: 'tidy' },
    });
    await end(running, 'succeeded');
    const { body } = await subject.api('POST', `${JOB}/runs`);
    expect((await told('run.started')).at(-1)).toMatchObject({ data: { process: 'worker' } });
    await end(body.id, 'succeeded');
    await setProcesses(subject.ports, {});
    await pass(MINUTE);
    expect(await job()).toMatchObject({ running: [], missed: { reason: 'no_process' } });
    expectProblem(await subject.api('POST', `${JOB}/runs`), 404, 'not_found');
    for (const suspended of [true, false])
      expect((await subject.api('PATCH', JOB, { suspended })).status).toBe(200);
    expect((await subject.api('PATCH', JOB, { process: null })).body).not.toHaveProperty('process');
    await pass(MINUTE);
    await end((await job()).running[0], 'succeeded');
  });

  it('is one of twenty of its service, and goes with its environment: a later one of the name has none', async () => {
    for (let count = 0; count < 20; count++)
      await subject.api('PUT', `${instancePath}/jobs/job-${count}`, { ...each, suspended: true });
    expectProblem(await set(), 409, 'conflict');
    await subject.api('DELETE', `${instancePath}/jobs/job-0`);
    await set();
    const { store } = subject.ports;
    const item = await store.get<Environment>(environmentKey(instance));
    await store.transact([{ put: { ...environmentKey(instance), data: { ...item!.data, id: 'another' } } }]);
    await pass(MINUTE);
    expectProblem(await subject.api('GET', JOB), 404, 'not_found');
    await destroyEnvironment(subject.ports, { actor: 'tester' }, { project: 'demo', environment: 'dev' });
  });
});
