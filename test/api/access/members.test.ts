/** Members of projects: what their roles let them do, and who may give them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  escapePart,
  MEMBER_PATTERN,
  memberIds,
  principalId,
} from '../../../functions/core/authorization/principal.ts';
import type { BerthEvent, Principal } from '../../../functions/core/model/index.ts';
import { createSubject, expectProblem, person, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(() => subject.close());

/** The API as someone; their token is their name. */
function as(name: string, fields: Partial<Principal> = {}) {
  subject.people.set(name, person(name, fields));
  return (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    subject.api(method, path, body, { authorization: `Bearer ${name}`, ...headers });
}

const members = '/v1/projects/demo/members';
const add = async (principal: string, role: string, environments?: Record<string, string>) => {
  const answer = await subject.api('PUT', `${members}/${principal}`, { role, environments });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer;
};
const lastEvent = async (): Promise<BerthEvent> =>
  (await subject.api('GET', '/v1/projects/demo/events?limit=1')).body.items[0];

describe('A member', () => {
  it('may what the role may, and is told which role it takes for more', async () => {
    const ada = as('ada');
    expectProblem(await ada('GET', '/v1/projects/demo'), 404, 'not_found');
    expect((await add('user:ada', 'viewer')).status).toBe(201);
    expect((await ada('GET', '/v1/projects/demo')).status).toBe(200);
    const refused = await ada('POST', '/v1/projects/demo/services', { name: 'shop' });
    expectProblem(refused, 403, 'forbidden');
    expect(refused.body.detail).toMatch(/takes the role developer, and yours is viewer/);
    expect((await add('user:ada', 'developer')).status).toBe(200);
    expect((await ada('POST', '/v1/projects/demo/services', { name: 'shop' })).status).toBe(201);
    expect((await subject.api('DELETE', `${members}/user:ada`)).status).toBe(204);
    expectProblem(await ada('GET', '/v1/projects/demo'), 404, 'not_found');
  });

  it('has another role in an environment where that is set, up or down', async () => {
    const ada = as('ada');
    await subject.api('POST', '/v1/projects/demo/environments', { name: 'production' });
    const put = (environment: string) =>
      ada('PUT', `/v1/projects/demo/environments/${environment}/secrets/KEY`, { value: 'x' });
    await add('user:boss', 'administrator');
    await add('user:ada', 'developer', { production: 'viewer' });
    expect((await put('dev')).status).toBe(201);
    expectProblem(await put('production'), 403);
    await add('user:ada', 'viewer', { dev: 'developer' });
    expect((await put('dev')).status).toBe(200);
    expectProblem(await put('production'), 403);
    const access = await ada('GET', '/v1/projects/demo/access');
    expect(access.body).toEqual({ role: 'viewer', environments: { dev: 'developer' } });
    // An operation is its environment's.
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/production/hibernate');
    expect(body.code).toBe('environment_not_ready');
    const [{ id }] = (await subject.api('GET', '/v1/projects/demo/environments/production/operations')).body
      .items;
    expect((await ada('GET', `/v1/operations/${id}`)).status).toBe(200);
    expectProblem(await ada('POST', `/v1/operations/${id}/cancel`), 403);
  });

  it('is let in by groups and by a verified address, and has the highest role of all', async () => {
    await add('user:boss', 'administrator');
    await add('group:=2Fteam=2Fshop', 'viewer', { dev: 'maintainer' });
    await add('email:ada@example.com', 'developer', { dev: 'viewer' });
    const ada = as('ada', { groups: ['/team/shop'], email: 'Ada@Example.com' });
    expect((await ada('GET', '/v1/projects/demo/access')).body).toEqual({
      role: 'developer',
      environments: { dev: 'maintainer' },
    });
    for (const fields of [{ groups: ['/team/shop/x'] }, { groups: ['team'] }, { email: 'ada@example.org' }]) {
      expectProblem(await as('eve', fields)('GET', '/v1/projects/demo'), 404);
    }
  });

  it('sees own projects alone in the list, page by page, each once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const name of names) await subject.api('POST', '/v1/projects', { name });
    const let_in: Record<string, string[]> = { 'user:ada': ['a', 'c', 'f'], 'group:team': ['b', 'c', 'g'] };
    for (const [id, projects] of Object.entries(let_in)) {
      for (const name of projects) {
        await subject.api('PUT', `/v1/projects/${name}/members/user:boss`, { role: 'administrator' });
        await subject.api('PUT', `/v1/projects/${name}/members/${id}`, { role: 'viewer' });
      }
    }
    const ada = as('ada', { groups: ['team'] });
    for (const limit of [1, 2, 3, 50]) {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await ada('GET', `/v1/projects?limit=${limit}${cursor}`);
        seen.push(...body.items.map(({ name }: { name: string }) => name));
        if (body.nextCursor === undefined) break;
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(seen, `limit ${limit}`).toEqual(['a', 'b', 'c', 'f', 'g']);
    }
    const limited = as('bot', { limits: { role: 'viewer', project: 'f' } });
    expect((await limited('GET', '/v1/projects')).body.items).toMatchObject([{ name: 'f' }]);
  });

  it('who creates a project is its administrator', async () => {
    const ada = as('ada');
    expect((await ada('POST', '/v1/projects', { name: 'shop' })).status).toBe(201);
    expect((await ada('GET', '/v1/projects/shop/access')).body.role).toBe('administrator');
    const { body } = await ada('GET', '/v1/projects/shop/members');
    expect(body.items).toMatchObject([{ principal: 'user:ada', role: 'administrator' }]);
    const bot = as('bot', { kind: 'token', owner: 'user:ada', limits: { role: 'administrator' } });
    expectProblem(await bot('POST', '/v1/projects', { name: 'other' }), 403, 'forbidden');
  });

  it('of a deleted project is not let into a later one of the same name', async () => {
    const ada = as('ada');
    await ada('POST', '/v1/projects', { name: 'shop' });
    expect((await ada('PUT', '/v1/projects/shop/members/user:bob', { role: 'viewer' })).status).toBe(201);
    expect((await ada('DELETE', '/v1/projects/shop')).status).toBe(204);
    expect((await ada('POST', '/v1/projects', { name: 'shop' })).status).toBe(201);
    expectProblem(await as('bob')('GET', '/v1/projects/shop'), 404);
    expect((await as('bob')('GET', '/v1/projects')).body.items).toEqual([]);
  });
});

