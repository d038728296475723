/** Every route x every role x own and foreign project: who is let in, and that nobody else changes or learns anything. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms, pathNames } from '../../../functions/api/http/params.ts';
import type { Route } from '../../../functions/api/http/route-spec.ts';
import {
  type Action,
  type Least,
  type Permission,
  permissions,
  roles,
} from '../../../functions/core/authorization/roles.ts';
import { environmentKey } from '../../../functions/core/keys.ts';
import type { Environment } from '../../../functions/core/model/index.ts';
import { routes } from '../../support/routes.ts';
import { ADMINISTRATOR, createSubject, deploy, person, type Subject, seed } from '../support.ts';
import { golden, goldenAcross, goldenPeople, goldenProtected, goldenTokenMakers } from './matrix-golden.ts';

let subject: Subject;
/** Ids of things that are there, by project and parameter. */
const there: Record<string, Record<string, string>> = { demo: {}, other: {} };

type Role = (typeof roles)[number];
type Level = keyof typeof golden;

/** A caller with its roles, written down by hand: a role by environment ("" is the project), or none. */
interface Caller {
  token: string | undefined;
  /** In `demo`; undefined: it is hidden. */
  role(environment: string): Role | undefined;
  isToken?: true;
  /** Limited to environments. */
  narrow?: true;
  makesTokens?: true;
}

const callers: Record<string, Caller> = {
  nobody: { token: undefined, role: () => undefined },
  stranger: { token: 'stranger-token', role: () => undefined },
  'administrator of another project': { token: 'foreign', role: () => undefined },
  viewer: { token: 'viewer', role: () => 'viewer' },
  developer: { token: 'developer', role: () => 'developer' },
  maintainer: { token: 'maintainer', role: () => 'maintainer' },
  administrator: { token: 'administrator', role: () => 'administrator' },
  'platform administrator': { token: ADMINISTRATOR, role: () => 'administrator' },
  'viewer by a group': { token: 'grouped', role: () => 'viewer' },
  'viewer, maintainer in dev': { token: 'up', role: (at) => (at === 'dev' ? 'maintainer' : 'viewer') },
  'maintainer, viewer in dev': { token: 'down', role: (at) => (at === 'dev' ? 'viewer' : 'maintainer') },
};

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

async function as(token: string, method: string, path: string, body?: unknown) {
  const answer = await subject.api(method, path, body, bearer(token));
  expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
  return answer.body;
}

async function makeToken(
  name: string,
  of: string,
  path: string,
  body: object,
  caller: Omit<Caller, 'token'>,
) {
  const { token } = await as(of, 'POST', path, { name: 'x', ...body });
  callers[name] = { ...caller, token, isToken: true };
}

