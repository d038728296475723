/** Tokens of people and projects. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isToken, makeToken, TOKEN_PATTERN } from '../../../functions/core/authorization/token-format.ts';
import type { Principal } from '../../../functions/core/model/index.ts';
import {
  type Answer,
  createSubject,
  deploy,
  expectProblem,
  person,
  type Subject,
  seed,
  setState,
} from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  await member('user:boss', 'administrator');
  await member('user:max', 'maintainer');
  await member('user:ada', 'developer');
});
afterEach(() => subject.close());

type Api = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

const bearer =
  (token: string): Api =>
  (method, path, body, headers = {}) =>
    subject.api(method, path, body, { authorization: `Bearer ${token}`, ...headers });

function as(name: string, fields: Partial<Principal> = {}): Api {
  subject.people.set(name, person(name, fields));
  return bearer(name);
}

async function member(id: string, role: string, environments?: Record<string, string>): Promise<void> {
  const answer = await subject.api('PUT', `/v1/projects/demo/members/${id}`, { role, environments });
  expect(answer.status, answer.text).toBeLessThan(300);
}

async function make(api: Api, body: Record<string, unknown>, path = '/v1/tokens'): Promise<Answer['body']> {
  const answer = await api('POST', path, { name: 'test', role: 'developer', ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

const DAY = 24 * 60 * 60 * 1000;
const project = '/v1/projects/demo';
const tokens = `${project}/tokens`;
const write = (api: Api, environment = 'dev') =>
  api('PUT', `${project}/environments/${environment}/secrets/KEY`, { value: 'x' });

describe('A token', () => {
  it('is known by its form, and a slip of the pen is found without a look-up', () => {
    const token = makeToken(Buffer.alloc(24, 7).toString('base64url'));
    expect(token).toMatch(TOKEN_PATTERN);
    expect(isToken(token)).toBe(true);
    for (let at = 6; at < token.length; at++) {
      const other = token[at] === 'x' ? 'y' : 'x';
      expect(isToken(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toBe(false);
    }
    for (const end of ['\n', ' ', '=']) expect(isToken(token + end)).toBe(false);
    expect(makeToken(Buffer.alloc(24, 255).toString('base64url'))).toMatch(TOKEN_PATTERN);
    expect(makeToken(Buffer.alloc(24, 0).toString('base64url'))).toMatch(TOKEN_PATTERN);
  });

  it('is shown once, and stored nowhere, not even with the answer to an idempotency key', async () => {
    const key = { 'idempotency-key': 'k1' };
    const body = { name: 'laptop', role: 'viewer' };
    const first = await as('ada')('POST', '/v1/tokens', body, key);
    const again = await bearer('ada')('POST', '/v1/tokens', body, key);
    const { token, ...shown } = first.body;
    expect(isToken(token)).toBe(true);
    expect(again.body).toEqual(shown);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const both = await Promise.all(
      [1, 2, 3].map(() => bearer('ada')('POST', '/v1/tokens', body, { 'idempotency-key': 'k2' })),
    );
    expect(both.filter((answer) => answer.body.token !== undefined)).toHaveLength(1);
    expect((await bearer('ada')('GET', '/v1/tokens')).body.items).toHaveLength(2);
    expect((await bearer('ada')('GET', '/v1/tokens')).text).not.toContain(token);
    for (const {
      body: { token: text },
    } of [first, ...both]) {
      if (text) expect(await dump()).not.toContain(text.slice(6, 40));
    }
  });

  it('ends when it expires, and is forgotten', async () => {
    const { token } = await make(as('ada'), { expiresIn: '1h' });
    expect((await bearer(token)('GET', project)).status).toBe(200);
    subject.pass(60 * 60 * 1000);
    expectProblem(await bearer(token)('GET', project), 401, 'unauthenticated');
    const due = await subject.ports.store.due({
      queue: 'retention',
      before: subject.ports.effects.now(),
      limit: 9,
    });
    expect(due.filter(({ pk }) => pk.startsWith('token'))).toHaveLength(2);
    for (const expiresIn of ['366d', '1s']) {
      expectProblem(await bearer('ada')('POST', '/v1/tokens', { name: 'x', role: 'viewer', expiresIn }), 400);
    }
  });

  it('says when it was used, and writes that once an hour', async () => {
    const { token } = await make(as('ada'), {});
    const used = async () => (await bearer('ada')('GET', '/v1/tokens')).body.items[0].lastUsedAt;
    expect(await used()).toBeUndefined();
    await bearer(token)('GET', project);
    const first = await used();
    expect(first).toMatch(/^20/);
    subject.pass(59 * 60 * 1000);
    await bearer(token)('GET', project);
    expect(await used()).toBe(first);
    subject.pass(2 * 60 * 1000);
    await bearer(token)('GET', project);
    expect(await used()).not.toBe(first);
  });

  it('revoked ends at once, open streams included', async () => {
    const { token, id } = await make(as('ada'), {});
    const response = await subject.app.request(`${project}/events`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    expect(response.status).toBe(200);
    const ended = response.text();
    expect((await bearer('ada')('DELETE', `/v1/tokens/${id}`)).status).toBe(204);
    await ended;
    expectProblem(await bearer(token)('GET', project), 401, 'unauthenticated');
    expectProblem(await bearer('ada')('DELETE', `/v1/tokens/${id}`), 404, 'not_found');
  });
});

describe('A personal token', () => {
  it('may what its owner may now, at most what its role may', async () => {
    const { token } = await make(as('ada'), { role: 'maintainer' });
    expect((await write(bearer(token))).status).toBe(201);
    expectProblem(await bearer(token)('PATCH', project, {}), 403, 'forbidden');
    await member('user:ada', 'administrator');
    expect((await bearer(token)('PATCH', project, {})).status).toBe(200);
    expectProblem(await bearer(token)('DELETE', project), 403, 'forbidden');
    await member('user:ada', 'viewer');
    expectProblem(await write(bearer(token)), 403, 'forbidden');
    await subject.api('DELETE', `${project}/members/user:ada`);
    expectProblem(await bearer(token)('GET', project), 404, 'not_found');
  });

  it('is let in by the groups that its owner had when last seen, for 90 days', async () => {
    await member('group:ops', 'maintainer');
    const { token } = await make(as('eve', { groups: ['ops'] }), { role: 'administrator' });
    expect((await bearer(token)('GET', `${project}/access`)).body.role).toBe('maintainer');
    await make(as('eve', { groups: [] }), {});
    expectProblem(await bearer(token)('GET', project), 404, 'not_found');
    await make(as('eve', { groups: ['ops'] }), {});
    expect((await bearer(token)('GET', project)).status).toBe(200);
    const { token: long } = await make(as('eve', { groups: ['ops'] }), { expiresIn: '365d' });
    subject.pass(91 * DAY);
    expectProblem(await bearer(long)('GET', project), 401, 'unauthenticated');
  });

  it('is limited to a project, and in it to environments', async () => {
    await subject.api('POST', `${project}/environments`, { name: 'production' });
    await as('ada')('POST', '/v1/projects', { name: 'other' });
    const { token } = await make(bearer('ada'), { project: 'demo', environments: ['dev'] });
    expect((await write(bearer(token))).status).toBe(201);
    const there = await write(bearer(token), 'production');
    const nowhere = await write(bearer(token), 'nowhere');
    expectProblem(there, 404, 'not_found');
    expect(there.body.detail.replace('production', 'nowhere')).toBe(nowhere.body.detail);
    expectProblem(await bearer(token)('GET', '/v1/projects/other'), 404, 'not_found');
    expect((await bearer(token)('GET', '/v1/projects')).body.items).toMatchObject([{ name: 'demo' }]);
    expect((await bearer(token)('GET', `${project}/services/guestbook`)).status).toBe(200);
    for (const path of ['environments', 'events', 'members']) {
      expectProblem(await bearer(token)('GET', `${project}/${path}`), 403, 'forbidden');
    }
    expectProblem(await bearer(token)('POST', `${project}/environments`, { name: 'x' }), 403, 'forbidden');
    expectProblem(
      await bearer('ada')('POST', '/v1/tokens', { name: 'x', role: 'viewer', environments: ['dev'] }),
      400,
    );
  });

  it('limited to an environment names no other one by reference: plan, promotion, diff, rollback and streams', async () => {
    const there = `${project}/environments/dev/services/guestbook`;
    await subject.api('POST', `${project}/environments`, { name: 'production' });
    await setState(subject.ports, 'production', 'ready');
    const deployed = await deploy(subject);
    const { token } = await make(as('ada'), { project: 'demo', environments: ['production'] });
    const api = bearer(token);
    const here = there.replace('/dev/', '/production/');
    for (const from of ['dev', 'nowhere']) {
      const plan = await api('GET', `${here}/plan?fromEnvironment=${from}`);
      const promotion = await api('POST', `${here}/deployments`, { fromEnvironment: from });
      for (const answer of [plan, promotion]) {
        expectProblem(answer, 404, 'not_found');
        expect(answer.body.detail).toContain(`"${from}"`);
        expect(answer.body.detail.replaceAll(from, 'x')).toBe(plan.body.detail.replaceAll(from, 'x'));
      }
    }
    expectProblem(await api('POST', `${here}/deployments`, { rollbackTo: deployed }), 404, 'not_found');
    expectProblem(await api('GET', `${here}/plan?rollbackTo=${deployed}`), 404, 'not_found');
    expectProblem(await api('GET', `${here}/deployments/${deployed}/diff`), 404, 'not_found');
    expectProblem(await api('GET', `${there}/deployments/${deployed}/diff`), 404, 'not_found');
    const { operation } = (await bearer('ada')('GET', `${there}/deployments/${deployed}`)).body;
    const stream = { accept: 'text/event-stream' };
    expectProblem(await api('GET', `/v1/operations/${operation}`, undefined, stream), 404, 'not_found');
    for (const path of ['events', 'events?environment=dev', 'overview']) {
      expectProblem(await api('GET', `${project}/${path}`, undefined, stream), 403, 'forbidden');
    }
    expect((await bearer('ada')('GET', `${here}/plan?fromEnvironment=dev`)).status).toBe(200);
    const both = await make(bearer('ada'), { project: 'demo', environments: ['production', 'dev'] });
    expect((await bearer(both.token)('GET', `${here}/plan?fromEnvironment=dev`)).status).toBe(200);
  });

  it('of a platform administrator is one in projects, up to its role, and nowhere else', async () => {
    const root = as('root', { administrator: true });
    const { token } = await make(root, { role: 'viewer' });
    expect((await bearer(token)('GET', project)).status).toBe(200);
    expectProblem(await write(bearer(token)), 403, 'forbidden');
    expectProblem(await bearer(token)('POST', '/v1/projects', { name: 'x' }), 403, 'forbidden');
    expect((await bearer('root')('GET', '/v1/audit/verification')).status).toBe(200);
    expectProblem(await bearer(token)('GET', '/v1/audit/verification'), 403, 'forbidden');
  });

  it('of a platform administrator is held to the protection of an environment', async () => {
    const { token } = await make(as('root', { administrator: true }), { role: 'developer' });
    expect((await write(bearer(token))).status).toBe(201);
    const protection = await subject.api('PUT', `${project}/environments/dev/protection`, { approval: true });
    expect(protection.status, protection.text).toBe(200);
    expectProblem(await write(bearer(token)), 403, 'forbidden');
    expect((await write(bearer('root'))).status).toBe(200);
  });

  it('is listed and revoked by its owner alone', async () => {
    const { id } = await make(as('ada'), {});
    expect((await as('max')('GET', '/v1/tokens')).body.items).toEqual([]);
    expectProblem(await bearer('max')('DELETE', `/v1/tokens/${id}`), 404, 'not_found');
    expectProblem(await subject.api('GET', '/v1/tokens'), 403, 'forbidden');
  });
});

describe('A project token', () => {
  it('acts for the project, also when who made it has left', async () => {
    const { token } = await make(as('max'), { role: 'developer' }, tokens);
    await subject.api('DELETE', `${project}/members/user:max`);
    expect((await write(bearer(token))).status).toBe(201);
    const { body } = await subject.api('GET', tokens);
    expect(body.items).toMatchObject([{ createdBy: 'user:max', role: 'developer', project: 'demo' }]);
    const { body: events } = await subject.api('GET', `${project}/events`);
    expect(events.items[0]).toMatchObject({ actor: `token:${body.items[0].id}` });
  });

  it('is made, listed and revoked by maintainers, up to their own role everywhere', async () => {
    expectProblem(await as('ada')('POST', tokens, { name: 'x', role: 'viewer' }), 403, 'forbidden');
    expectProblem(await bearer('ada')('GET', tokens), 403, 'forbidden');
    const max = as('max');
    expectProblem(await max('POST', tokens, { name: 'x', role: 'administrator' }), 403, 'forbidden');
    await member('user:max', 'maintainer', { production: 'viewer' });
    expectProblem(await max('POST', tokens, { name: 'x', role: 'maintainer' }), 403, 'forbidden');
    expectProblem(
      await max('POST', tokens, { name: 'x', role: 'developer', environments: ['dev', 'production'] }),
      403,
    );
    expect((await max('POST', tokens, { name: 'x', role: 'maintainer', environments: ['dev'] })).status).toBe(
      201,
    );
    expect((await max('POST', tokens, { name: 'x', role: 'viewer' })).status).toBe(201);
    // Nor by way of a membership: not for a friend, not for oneself.
    for (const id of ['user:friend', 'user:max']) {
      expectProblem(await max('PUT', `${project}/members/${id}`, { role: 'maintainer' }), 403, 'forbidden');
    }
    expect((await max('DELETE', `${project}/members/user:max`)).status).toBe(204);
  });

  it('goes with its project', async () => {
    const ada = as('ada');
    await ada('POST', '/v1/projects', { name: 'shop' });
    const { token } = await make(ada, { role: 'administrator' }, '/v1/projects/shop/tokens');
    expect((await bearer(token)('GET', '/v1/projects/shop')).status).toBe(200);
    await ada('DELETE', '/v1/projects/shop');
    await as('eve')('POST', '/v1/projects', { name: 'shop' });
    expectProblem(await bearer(token)('GET', '/v1/projects/shop'), 401, 'unauthenticated');
  });
});

describe('A token that makes tokens', () => {
  it('is one that was made to', async () => {
    const max = as('max');
    const { token } = await make(max, { role: 'maintainer' });
    expectProblem(await bearer(token)('POST', tokens, { name: 'x', role: 'viewer' }), 403, 'forbidden');
    expectProblem(await bearer(token)('POST', '/v1/tokens', { name: 'x', role: 'viewer' }), 403, 'forbidden');
    expectProblem(await bearer(token)('GET', '/v1/tokens'), 403, 'forbidden');
    const maker = bearer((await make(max, { role: 'maintainer', createsTokens: true })).token);
    expect((await maker('POST', tokens, { name: 'x', role: 'viewer' })).status).toBe(201);
    expect((await maker('POST', '/v1/tokens', { name: 'x', role: 'viewer' })).status).toBe(201);
    // A token can never change members: a lost token must let nobody in.
    expectProblem(await maker('PUT', `${project}/members/user:eve`, { role: 'viewer' }), 403, 'forbidden');
  });

  it.each([
    ['a personal one', '/v1/tokens', '/v1/tokens'],
    ['a personal one that made one of a project', '/v1/tokens', tokens],
    ['one of a project', tokens, tokens],
  ])('revoked takes those that it made with it, open streams included: %s', async (_what, path, of) => {
    const max = as('max');
    const maker = await make(max, { role: 'maintainer', createsTokens: true }, path);
    const child = await make(bearer(maker.token), { role: 'viewer' }, of);
    const other = await make(max, { role: 'viewer' }, of);
    const response = await subject.app.request(`${project}/events`, {
      headers: { authorization: `Bearer ${child.token}`, accept: 'text/event-stream' },
    });
    expect(response.status).toBe(200);
    const ended = response.text();
    expect((await max('DELETE', `${path}/${maker.id}`)).status).toBe(204);
    expectProblem(await bearer(child.token)('GET', project), 401, 'unauthenticated');
    await ended;
    expect((await bearer(other.token)('GET', project)).status).toBe(200);
    const { items } = (await max('GET', of)).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([other.id]);
  });

  it('lists and revokes those alone that it made, however little it is limited to', async () => {
    const boss = as('boss');
    const mine = await make(boss, { role: 'administrator' });
    const ofProject = await make(boss, { role: 'administrator' }, tokens);
    const limits = { role: 'maintainer', project: 'demo', createsTokens: true };
    for (const role of ['viewer', 'maintainer']) {
      const maker = bearer((await make(boss, { ...limits, role })).token);
      expect((await maker('GET', '/v1/tokens')).body.items).toEqual([]);
      expectProblem(await maker('DELETE', `/v1/tokens/${mine.id}`), 404, 'not_found');
      const child = await make(maker, { role: 'viewer', project: 'demo' });
      expect((await maker('GET', '/v1/tokens')).body.items).toMatchObject([{ id: child.id }]);
      expect((await maker('DELETE', `/v1/tokens/${child.id}`)).status).toBe(204);
    }
    const maker = bearer((await make(boss, limits)).token);
    expectProblem(await maker('DELETE', `${tokens}/${ofProject.id}`), 404, 'not_found');
    const child = await make(maker, { role: 'viewer' }, tokens);
    expect((await maker('DELETE', `${tokens}/${child.id}`)).status).toBe(204);
    expect((await bearer(mine.token)('GET', project)).status).toBe(200);
  });

  it('makes none that may more than itself, or lives longer', async () => {
    const limits = { project: 'demo', role: 'developer', expiresIn: '1h', createsTokens: true };
    const { token, expiresAt } = await make(as('max'), limits);
    const maker = bearer(token);
    const ask = (change: Record<string, unknown>) =>
      maker('POST', '/v1/tokens', { name: 'x', role: 'developer', project: 'demo', ...change });
    const { body } = await ask({});
    expect(body).toMatchObject({ owner: 'user:max', expiresAt });
    for (const change of [
      { role: 'maintainer' },
      { project: undefined },
      { project: 'other' },
      { createsTokens: true },
      { expiresIn: '2h' },
    ]) {
      expectProblem(await ask(change), 403, 'forbidden');
    }
  });
});

/** All that is stored, as text. */
async function dump(): Promise<string> {
  const { readdir, readFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  let text = '';
  for (const name of await readdir(subject.directory)) {
    if (name.startsWith('berth.db')) text += await readFile(join(subject.directory, name), 'latin1');
  }
  return text;
}