describe('Nobody', () => {
  it('gives, changes or takes a role above their own', async () => {
    await add('user:boss', 'administrator');
    await add('user:max', 'maintainer');
    await add('user:ada', 'developer', { dev: 'administrator' });
    const max = as('max');
    expect((await max('PUT', `${members}/user:bob`, { role: 'maintainer' })).status).toBe(201);
    for (const [id, body] of [
      ['user:eve', { role: 'administrator' }],
      ['user:max', { role: 'administrator' }],
      ['user:eve', { role: 'viewer', environments: { dev: 'administrator' } }],
      ['user:boss', { role: 'viewer' }],
      ['user:ada', { role: 'developer' }],
    ] as const) {
      expectProblem(await max('PUT', `${members}/${id}`, body), 403, 'forbidden');
    }
    expectProblem(await max('DELETE', `${members}/user:boss`), 403, 'forbidden');
    expectProblem(await max('DELETE', `${members}/user:ada`), 403, 'forbidden');
    expectProblem(await as('ada')('PUT', `${members}/user:eve`, { role: 'viewer' }), 403, 'forbidden');
    expect((await max('DELETE', `${members}/user:bob`)).status).toBe(204);
  });

  it('removes the last administrator, not even two of each other at once', async () => {
    await add('user:a', 'administrator');
    expectProblem(await subject.api('DELETE', `${members}/user:a`), 409, 'conflict');
    expectProblem(await subject.api('PUT', `${members}/user:a`, { role: 'viewer' }), 409, 'conflict');
    await add('user:b', 'administrator');
    const [a, b] = [as('a'), as('b')];
    const both = await Promise.all([a('DELETE', `${members}/user:b`), b('DELETE', `${members}/user:a`)]);
    expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
  });
});

