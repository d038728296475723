import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOperation } from '../../../functions/records/read.ts';
import type { Answer } from '../support.ts';
import {
  createSubject,
  deploy,
  endOperation,
  expectProblem,
  type Subject,
  seed,
  setState,
} from '../support.ts';

const PATH = '/v1/projects/demo/environments/dev/gamedays';
const abort = { type: 'abort', service: 'guestbook', percent: 10 };

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterAll(() => subject.close());

const hold = (faults: unknown[], more = {}): Promise<Answer> =>
  subject.api('POST', PATH, { duration: '1m', faults, ...more });

describe('A game day', () => {
  it('is refused where nothing runs, with what to do', async () => {
    expectProblem(await hold([{ type: 'kill' }]), 422, 'invalid_gameday');
    expectProblem(await hold([{ type: 'kill', service: 'guestbook' }]), 404, 'not_found');
    await deploy(subject);
    expectProblem(await hold([{ type: 'kill', service: 'other' }]), 404, 'not_found');
  });

  it('is refused before anything is done, where the place can not make fail what is asked for', async () => {
    const refused = await hold([{ type: 'kill' }, abort]);
    expectProblem(refused, 422, 'invalid_gameday');
    expect(refused.body.detail).toContain('requests do not pass Berth');
    expectProblem(await hold([{ type: 'slow-database', delayMs: 100 }]), 422, 'invalid_gameday');
    expect(subject.started).toEqual(expect.not.arrayContaining([refused.body.id]));
  });

  it('is bounded in time, in what it touches and in how many faults it has', async () => {
    for (const duration of ['9s', '11m', '1d', 60])
      expectProblem(await subject.api('POST', PATH, { duration, faults: [{ type: 'kill' }] }), 400);
    for (const fault of [
      { type: 'delay', service: 'guestbook', delayMs: 30_001 },
      { type: 'delay', delayMs: 10 },
      { type: 'abort', service: 'guestbook', percent: 101 },
      { type: 'abort', service: 'guestbook', percent: 0 },
      { type: 'kill', every: '1s' },
      { type: 'format-disk' },
    ])
      expectProblem(await hold([fault]), 400, 'invalid_request');
    expectProblem(await hold([]), 400, 'invalid_request');
    expectProblem(await hold(Array.from({ length: 11 }, () => ({ type: 'kill' }))), 400, 'invalid_request');
  });

  it('is one at a time in an environment, cancelable, and told as an event with its end', async () => {
    const held = await hold([{ type: 'kill', service: 'guestbook', every: '20s' }], {
      stopAtErrorPercent: 50,
    });
    expect(held.status, held.text).toBe(202);
    expect(held.body).toMatchObject({ kind: 'game-day', environment: 'dev', status: 'queued' });
    // A later environment of the name is not concerned by it.
    const environment = await subject.api('GET', '/v1/projects/demo/environments/dev');
    expect((await getOperation(subject.ports.store, held.body.id)).data.environmentId).toBe(
      environment.body.id,
    );
    expectProblem(await hold([{ type: 'kill' }]), 409, 'operation_in_progress');
    const { body } = await subject.api('GET', '/v1/projects/demo/events?limit=1');
    expect(body.items[0]).toMatchObject({
      type: 'gameday.started',
      operation: held.body.id,
      data: { faults: ['kill guestbook'], endsAt: expect.stringMatching(/Z$/) },
    });
    expect((await subject.api('POST', `/v1/operations/${held.body.id}/cancel`)).status).toBe(202);
    await endOperation(subject.ports, held.body.id, 'canceled');
    expect((await hold([{ type: 'kill' }])).status).toBe(202);
  });

  it('is refused while its environment is not ready', async () => {
    await setState(subject.ports, 'dev', 'hibernated');
    expectProblem(await hold([{ type: 'kill' }]), 409, 'environment_not_ready');
    await setState(subject.ports, 'dev', 'ready');
  });
});
