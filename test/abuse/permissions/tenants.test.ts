/** The attempts of one tenant against another, and of a low role against a higher one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  createSubject,
  DIGEST,
  deploy,
  expectProblem,
  person,
  type Subject,
  seed,
  workload,
} from '../../api/support.ts';

let subject: Subject;
const as =
  (token: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${token}`, ...headers });
const [eve, dev] = [as('eve'), as('dev')];

beforeAll(async () => {
  subject = await createSubject();
  for (const name of ['eve', 'dev', 'boss']) subject.people.set(name, person(name));
  await seed(subject);
  await deploy(subject);
  await subject.api('PUT', '/v1/projects/demo/environments/dev/secrets/KEY', { value: 'canary-value' });
  await subject.api('PUT', '/v1/projects/demo/members/user:boss', { role: 'administrator' });
  await subject.api('PUT', '/v1/projects/demo/members/user:dev', { role: 'developer' });
  await eve('POST', '/v1/projects', { name: 'evil' });
  await eve('POST', '/v1/projects/evil/services', { name: 'guestbook' });
  await eve('POST', '/v1/projects/evil/environments', { name: 'dev' });
});
afterAll(() => subject.close());

describe("Another tenant's things (25)", () => {
  it.each([
    ['GET', '/v1/projects/demo/environments/dev/secrets'],
    ['GET', '/v1/projects/DEMO/environments/dev/secrets'],
    ['GET', '/v1/projects/evil%2f..%2fdemo/environments/dev/secrets'],
    ['GET', '/v1/projects/evil/../demo/environments/dev/secrets'],
    ['GET', '/v1//projects/demo/environments/dev/secrets'],
    ['GET', '/v1/projects/demo;evil/environments/dev/secrets'],
    ['GET', '/v1/projects/demo%00/environments/dev/secrets'],
    ['GET', '/v1/projects/demo/environments/dev/secrets?project=evil'],
    ['PUT', '/v1/projects/demo/members/user:eve'],
    ['POST', '/v1/projects/demo/tokens'],
    ['POST', '/v1/projects/demo/trusts'],
    ['DELETE', '/v1/projects/demo/environments/dev'],
    ['PUT', '/v1/projects/demo/environments/dev/protection'],
  ])('are not reached by %s %s', async (method, path) => {
    const answer = await eve(method, path, method === 'GET' ? undefined : {});
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toMatch(/KEY|canary|guestbook/);
  });

  it.each([
    ['a member added with a project of its own', 'members/user:eve', { role: 'viewer', project: 'demo' }],
    ['a token', 'tokens', { name: 'x', role: 'administrator', project: 'demo' }],
    ['a trust rule', 'trusts', { role: 'viewer', project: 'demo' }],
  ])('are not reached by naming the project in the body of %s', async (_what, path, body) => {
    const answer = await eve(path.startsWith('members') ? 'PUT' : 'POST', `/v1/projects/evil/${path}`, body);
    expectProblem(answer, 400, 'invalid_request');
  });

  it('are not reached by a personal token that names the project, nor told apart from none', async () => {
    const ask = (project: string) => eve('POST', '/v1/tokens', { name: 'x', role: 'viewer', project });
    const [there, nowhere] = [await ask('demo'), await ask('nope')];
    expectProblem(there, 404, 'not_found');
    expect(there.body.detail.replace('demo', 'nope')).toBe(nowhere.body.detail);
  });

  it('are not deployed: a version or an environment counts in the own project alone', async () => {
    const path = '/v1/projects/evil/environments/dev/services/guestbook/deployments';
    for (const body of [{ version: 'v1' }, { fromEnvironment: 'demo/dev' }, { rollbackTo: 1 }]) {
      const { status } = await eve('POST', path, body);
      expect([400, 404, 409], JSON.stringify(body)).toContain(status);
    }
  });

  it('are not told by an idempotency key that its owner used', async () => {
    const key = { 'idempotency-key': 'same-key' };
    const body = { image: DIGEST, workload, tags: ['v2'] };
    const path = '/v1/projects/demo/services/guestbook/versions';
    expect((await dev('POST', path, body, key)).status).toBe(201);
    expectProblem(await eve('POST', path, body, key), 404, 'not_found');
  });
});

describe('A token in a URL (22)', () => {
  it.each(['access_token', 'token', 'authorization', 'api_key'])('as %s is none', async (name) => {
    const { token } = (await dev('POST', '/v1/tokens', { name: 'x', role: 'viewer' })).body;
    for (const path of [`/v1/me?${name}=${token}`, `/v1/projects/demo/events?${name}=${token}`]) {
      const response = await subject.app.request(path);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain(token);
    }
  });
});

describe('A role of more than one has (24)', () => {
  it.each([
    ['POST', '/v1/projects/demo/tokens', { name: 'x', role: 'administrator' }],
    ['POST', '/v1/projects/demo/tokens', { name: 'x', role: 'viewer' }],
    ['PUT', '/v1/projects/demo/members/user:dev', { role: 'administrator' }],
    ['PUT', '/v1/projects/demo/members/email:dev@example.com', { role: 'administrator' }],
    ['PUT', '/v1/projects/demo/members/group:everyone', { role: 'maintainer' }],
    ['DELETE', '/v1/projects/demo/members/user:boss', undefined],
    ['PUT', '/v1/projects/demo/environments/dev/protection', { approval: false }],
  ])('is not had by %s %s %j', async (method, path, body) => {
    expectProblem(await dev(method, path, body), 403, 'forbidden');
  });

  it.each([
    'administrator',
    'platform',
    'Administrator',
    ['administrator'],
    null,
    { $gt: '' },
    '__proto__',
    'constructor',
  ])('is not had by a token with the role %j', async (role) => {
    const made = await dev('POST', '/v1/tokens', { name: 'x', role });
    if (made.status !== 201) return expectProblem(made, 400, 'invalid_request');
    // More may be asked for; what it may is what its owner may.
    const token = as(made.body.token);
    expectProblem(await token('DELETE', '/v1/projects/demo'), 403, 'forbidden');
    expect((await token('GET', '/v1/projects/demo/access')).body.role).toBe('developer');
  });

  it.each(['__proto__', 'toString', 'hasOwnProperty'])(
    'is not had by an environment with the name %s',
    async (name) => {
      const body = `{"role":"viewer","environments":{"${name}":"administrator"}}`;
      const answer = await as('boss')('PUT', '/v1/projects/demo/members/user:x', body, {
        'content-type': 'application/json',
      });
      expect(answer.status).toBe(400);
    },
  );

  it('is not had in an environment that is named as what every object has', async () => {
    // "constructor" is a name like any other; it gives nobody another role unless a membership says so.
    const answer = await dev('PUT', '/v1/projects/demo/environments/constructor/protection', {
      approval: true,
    });
    expectProblem(answer, 403, 'forbidden');
    expect(answer.body.detail).toMatch(/yours is developer/);
  });

  it('is not read from anyone: no list of tokens, members or rules has a token in it', async () => {
    const boss = as('boss');
    const { token } = (await boss('POST', '/v1/projects/demo/tokens', { name: 'x', role: 'viewer' })).body;
    for (const path of ['tokens', 'members', 'trusts', 'events']) {
      const { text } = await boss('GET', `/v1/projects/demo/${path}`);
      expect(text).not.toContain(token);
      expect(text).not.toMatch(/"hash":"[0-9a-f]{64}"/);
    }
    expectProblem(await dev('GET', '/v1/projects/demo/tokens'), 403, 'forbidden');
  });
});