describe('A change of members', () => {
  it('is an event that says who, and what was before', async () => {
    await add('user:ada', 'administrator');
    await add('user:bob', 'viewer', { dev: 'developer' });
    await add('user:bob', 'maintainer');
    expect(await lastEvent()).toMatchObject({
      type: 'member.changed',
      actor: 'administrator',
      data: {
        principal: 'user:bob',
        role: 'maintainer',
        before: { role: 'viewer', environments: { dev: 'developer' } },
      },
    });
    await as('ada')('DELETE', `${members}/user:bob`);
    expect(await lastEvent()).toMatchObject({ type: 'member.removed', actor: 'user:ada' });
  });

  it('honours If-Match', async () => {
    const { headers } = await add('user:ada', 'administrator');
    await add('user:bob', 'viewer');
    const stale = await subject.api(
      'PUT',
      `${members}/user:ada`,
      { role: 'administrator' },
      { 'if-match': '"7"' },
    );
    expectProblem(stale, 412);
    const nobody = await subject.api(
      'PUT',
      '/v1/projects/demo/members/user:nobody-yet',
      { role: 'viewer' },
      { 'if-match': headers.get('etag')! },
    );
    expectProblem(nobody, 412, 'precondition_failed');
    const right = { 'if-match': headers.get('etag')! };
    expect((await subject.api('PUT', `${members}/user:ada`, { role: 'administrator' }, right)).status).toBe(
      200,
    );
  });

  it('ends open streams', async () => {
    await subject.close();
    subject = await createSubject({ heartbeatMs: 20 });
    await seed(subject);
    await add('user:boss', 'administrator');
    await add('user:ada', 'viewer');
    as('ada');
    const response = await subject.app.request('/v1/projects/demo/events', {
      headers: { authorization: 'Bearer ada', accept: 'text/event-stream' },
    });
    expect(response.status).toBe(200);
    const ended = response.text();
    await subject.api('DELETE', `${members}/user:ada`);
    expect(await ended).toMatch(/^:/);
    expect(subject.app.streams.size).toBe(0);
  });

  it.each([
    'user:',
    'ada',
    'token:x',
    'user:a b',
    'user:a=2f',
    'user:=7',
    'ci:x',
    `user:${'a'.repeat(250)}`,
    'user:a:b',
  ])('needs a member, and %s is none', async (id) => {
    const { status } = await subject.api('PUT', `${members}/${id}`, { role: 'viewer' });
    expect([400, 404]).toContain(status);
  });
});

describe('Ids', () => {
  it('have one form, which is read in a path as it stands', () => {
    for (const text of ['ada', 'auth0|5f', '/team/shop', 'a=b', 'é', 'A B', '#', '%2e', 'user:x']) {
      const id = principalId('user', text)!;
      expect(id).toMatch(MEMBER_PATTERN);
      expect(new URL(`http://berth/v1/${id}`).pathname).toBe(`/v1/${id}`);
    }
    expect(escapePart('a=b|é')).toBe('a=3Db=7C=C3=A9');
    expect(principalId('group', '')).toBeUndefined();
    expect(principalId('group', '\ud800')).toBeUndefined();
    expect(principalId('group', 'x'.repeat(300))).toBeUndefined();
  });

  it('of a person are its own, that of the address and those of the groups, each once and not too many', () => {
    const groups = ['a', '', 'a', ...Array.from({ length: 200 }, (_, at) => `g${at}`)];
    const ids = memberIds({ id: 'token:1', owner: 'user:ada', email: 'A@b.c', groups });
    expect(ids.slice(0, 4)).toEqual(['user:ada', 'email:a@b.c', 'group:a', 'group:g0']);
    expect(ids.length).toBeLessThanOrEqual(90);
  });
});
