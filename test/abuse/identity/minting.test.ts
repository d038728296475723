/** Nobody gets more than they have: not by a token, a membership, a rule for pipelines, or the answer to somebody else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, createSubject, expectProblem, person, type Subject, seed } from '../../api/support.ts';

let subject: Subject;
const project = '/v1/projects/demo';
const ROLES = ['viewer', 'developer', 'maintainer', 'administrator'] as const;

beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  for (const role of ROLES) {
    subject.people.set(role, person(role));
    expect((await subject.api('PUT', `${project}/members/user:${role}`, { role })).status).toBe(201);
  }
  expect((await subject.api('POST', '/v1/projects', { name: 'other' })).status).toBe(201);
});
afterAll(() => subject.close());

const as =
  (token: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${token}`, ...headers });
const above = (role: string): string[] => ROLES.slice(ROLES.indexOf(role as never) + 1);
const everything = async (): Promise<string> => {
  const texts = await Promise.all(
    ['members', 'tokens', 'trusts'].map(
      async (path) => (await subject.api('GET', `${project}/${path}`)).text,
    ),
  );
  return texts.join('\n').replaceAll(/"lastUsedAt":"[^"]*"/g, '');
};

describe.each(ROLES.slice(0, 3))('A %s', (role) => {
  it('makes no token of the project, no member and no rule above that', async () => {
    const before = await everything();
    for (const higher of above(role)) {
      for (const [method, path, body] of [
        ['POST', 'tokens', { name: 'x', role: higher }],
        ['POST', 'tokens', { name: 'x', role: higher, environments: ['dev'] }],
        ['POST', 'tokens', { name: 'x', role: higher, createsTokens: true }],
        ['PUT', `members/user:${role}`, { role: higher }],
        ['PUT', `members/user:${role}`, { role, environments: { dev: higher } }],
        ['PUT', `members/group:everybody`, { role: higher }],
        ['PUT', `members/email:eve@example.com`, { role: higher }],
        [
          'POST',
          'trusts',
          {
            issuer: 'https://token.actions.githubusercontent.com',
            audience: 'https://berth.example.com',
            subjects: ['repo:octo/guestbook:ref:refs/heads/main'],
            role: higher,
          },
        ],
      ] as const) {
        const answer = await as(role)(method, `${project}/${path}`, body);
        // No rule for pipelines gives the role of an administrator, to anybody.
        expectProblem(
          answer,
          path === 'trusts' && higher === 'administrator' && role === 'maintainer' ? 400 : 403,
        );
      }
    }
    expect(await everything()).toBe(before);
  });

  it('gets no more by a token of its own than it may itself', async () => {
    for (const higher of above(role)) {
      const { status, body } = await as(role)('POST', '/v1/tokens', {
        name: 'x',
        role: higher,
        createsTokens: true,
      });
      // It may say more: what counts is the lesser of both.
      if (status !== 201) continue;
      const { body: access } = await as(body.token)('GET', `${project}/access`);
      expect(access.role).toBe(role);
      expectProblem(
        await as(body.token)('POST', `${project}/tokens`, { name: 'y', role: higher }),
        403,
        'forbidden',
      );
    }
  });

  it.each([
    'Administrator',
    'administrator ',
    'owner',
    'platform',
    '*',
    'viewer,administrator',
    '',
    '\u0000administrator',
  ])('has no role %j to give', async (other) => {
    for (const [method, path] of [
      ['POST', '/v1/tokens'],
      ['POST', `${project}/tokens`],
      ['PUT', `${project}/members/user:eve`],
    ] as const) {
      const answer = await as(role)(method, path, { name: 'x', role: other });
      expect([400, 403], answer.text).toContain(answer.status);
    }
  });

  it.each<[string, object]>([
    ['roles in a list', { role: ['viewer', 'administrator'] }],
    ['a second field', { role: 'viewer', roles: ['administrator'] }],
    ['a field that is Berth’s', { role: 'viewer', administrator: true }],
    ['somebody else as its owner', { role: 'viewer', owner: 'user:administrator' }],
    ['a token of its own choice', { role: 'viewer', token: `berth_${'a'.repeat(40)}` }],
    ['an id', { role: 'viewer', id: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }],
    ['limits of its own', { role: 'viewer', limits: {} }],
  ])('is refused with %s', async (_what, body) => {
    for (const path of ['/v1/tokens', `${project}/tokens`]) {
      const answer = await as(role)('POST', path, { name: 'x', ...body });
      expect([400, 403], answer.text).toContain(answer.status);
    }
  });
});

describe('A token of somebody else', () => {
  it('is not in any answer: not in lists, events, the trail, nor by the same idempotency key', async () => {
    const key = { 'idempotency-key': 'same' };
    const body = { name: 'deploys', role: 'administrator' };
    const { token, id } = (await as('administrator')('POST', `${project}/tokens`, body, key)).body;
    expect(token).toMatch(/^berth_/);
    for (const role of ROLES) {
      for (const path of [
        `${project}/tokens`,
        `${project}/events?limit=50`,
        `${project}/members`,
        `${project}/overview`,
        '/v1/tokens',
        '/v1/me',
      ]) {
        expect((await as(role)('GET', path)).text, `${role} ${path}`).not.toContain(token);
      }
      const again = await as(role)('POST', `${project}/tokens`, body, key);
      expect(again.text).not.toContain(token);
      if (role !== 'administrator') expectProblem(again, 403, 'forbidden');
    }
    for (const role of ['viewer', 'developer']) {
      expectProblem(await as(role)('GET', `${project}/tokens`), 403, 'forbidden');
      expectProblem(await as(role)('DELETE', `${project}/tokens/${id}`), 403, 'forbidden');
    }
  });

  it('is neither listed nor revoked by way of one’s own list, of another project, or as the token it is', async () => {
    const { id, token } = (await as('administrator')('POST', '/v1/tokens', { name: 'mine', role: 'viewer' }))
      .body;
    for (const role of ['viewer', 'developer', 'maintainer']) {
      for (const path of [`/v1/tokens/${id}`, `${project}/tokens/${id}`, `/v1/tokens/${token}`]) {
        const answer = await as(role)('DELETE', path);
        expect([400, 403, 404], `${role} ${path}`).toContain(answer.status);
      }
      expect((await as(role)('GET', '/v1/tokens')).text).not.toContain(id);
    }
    const theirs = (await subject.api('POST', '/v1/projects/other/tokens', { name: 'x', role: 'viewer' }))
      .body;
    const crossed = await as('administrator')('DELETE', `${project}/tokens/${theirs.id}`);
    expectProblem(crossed, 404, 'not_found');
    expect((await as(token)('GET', project)).status).toBe(200);
    expect((await as(theirs.token)('GET', '/v1/projects/other')).status).toBe(200);
  });

  it('for a project is none for another one, which its maker may see or not', async () => {
    const { token } = (
      await as('administrator')('POST', `${project}/tokens`, { name: 'x', role: 'administrator' })
    ).body;
    for (const [method, path, body] of [
      ['GET', '/v1/projects/other'],
      ['POST', '/v1/projects/other/tokens', { name: 'x', role: 'viewer' }],
      ['PUT', '/v1/projects/other/members/user:eve', { role: 'viewer' }],
      ['GET', '/v1/projects/other/tokens'],
    ] as const) {
      const answer = await as(token)(method, path, body);
      expect([403, 404], path).toContain(answer.status);
    }
    for (const project of [undefined, 'other']) {
      const answer = await as(token)('POST', '/v1/tokens', { name: 'x', role: 'administrator', project });
      expect([400, 403, 404]).toContain(answer.status);
    }
  });
});
