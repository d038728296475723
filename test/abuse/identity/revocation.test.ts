/**
 * Each way in which access ends, on each stream there is: the stream ends, and no request is answered any more.
 * Streams are those of the route table, so that a new one is among them.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operationKey } from '../../../functions/core/keys.ts';
import type { Operation, Principal } from '../../../functions/core/model/index.ts';
import { type Answer, createSubject, deploy, person, type Subject, seed } from '../../api/support.ts';
import { routes } from '../../support/routes.ts';

let subject: Subject;
let running: string;
beforeEach(async () => {
  subject = await createSubject({ heartbeatMs: 20 });
  await seed(subject);
  await deploy(subject);
  const { body } = await subject.api('POST', '/v1/projects/demo/services/guestbook/builds', {
    git: { url: 'https://git.example.com/a', ref: 'main' },
  });
  running = body.id;
});
afterEach(() => subject.close());

const streaming = routes.filter(({ answers }) => answers[200]?.stream);
const fill = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const known: Record<string, string> = {
      project: 'demo',
      service: 'guestbook',
      environment: 'dev',
      operation: running,
      number: '1',
    };
    return known[name]!;
  });

const as = (token: string, fields: Partial<Principal> = {}): string => {
  subject.people.set(token, person(token, fields));
  return token;
};
const api = (token: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  subject.api(method, path, body, { authorization: `Bearer ${token}` });
const member = (id: string, role: string, environments?: Record<string, string>) =>
  subject.api('PUT', `/v1/projects/demo/members/${id}`, { role, environments });

/** Gives access and tells how it ends. */
const ways: [string, () => Promise<{ token: string; end: () => unknown }>][] = [
  [
    'a membership is taken',
    async () => {
      await member('user:boss', 'administrator');
      await member('user:ada', 'developer');
      return { token: as('ada'), end: () => subject.api('DELETE', '/v1/projects/demo/members/user:ada') };
    },
  ],
  [
    'the membership of a group is taken',
    async () => {
      await member('user:boss', 'administrator');
      await member('group:team', 'viewer');
      const token = as('ada', { groups: ['team'] });
      return { token, end: () => subject.api('DELETE', '/v1/projects/demo/members/group:team') };
    },
  ],
  [
    'somebody is no longer in a group',
    async () => {
      await member('group:team', 'viewer');
      return { token: as('ada', { groups: ['team'] }), end: () => as('ada', { groups: [] }) };
    },
  ],
  [
    'somebody no longer runs the platform',
    async () => ({ token: as('root', { administrator: true }), end: () => as('root') }),
  ],
  [
    'the provider no longer knows somebody',
    async () => {
      await member('user:ada', 'viewer');
      return { token: as('ada'), end: () => subject.people.delete('ada') };
    },
  ],
  [
    'a personal token is revoked',
    async () => {
      await member('user:ada', 'developer');
      const { body } = await api(as('ada'), 'POST', '/v1/tokens', { name: 'x', role: 'viewer' });
      return { token: body.token, end: () => api('ada', 'DELETE', `/v1/tokens/${body.id}`) };
    },
  ],
  [
    'the owner of a personal token is let in no longer',
    async () => {
      await member('user:boss', 'administrator');
      await member('user:ada', 'developer');
      const { body } = await api(as('ada'), 'POST', '/v1/tokens', { name: 'x', role: 'viewer' });
      return { token: body.token, end: () => subject.api('DELETE', '/v1/projects/demo/members/user:ada') };
    },
  ],
  [
    'a project token is revoked',
    async () => {
      const { body } = await subject.api('POST', '/v1/projects/demo/tokens', { name: 'x', role: 'viewer' });
      return { token: body.token, end: () => subject.api('DELETE', `/v1/projects/demo/tokens/${body.id}`) };
    },
  ],
  [
    'a token expires',
    async () => {
      const body = { name: 'x', role: 'viewer', expiresIn: '1h' };
      const answer = await subject.api('POST', '/v1/projects/demo/tokens', body);
      return { token: answer.body.token, end: () => subject.pass(61 * 60 * 1000) };
    },
  ],
];

describe('Access ends when', () => {
  it('streams are many', () => expect(streaming.length).toBeGreaterThan(4));

  it.each(ways)('%s, on every stream', async (_what, begin) => {
    const { token, end } = await begin();
    const open = await Promise.all(
      streaming.map(async ({ path }) => {
        const response = await subject.app.request(fill(path), {
          headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
        });
        expect(response.status, `${path} ${response.status === 200 ? '' : await response.text()}`).toBe(200);
        return { ended: response.text() };
      }),
    );
    expect(subject.app.streams.size).toBe(streaming.length);
    await end();
    await Promise.all(open.map(({ ended }) => ended));
    expect(subject.app.streams.size).toBe(0);
    for (const { path } of streaming) {
      expect([401, 404], path).toContain((await api(token, 'GET', fill(path))).status);
    }
  });

  it('it is a role in one environment that ends, for what is of that one alone', async () => {
    await member('user:boss', 'administrator');
    await member('user:ada', 'developer');
    as('ada');
    const path = '/v1/projects/demo/environments/dev/secrets';
    expect((await api('ada', 'PUT', `${path}/KEY`, { value: 'x' })).status).toBe(201);
    await member('user:ada', 'developer', { dev: 'viewer' });
    expect((await api('ada', 'PUT', `${path}/KEY`, { value: 'y' })).status).toBe(403);
    const operation = await subject.ports.store.get<Operation>(operationKey(running));
    expect(operation?.data.status).toBe('queued');
  });
});
