/** Hostile input on every route of the document: always a problem that the client caused, never a fault. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalTraces } from '../../../functions/adapters/local/traces/traces.ts';
import { paramForms, pathNames } from '../../../functions/api/http/params.ts';
import { routes } from '../../support/routes.ts';
import { createSubject, deploy, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
let traces: ReturnType<typeof createLocalTraces>;
beforeAll(async () => {
  subject = await createSubject();
  traces = createLocalTraces({
    path: join(subject.directory, 'traces.db'),
    effects: subject.ports.effects,
  });
  subject.ports.traces = traces;
  await seed(subject);
  await deploy(subject);
});
afterAll(async () => {
  await subject.close();
  await traces.close();
});

const hostileNames = [
  '%00',
  '%0a',
  'dev%0d%0aX: y',
  '%F0%9F%98%80',
  '..%2f..%2fetc',
  // Alone it is a part of the path that every URL parser takes away.
  '%2e%2e%2f',
  '%',
  '%u0041',
  'a;b',
  "a'b",
  'a|b',
  '$(id)',
  '{{7*7}}',
  '*',
  ':project',
  '__proto__',
  'constructor.prototype',
  'x'.repeat(3000),
  '＜ｓ＞',
];

let deep: unknown = 'x';
for (let level = 0; level < 60; level++) deep = { a: [deep] };

/** Values of no type that any field has, or far outside of what it takes. */
const hostileValues: unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  ' ',
  '\n',
  'dev\n',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '😀',
  '\ud800',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '${metadata.name}',
  "'; DROP TABLE records; --",
  'x'.repeat(100_000),
  [],
  [[]],
  {},
  { toString: 1, valueOf: 1, length: -1 },
  { $ref: '#/x' },
];

const hostileBodies = [
  '{"__proto__":{"administrator":true}}',
  '{"constructor":{"prototype":{"administrator":true}}}',
  '[{}]',
  '"x"',
  '0',
  'null',
  '{',
  '\u0000',
  `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
];

const fill = (path: string, changed: Record<string, string> = {}): string =>
  path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => changed[name] ?? known[name] ?? paramForms[name]!.example,
  );

/** Names of existing things, so that a request gets as far as it can. */
const known: Record<string, string> = {
  project: 'demo',
  service: 'guestbook',
  environment: 'dev',
  number: '1',
};

async function expectRefused(
  request: Promise<Awaited<ReturnType<Subject['api']>>>,
  what: string,
): Promise<void> {
  const answer = await request;
  expect(answer.status, `${what}: ${answer.text.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
  expect(answer.status, `${what}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
  expectProblem(answer, answer.status);
}

const json = { 'content-type': 'application/json' };
const api = routes.filter(({ hidden }) => !hidden);

describe('Hostile names in paths', () => {
  it.each(api.filter(({ path }) => path.includes('{')))('$method $path', async ({ method, path }) => {
    for (const name of pathNames(path)) {
      for (const hostile of hostileNames) {
        const target = fill(path, { [name]: hostile });
        // A secret may be called __proto__: it is a name like any other there.
        if (name === 'secret' && hostile === '__proto__') continue;
        await expectRefused(subject.api(method.toUpperCase(), target), `${name}=${hostile}`);
      }
    }
  });

  it('a secret called __proto__ is a secret', async () => {
    const path = '/v1/projects/demo/environments/dev/secrets';
    expect((await subject.api('PUT', `${path}/__proto__`, { value: 'x' })).status).toBe(201);
    expect((await subject.api('GET', path)).body.items).toMatchObject([{ name: '__proto__' }]);
    expect(({} as Record<string, unknown>).value).toBeUndefined();
  });
});

describe('Hostile queries', () => {
  it.each(api)('$method $path', async ({ method, path, query }) => {
    const names = [...Object.keys(query?.shape ?? {}), '__proto__', 'x', 'toString', '', 'limit[]'];
    for (const name of names) {
      for (const value of ['%00', '%0a', '%F0%9F%98%80', '-1', 'NaN', 'x'.repeat(2000), '%7B%7D', '%zz']) {
        // A cursor that is no cursor, a tag that is no tag: all are refused, known parameter or not.
        if (name === 'tag' && /^x+$/.test(value) && value.length <= 128) continue;
        // Any line of text can be searched for.
        if (name === 'search' && !value.startsWith('%0') && value.length <= 200) continue;
        const target = `${fill(path)}?${name}=${value}`;
        await expectRefused(subject.api(method.toUpperCase(), target), target);
      }
    }
  });
});

describe('Hostile bodies', () => {
  const writes = api.filter(({ method }) => method !== 'get');

  it.each(writes)('$method $path takes no body for one with nothing in it', async (route) => {
    const method = route.method.toUpperCase();
    const path = fill(route.path, {
      project: 'demo',
      environment: 'nothing-there',
      service: 'nothing-there',
    });
    const { code } = (await subject.api(method, path)).body ?? {};
    const isEnough = !route.body || route.body.safeParse({}).success;
    // A form of a browser is no JSON, and code of its own reads it.
    if (isEnough) expect(code).not.toBe('malformed_json');
    else if (!['not_found', 'unsupported_media_type'].includes(code))
      expect(code).toMatch(/malformed_json|invalid_request|forbidden/);
  });

  it.each(writes)('$method $path, the whole body', async ({ method, path }) => {
    for (const body of hostileBodies) {
      await expectRefused(subject.api(method.toUpperCase(), fill(path), body, json), body.slice(0, 60));
    }
    const huge = new Uint8Array(1024 * 1024 + 1).fill(0x20);
    await expectRefused(subject.api(method.toUpperCase(), fill(path), huge, json), 'huge');
  });

  it.each(writes.filter(({ body }) => body))('$method $path, each field', async (route) => {
    const method = route.method.toUpperCase();
    for (const example of Object.values(route.bodyExamples ?? {}) as Record<string, unknown>[]) {
      for (const field of [...Object.keys(example), 'extra', 'constructor', 'project', 'id']) {
        for (const hostile of [...hostileValues, deep]) {
          const body = { ...example, [field]: hostile };
          // What the schema takes is no hostile input: null takes a setting away, any text can be a secret.
          if (route.body?.safeParse(body).success && field !== 'workload') continue;
          const what = `${field}=${JSON.stringify(hostile)?.slice(0, 60)}`;
          await expectRefused(subject.api(method, fill(route.path), body), what);
        }
      }
    }
  });
});

it('nothing of it was a fault of ours, and nothing of it is left', async () => {
  expect(subject.errors).toEqual([]);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect((await subject.api('GET', '/v1/projects')).body.items).toHaveLength(1);
  expect((await subject.api('GET', '/v1/projects/demo/services')).body.items).toHaveLength(1);
  expect((await subject.api('GET', '/v1/projects/demo/environments')).body.items).toHaveLength(1);
});