beforeAll(async () => {
  subject = await createSubject();
  for (const { token } of Object.values(callers)) {
    if (token) subject.people.set(token, person(token, token === 'grouped' ? { groups: ['team'] } : {}));
  }
  await seed(subject);
  const demo = '/v1/projects/demo';
  await as(ADMINISTRATOR, 'POST', `${demo}/environments`, { name: 'production' });
  await deploy(subject);
  await protect('production');
  for (const role of ['administrator', 'maintainer', 'developer', 'viewer']) {
    await as(ADMINISTRATOR, 'PUT', `${demo}/members/user:${role}`, { role });
  }
  for (const [id, body] of Object.entries({
    'group:team': { role: 'viewer' },
    'user:up': { role: 'viewer', environments: { dev: 'maintainer' } },
    'user:down': { role: 'maintainer', environments: { dev: 'viewer' } },
  })) {
    await as(ADMINISTRATOR, 'PUT', `${demo}/members/${id}`, body);
  }
  await as('foreign', 'POST', '/v1/projects', { name: 'other' });
  await as('foreign', 'POST', '/v1/projects/other/services', { name: 'guestbook' });
  const { id: operation } = await as('foreign', 'POST', '/v1/projects/other/environments', { name: 'dev' });
  const [{ id }] = (await as(ADMINISTRATOR, 'GET', `${demo}/environments/dev/operations`)).items.toReversed();
  there.demo = { project: 'demo', operation: id, number: '1', version: 'v1', principal: 'user:viewer' };
  there.other = { project: 'other', operation, principal: 'user:foreign' };

  const admin = 'administrator';
  await makeToken(
    'personal token, viewer',
    admin,
    '/v1/tokens',
    { role: 'viewer' },
    { role: () => 'viewer' },
  );
  await makeToken(
    'project token, maintainer',
    admin,
    `${demo}/tokens`,
    { role: 'maintainer' },
    { role: () => 'maintainer' },
  );
  await makeToken(
    'personal token of another project',
    'foreign',
    '/v1/tokens',
    { role: 'administrator', project: 'other' },
    { role: () => undefined },
  );
  await makeToken(
    'project token of another project',
    'foreign',
    '/v1/projects/other/tokens',
    { role: 'administrator' },
    { role: () => undefined },
  );
  await makeToken(
    'project token, developer in dev alone',
    admin,
    `${demo}/tokens`,
    { role: 'developer', environments: ['dev'] },
    { role: (at) => (at === 'dev' || at === '' ? 'developer' : undefined), narrow: true },
  );
  // A token is limited to an environment that there is.
  await as(ADMINISTRATOR, 'POST', `${demo}/environments`, { name: 'staging' });
  await makeToken(
    'personal token, maintainer in staging alone',
    admin,
    '/v1/tokens',
    { role: 'maintainer', project: 'demo', environments: ['staging'] },
    { role: (at) => (at === '' ? 'maintainer' : undefined), narrow: true },
  );
  await makeToken(
    'personal token that makes tokens',
    admin,
    '/v1/tokens',
    { role: 'maintainer', createsTokens: true },
    { role: () => 'maintainer', makesTokens: true },
  );
});
afterAll(() => subject.close());

async function protect(name: string): Promise<void> {
  const key = environmentKey({ project: 'demo', environment: name });
  const item = await subject.ports.store.get<Environment>(key);
  const data = { ...item!.data, protection: { approval: true } };
  await subject.ports.store.transact([{ put: { ...key, data } }]);
}

const level = (action: Action): Level | undefined =>
  (Object.keys(golden) as Level[]).find((name) => (golden[name] as readonly Action[]).includes(action));

const isRole = (name: string | undefined): name is Role => (roles as readonly string[]).includes(name ?? '');
const rank = (role: Role | undefined): number => (role === undefined ? -1 : roles.indexOf(role));

/** The answer that a caller has to get by the hand-written table: `in`, or the status of the refusal. */
function expected(route: Route, caller: Caller, environment: string | undefined): 'in' | number {
  const { action } = route.policy;
  const least = level(action);
  if (least === 'public') return 'in';
  if (caller.token === undefined) return 401;
  if (least === 'signed-in') return 'in';
  if (!isRole(least)) {
    if (!caller.isToken) return least === 'person' || caller.token === ADMINISTRATOR ? 'in' : 403;
    return caller.makesTokens && goldenTokenMakers.includes(action) ? 'in' : 403;
  }
  const role = caller.role(environment ?? '');
  if (role === undefined) return 404;
  if (caller.narrow && environment === undefined && !goldenAcross.includes(action)) return 403;
  if (caller.isToken && goldenPeople.includes(action)) return 403;
  if (caller.isToken && !caller.makesTokens && goldenTokenMakers.includes(action)) return 403;
  const needs = (environment === 'production' ? goldenProtected[action] : undefined) ?? least;
  return rank(role) >= rank(needs) ? 'in' : 403;
}

/** The path of a route with things that are there. */
function pathOf(route: Route, project: 'demo' | 'other', environment = 'dev'): string {
  const values: Record<string, string> = {
    service: 'guestbook',
    number: '1',
    secret: 'API_KEY',
    ...there[project],
    environment,
  };
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? paramForms[name]!.example);
}

