/** A caller that sends too many requests is slowed down, and nobody else is. */
import { afterEach, describe, expect, it } from 'vitest';
import { createRates, defaultRates, sharesRate } from '../../../functions/api/admission/rates.ts';
import { limits } from '../../../functions/core/limits.ts';
import type { Principal } from '../../../functions/core/model/index.ts';
import {
  type Answer,
  createSubject,
  expectProblem,
  person,
  type Subject,
  seed,
  setState,
} from '../support.ts';

let subject: Subject;
afterEach(() => subject.close());

const bearer =
  (token: string) =>
  (method: string, path: string, body?: unknown): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${token}` });

async function start(rates: Parameters<typeof createSubject>[0]): Promise<void> {
  subject = await createSubject(rates);
  await seed(subject);
  for (const name of ['ada', 'bob']) {
    subject.people.set(name, person(name));
    await subject.api('PUT', `/v1/projects/demo/members/user:${name}`, { role: 'maintainer' });
  }
}

describe('Requests', () => {
  it('of one person are bounded, with all tokens together, and others go on', async () => {
    await start({ rates: { principal: { perSecond: 2, burst: 5 } } });
    const ada = bearer('ada');
    const token = bearer((await ada('POST', '/v1/tokens', { name: 'x', role: 'viewer' })).body.token);
    for (let at = 0; at < 2; at++) {
      expect((await ada('GET', '/v1/me')).status).toBe(200);
      expect((await token('GET', '/v1/me')).status).toBe(200);
    }
    for (const api of [ada, token]) {
      const refused = await api('GET', '/v1/me');
      expectProblem(refused, 429, 'too_many_requests');
      expect(refused.headers.get('retry-after')).toBe('1');
    }
    expect((await bearer('bob')('GET', '/v1/me')).status).toBe(200);
    expect((await subject.api('GET', '/v1/me')).status).toBe(200);
    subject.pass(1000);
    expect((await ada('GET', '/v1/me')).status).toBe(200);
  });

  it('of the tokens of a project are bounded together', async () => {
    await start({ rates: { principal: { perSecond: 1, burst: 3 } } });
    const tokens = await Promise.all(
      ['x', 'y'].map(async (name) =>
        bearer((await subject.api('POST', '/v1/projects/demo/tokens', { name, role: 'viewer' })).body.token),
      ),
    );
    const statuses: number[] = [];
    for (const token of [...tokens, ...tokens]) statuses.push((await token('GET', '/v1/me')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await bearer('ada')('GET', '/v1/me')).status).toBe(200);
  });

  it('of project tokens count to who made them, with what else acts for that person', async () => {
    await start({ rates: { principal: { perSecond: 1, burst: 6 } } });
    const ada = bearer('ada');
    const tokens = await Promise.all(
      ['x', 'y'].map(async (name) =>
        bearer((await ada('POST', '/v1/projects/demo/tokens', { name, role: 'viewer' })).body.token),
      ),
    );
    const statuses: number[] = [];
    for (const api of [...tokens, ada, ...tokens]) statuses.push((await api('GET', '/v1/me')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    expect((await bearer('bob')('GET', '/v1/me')).status).toBe(200);
  });

  it('with tokens that are none are bounded by address, each public route by itself', async () => {
    const from = { address: '192.0.2.1' };
    await start({ rates: { address: { perSecond: 1, burst: 3 } }, clientAddress: () => from.address });
    const guess = () => bearer('berth_guess')('GET', '/v1/me');
    const exchange = { project: 'demo', subject_token: 'x' };
    for (const ask of [guess, () => subject.api('POST', '/v1/token-exchange', exchange)]) {
      for (let at = 0; at < 3; at++) expectProblem(await ask(), 401);
      expectProblem(await ask(), 429, 'too_many_requests');
    }
    from.address = '192.0.2.2';
    expectProblem(await guess(), 401);
    expectProblem(await subject.api('POST', '/v1/token-exchange', exchange), 401);
  });

  it('that are refused, however many and whatever is wrong with them, lock out no valid credentials of the same address', async () => {
    await start({ rates: { address: { perSecond: 0.001, burst: 3 } }, clientAddress: () => '192.0.2.1' });
    const anonymous = (path: string, headers: Record<string, string>, body = '{') =>
      subject.app.request(path, { method: 'POST', headers, body });
    for (let at = 0; at < 140; at++) {
      await anonymous('/v1/token-exchange', { 'content-type': 'application/json' });
      await anonymous('/v1/projects', {});
      await anonymous('/v1/projects', { authorization: 'Basic eA==' });
      await anonymous('/v1/projects', { authorization: 'Bearer berth_guess' });
    }
    expect((await anonymous('/v1/token-exchange', { 'content-type': 'application/json' })).status).toBe(429);
    expect((await anonymous('/v1/projects', { authorization: 'Bearer x' })).status).toBe(429);
    for (const who of ['ada', 'bob', 'administrator-token']) {
      expect((await bearer(who)('GET', '/v1/me')).status, who).toBe(200);
    }
    expect((await subject.app.request('/healthz')).status).toBe(200);
  });
});

describe('What is counted by person', () => {
  it('is not multiplied by tokens: streams', async () => {
    await start({ streamsPerPerson: 2 });
    const open = (token: string) =>
      subject.app.request('/v1/projects/demo/events', {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      });
    const make = async (path: string) =>
      (await bearer('ada')('POST', path, { name: 'x', role: 'viewer' })).body.token as string;
    const tokens = ['ada', await make('/v1/tokens'), await make('/v1/projects/demo/tokens')];
    const answers = [];
    for (const token of tokens) answers.push(await open(token));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect((await open('bob')).status).toBe(200);
    for (const { body } of answers) await body?.cancel();
  });

  it('is not multiplied by tokens: refusals in the audit trail of another project', async () => {
    await start({});
    await subject.api('POST', '/v1/projects', { name: 'other' });
    for (let at = 0; at < 5; at++) {
      const { token } = (await bearer('ada')('POST', '/v1/tokens', { name: 'x', role: 'viewer' })).body;
      expectProblem(await bearer(token)('GET', '/v1/projects/other'), 404);
    }
    await subject.app.flush();
    const { items } = (await subject.api('GET', '/v1/projects/other/events?limit=50')).body;
    expect(items.filter(({ type }: { type: string }) => type === 'access.refused')).toHaveLength(1);
  });

  it('has a bound of its own: tokens of a person, and of a project', async () => {
    await start({});
    for (const path of ['/v1/tokens', '/v1/projects/demo/tokens']) {
      const make = () => bearer('ada')('POST', path, { name: 'x', role: 'viewer' });
      const { body } = await make();
      const { value } = limits.tokensOfOwner;
      // All at once, and none of them is one too many.
      const all = await Promise.all(Array.from({ length: value + 2 }, make));
      expect(all.filter(({ status }) => status === 201)).toHaveLength(value - 1);
      expectProblem(await make(), 409, 'conflict');
      expect((await bearer('ada')('DELETE', `${path}/${body.id}`)).status).toBe(204);
      expect((await make()).status).toBe(201);
    }
    expect((await bearer('bob')('POST', '/v1/tokens', { name: 'x', role: 'viewer' })).status).toBe(201);
  });
});

describe('Operations', () => {
  it('of one project are bounded, whoever begins them, and those of others are not', async () => {
    await start({ rates: { operations: { perSecond: 0.1, burst: 2 } } });
    await bearer('bob')('POST', '/v1/projects', { name: 'other' });
    const create = (name: string, who: string, project = 'demo') =>
      bearer(who)('POST', `/v1/projects/${project}/environments`, { name });
    expect((await create('a', 'ada')).status).toBe(202);
    expect((await create('b', 'bob')).status).toBe(202);
    const refused = await create('c', 'ada');
    expectProblem(refused, 429, 'too_many_requests');
    expect(refused.headers.get('retry-after')).toBe('10');
    expect((await subject.api('GET', '/v1/projects/demo/environments/c')).status).toBe(404);
    expect((await create('c', 'bob', 'other')).status).toBe(202);
    expect((await bearer('ada')('GET', '/v1/projects/demo')).status).toBe(200);
    // A caller who may not begin an operation does not use up the project's share.
    await setState(subject.ports, 'dev', 'ready');
    subject.people.set('eve', person('eve'));
    for (let at = 0; at < 5; at++) expectProblem(await create('x', 'eve', 'other'), 404);
    expect((await create('d', 'bob', 'other')).status).toBe(202);
  });
});

describe('A bucket', () => {
  it('fills up to its burst and no further, and a clock set back changes nothing', async () => {
    subject = await createSubject();
    let now = 0;
    const rates = createRates({ ...defaultRates, principal: { perSecond: 1, burst: 2 } }, () => now);
    const takes = (): boolean => {
      try {
        rates.take('principal', 'a');
        return true;
      } catch {
        return false;
      }
    };
    expect([takes(), takes(), takes()]).toEqual([true, true, false]);
    now = 1_000_000;
    expect([takes(), takes(), takes()]).toEqual([true, true, false]);
    now = 0;
    expect(takes()).toBe(false);
    now = 1000;
    expect([takes(), takes()]).toEqual([true, false]);
  });

  it('is shared by those who stand for one', () => {
    subject = { close: async () => undefined } as Subject;
    const token: Omit<Principal, 'id'> = { kind: 'token', groups: [], administrator: false };
    expect(sharesRate({ ...token, id: 'token:1', owner: 'user:ada' })).toBe('user:ada');
    const madeBy = 'user:ada';
    expect(sharesRate({ ...token, id: 'token:2', limits: { project: 'demo' }, madeBy })).toBe('user:ada');
    expect(sharesRate({ ...token, kind: 'workflow', id: 'ci:x:y', madeBy })).toBe('user:ada');
    expect(sharesRate({ ...token, kind: 'system', id: 'administrator' })).toBeUndefined();
    expect(sharesRate(person('ada'))).toBe('user:ada');
  });
});
