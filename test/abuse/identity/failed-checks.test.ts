/**
 * Every check that fails ends the request: no route reads a body, runs its handler or writes anything behind one.
 * Routes are those of the table, so that a new one is among them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { paramForms } from '../../../functions/api/http/params.ts';
import type { Route } from '../../../functions/api/http/route-spec.ts';
import {
  ADMINISTRATOR,
  createSubject,
  deploy,
  expectProblem,
  person,
  STRANGER,
  type Subject,
  seed,
} from '../../api/support.ts';
import { routes } from '../../support/routes.ts';

let subject: Subject;
let writes: number;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
  subject.people.set('viewer', person('viewer'));
  await subject.api('PUT', '/v1/projects/demo/members/user:viewer', { role: 'viewer' });
  const { store } = subject.ports;
  const transact = store.transact.bind(store);
  store.transact = (items) => {
    writes += 1;
    return transact(items);
  };
});
beforeEach(() => {
  writes = 0;
});
afterAll(() => subject.close());

const guarded = routes.filter(({ policy }) => policy.scope !== 'public');
const changing = guarded.filter(({ method }) => method !== 'get');
const known: Record<string, string> = {
  project: 'demo',
  service: 'guestbook',
  environment: 'dev',
  number: '1',
};
const fill = ({ path }: Route): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? paramForms[name]!.example);

/** A body that records whether anybody has read from it. */
function watched(example: unknown): { body: ReadableStream<Uint8Array>; wasRead: () => boolean } {
  let pulls = 0;
  const bytes = new TextEncoder().encode(JSON.stringify(example ?? {}));
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1;
        controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, wasRead: () => pulls > 0 };
}

async function ask(route: Route, headers: Record<string, string>, path = fill(route)) {
  const [example] = Object.values(route.bodyExamples ?? {});
  const { body, wasRead } = watched(example);
  const answer = await subject.app.request(path, {
    method: route.method.toUpperCase(),
    headers: { 'content-type': 'application/json', ...headers },
    ...(route.method !== 'get' && { body, duplex: 'half' }),
  } as RequestInit);
  return { status: answer.status, text: await answer.text(), wasRead: wasRead() };
}

describe('Nobody is known by', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an unknown token', { authorization: 'Bearer unknown' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['two tokens, of which one is good', { authorization: `Bearer unknown, Bearer ${ADMINISTRATOR}` }],
    ['a good token by another scheme', { authorization: `Basic ${btoa(`x:${ADMINISTRATOR}`)}` }],
    ['a good token without a scheme', { authorization: ADMINISTRATOR }],
    [
      'a good token in another header',
      { 'x-authorization': `Bearer ${ADMINISTRATOR}`, 'x-api-key': ADMINISTRATOR },
    ],
    [
      'what a proxy would say',
      { 'x-forwarded-user': 'administrator', 'x-remote-user': 'administrator', 'remote-user': 'a' },
    ],
    ['the name of somebody', { from: 'administrator', 'x-user-id': 'user:viewer' }],
  ])('%s, on any route', async (_what, headers) => {
    for (const route of guarded) {
      const answer = await ask(route, headers);
      expect(answer.status, `${route.method} ${route.path} ${answer.text}`).toBe(401);
      expect(answer.wasRead, `${route.method} ${route.path}`).toBe(false);
    }
    expect(writes).toBe(0);
    expect(subject.started).toHaveLength(2);
  });
});

describe('Who may not', () => {
  it('changes nothing on any route, and is not even listened to', async () => {
    for (const route of changing) {
      if (!route.path.includes('{project}')) continue;
      for (const [token, statuses] of [
        [STRANGER, [404]],
        ['viewer', [403, 404]],
      ] as const) {
        const answer = await ask(route, { authorization: `Bearer ${token}` });
        // Everybody may leave a project, and a viewer may do what viewers may.
        if (token === 'viewer' && answer.status < 300) continue;
        expect(statuses, `${token} ${route.method} ${route.path} ${answer.text}`).toContain(answer.status);
        if (answer.status === 403) expect(answer.wasRead, `${route.method} ${route.path}`).toBe(false);
      }
    }
    await subject.app.flush();
    // Only the trail of refused attempts is written.
    const { body } = await subject.api('GET', '/v1/projects/demo/events?limit=50');
    const types = new Set(
      body.items
        .filter(({ actor }: { actor: string }) => ['user:stranger', 'user:viewer'].includes(actor))
        .map(({ type }: { type: string }) => type),
    );
    expect([...types].filter((type) => !String(type).includes('refused'))).toEqual([]);
    expect((await subject.api('GET', '/v1/projects/demo')).status).toBe(200);
    expect(subject.started).toHaveLength(2);
  });
});

describe('A request that fails a check behind the policy', () => {
  it.each<[string, Record<string, string>]>([
    ['a precondition that is none', { 'if-match': 'x' }],
    ['an idempotency key that is none', { 'idempotency-key': '\u00ff'.repeat(3) }],
    ['an idempotency key without end', { 'idempotency-key': 'x'.repeat(300) }],
    ['a type that is none', { 'content-type': 'text/html' }],
    ['a coded body', { 'content-encoding': 'gzip' }],
  ])('changes nothing: %s', async (_what, headers) => {
    for (const route of changing) {
      if (headers['if-match'] && !route.conditional) continue;
      if (!route.body && (headers['content-type'] || headers['content-encoding'])) continue;
      const answer = await ask(route, { authorization: `Bearer ${ADMINISTRATOR}`, ...headers });
      expect(answer.status, `${route.method} ${route.path} ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${route.method} ${route.path} ${answer.text}`).toBeLessThan(500);
    }
    expect(writes).toBe(0);
    expect(subject.started).toHaveLength(2);
  });

  it('a path that two parsers read differently reaches no route', async () => {
    for (const path of [
      '/v1/projects/demo/../shop',
      '//v1/projects/demo',
      '/v1//projects/demo',
      '/v1/projects/demo/',
      '/v1/projects/demo;x=1',
      '/v1/projects/%64emo',
      '/V1/projects/demo',
      '/v1/projects/demo%2fservices',
      '/healthz/../v1/projects/demo',
      '/v1/projects/demo%00',
      '/v1/projects/demo\\',
    ]) {
      const answer = await subject.api('DELETE', path);
      expectProblem(answer, answer.status);
    }
    expect(writes).toBe(0);
    expect((await subject.api('GET', '/v1/projects/demo')).status).toBe(200);
  });
});