const bodyOf = ({ bodyExamples }: Route): unknown => Object.values(bodyExamples ?? {})[0];

const request = (
  route: Route,
  path: string,
  token: string | undefined,
  headers: Record<string, string> = {},
) =>
  subject.app.request(path, {
    method: route.method.toUpperCase(),
    headers: {
      ...bearer(token),
      ...(route.body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(route.body && { body: JSON.stringify(bodyOf(route)) }),
  });

/**
 * Asks with a fault that is found just behind the decision: who gets to see that fault was let in, and nothing is
 * changed, so that the next one finds everything as it was.
 */
async function probe(route: Route, path: string, token: string | undefined): Promise<'in' | number> {
  const response = await (route.method === 'get'
    ? request(route, `${path}?no-such-parameter=1`, token)
    : request(route, path, token, { 'idempotency-key': 'x'.repeat(256) }));
  const body = (await response.json()) as { code: string; errors?: { path: string }[] };
  const fault = route.method === 'get' ? 'query.no-such-parameter' : 'header.Idempotency-Key';
  if (response.status === 400 && body.errors?.some((error) => error.path === fault)) return 'in';
  // A public route answers by itself: nobody is turned away.
  if (route.policy.scope === 'public' && ![401, 403].includes(response.status)) return 'in';
  return response.status;
}

/** The environment that a route is about, when its path or its thing has one. */
const isInEnvironment = (route: Route): boolean =>
  route.path.includes('{environment}') || route.path.includes('{operation}');

/** All that is stored, hashed row by row by SQLite itself. */
function stored(): string {
  const database = new DatabaseSync(`${subject.directory}/berth.db`, { readOnly: true });
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    return JSON.stringify(
      tables.map(({ name }) => database.prepare(`select * from "${String(name)}"`).all()),
    );
  } finally {
    database.close();
  }
}

describe('What is written down', () => {
  it('has each permission once', () => {
    const written = Object.values(golden).flat() as Action[];
    expect(written.sort()).toEqual(Object.keys(permissions).sort());
  });

  it.each(Object.keys(permissions) as Action[])('is what the table says of %s', (action) => {
    const permission: Permission = permissions[action];
    expect(permission.least).toBe(level(action) satisfies Least | undefined);
    expect(permission.protected).toBe(goldenProtected[action]);
    expect(permission.acrossEnvironments === true).toBe(goldenAcross.includes(action));
    expect(permission.grants?.tokens === 'never').toBe(goldenPeople.includes(action));
    expect(permission.grants?.tokens === 'allowed').toBe(goldenTokenMakers.includes(action));
  });

  it('lets nobody change anything who may only read', () => {
    const changing = routes.filter(
      ({ method, policy }) => method !== 'get' && policy.action.endsWith('.read'),
    );
    // These say what would be built, what other manifests are here, and what a policy would have refused, and change nothing.
    expect(changing.map(({ operationId }) => operationId)).toEqual([
      'detectSource',
      'importManifests',
      'checkScore',
      'checkRecipe',
      'dryRunPolicy',
    ]);
  });

  it('is of paths whose parameters are known', () => {
    for (const route of routes) {
      for (const name of pathNames(route.path))
        expect(paramForms[name], `${route.path}: ${name}`).toBeDefined();
    }
  });
});

describe('Every route, for everyone', () => {
  it('of the own project: those it takes are let in, others are refused as written down', async () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const route of routes) {
      const environment = isInEnvironment(route) ? 'dev' : undefined;
      for (const [name, caller] of Object.entries(callers)) {
        const got = await probe(route, pathOf(route, 'demo'), caller.token);
        const want = expected(route, caller, environment);
        if (got !== want) wrong.push(`${route.operationId} for ${name}: ${got}, not ${want}`);
        asked++;
      }
    }
    expect(wrong).toEqual([]);
    expect(asked).toBe(routes.length * 18);
  });

  it('of a protected environment', async () => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ path }) => path.includes('{environment}'))) {
      for (const [name, caller] of Object.entries(callers)) {
        const got = await probe(route, pathOf(route, 'demo', 'production'), caller.token);
        const want = expected(route, caller, 'production');
        if (got !== want) wrong.push(`${route.operationId} for ${name}: ${got}, not ${want}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('of a foreign project: 404 for all, in the words for what is not there', async () => {
    const wrong: string[] = [];
    const own = ['nobody', 'administrator of another project', 'platform administrator'];
    const mine = Object.entries(callers).filter(([name]) => !own.includes(name) && !name.includes('another'));
    for (const route of routes.filter(({ policy }) => policy.scope === 'project')) {
      for (const [name, caller] of mine) {
        const [foreign, missing] = await Promise.all(
          [
            pathOf(route, 'other'),
            pathOf(route, 'other')
              .replace('/other', '/nope')
              .replace(there.other!.operation!, '0'.repeat(26)),
          ].map(async (path) => {
            const response = await request(route, path, caller.token);
            const { instance: _, ...body } = (await response.json()) as Record<string, unknown>;
            const text = JSON.stringify(body).replaceAll(/other|nope|[0-9A-Z]{26}/g, '*');
            return { status: response.status, text };
          }),
        );
        if (foreign!.status !== 404 || foreign!.text !== missing!.text) {
          wrong.push(`${route.operationId} for ${name}: ${foreign!.status} ${foreign!.text}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('refused with a whole and valid request changes nothing', async () => {
    // Refusals are recorded behind the answers, once a minute for each caller and project.
    await subject.app.flush();
    const before = stored();
    for (const route of routes) {
      for (const caller of Object.values(callers)) {
        for (const environment of isInEnvironment(route) ? ['dev', 'production'] : ['dev']) {
          const at = isInEnvironment(route) ? environment : undefined;
          const want = expected(route, caller, at);
          if (want === 'in') continue;
          if (route.path.includes('{operation}') && environment === 'production') continue;
          const response = await request(route, pathOf(route, 'demo', environment), caller.token);
          expect(response.status, `${route.operationId} ${String(caller.token)}`).toBe(want);
          await response.body?.cancel();
        }
      }
    }
    await subject.app.flush();
    expect(stored()).toBe(before);
    expect(subject.errors).toEqual([]);
  });

  it('as a stream: open to those who may read, closed to all others', async () => {
    const streaming = routes.filter((route) => Object.values(route.answers).some(({ stream }) => stream));
    expect(streaming.length).toBeGreaterThan(4);
    const wrong: string[] = [];
    for (const route of streaming) {
      for (const [name, caller] of Object.entries(callers)) {
        for (const project of ['demo', 'other'] as const) {
          const response = await request(route, pathOf(route, project), caller.token, {
            accept: 'text/event-stream',
          });
          const isStream = response.headers.get('content-type') === 'text/event-stream';
          await response.body?.cancel();
          const isForeign = project === 'other';
          const seesOther = name.includes('another') || caller.token === ADMINISTRATOR;
          const open = isForeign
            ? seesOther && !route.path.includes('{service}')
            : expected(route, caller, isInEnvironment(route) ? 'dev' : undefined) === 'in';
          if (isStream !== open)
            wrong.push(`${route.operationId} of ${project} for ${name}: ${response.status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(subject.app.streams.size).toBe(0);
  });

  it('in lists: nothing of a foreign project', async () => {
    for (const [name, caller] of Object.entries(callers)) {
      if (caller.token === undefined || name.includes('another') || caller.token === ADMINISTRATOR) continue;
      for (const route of routes.filter(
        ({ query, method }) => method === 'get' && query && 'cursor' in query.shape,
      )) {
        const response = await request(route, pathOf(route, 'demo'), caller.token);
        expect(await response.text(), `${route.operationId} for ${name}`).not.toMatch(
          /"(?:name|project)":"other"/,
        );
      }
    }
  });
});
