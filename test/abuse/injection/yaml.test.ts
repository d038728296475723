/**
 * YAML and JSON that are more than data, by every way in: the Score file of a source, a workload in the body of a
 * request, package.json. What parse.ts refuses is in test/core/score/file/hostile.test.ts; here nothing comes past it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSubject, DIGEST, expectProblem, type Subject, seed } from '../../api/support.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { archive } from '../../support/programs.ts';

let subject: TestBerth;
const builds = '/v1/projects/shop/services/web/builds';
const versions = '/v1/projects/shop/services/web/versions';
const count = async (): Promise<number> => (await subject.api('GET', versions)).body.items.length as number;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
});
afterAll(() => subject?.close());

const server = {
  'package.json': '{"name":"x","scripts":{"start":"node a.js"}}',
  'a.js': '',
};
const least = `apiVersion: score.dev/v1b1
metadata:
  name: web
containers:
  main:
    image: .
`;
const laughs = Array.from({ length: 9 }, (_, level) =>
  level === 0 ? 'l0: &l0 [x,x,x,x,x,x,x,x,x]' : `l${level}: &l${level} [${Array(9).fill(`*l${level - 1}`)}]`,
).join('\n');

describe('A Score file in a source', () => {
  it.each<[string, string]>([
    ['billions of laughs', `${laughs}\n${least}`],
    ['an anchor in a place that is free', least.replace('name: web', 'name: web\n  annotations: &a {}')],
    ['a merge key', least.replace('image: .', '<<: {image: .}')],
    ['a merge key with a tag', least.replace('image: .', '!!merge <<: {image: .}')],
    ['a tag that makes an object', `${least}resources: !!js/undefined ''\n`],
    ['a tag of Python', `${least}resources: !!python/object/apply:os.system ["id"]\n`],
    ['a key that is there twice', `${least}metadata:\n  name: other\n`],
    ['a key that is there twice by an escape', `${least}"meta\\u0064ata":\n  name: other\n`],
    ['a second document', `${least}---\n${least}`],
    ['a key of the prototype', `${least}__proto__:\n  administrator: true\n`],
    ['a byte order mark in the middle', least.replace('name:', '\ufeffname:')],
    ['UTF-16', Buffer.from(least, 'utf16le').toString('latin1')],
  ])('with %s fails its build, and no version is made', async (_what, text) => {
    const before = await count();
    const operation = await subject.operation(
      'POST',
      builds,
      await archive({ ...server, 'score.yaml': text }),
    );
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'invalid_score' } });
    expect(operation.error.hint).toMatch(/\S/);
    expect(await count()).toBe(before);
  });

  it.each(['score.yaml', 'score.yml'])(
    'that names files outside of the source gets none (%s)',
    async (name) => {
      for (const source of [
        '../../admin-token',
        '/etc/passwd',
        'a/../../../admin-token',
        '..\\admin-token',
        'a.js/x',
      ]) {
        const text = `${least}    files:\n      /secret:\n        source: ${JSON.stringify(source)}\n`;
        const operation = await subject.operation('POST', builds, await archive({ ...server, [name]: text }));
        expect(operation, source).toMatchObject({ status: 'failed', error: { code: 'invalid_score' } });
        expect(JSON.stringify(operation)).not.toContain(subject.token);
      }
    },
  );
});

describe('package.json', () => {
  it.each<[string, string]>([
    [
      'keys of the prototype',
      '{"name":"x","__proto__":{"scripts":{"start":"id"}},"constructor":{"prototype":{"x":1}}}',
    ],
    ['scripts that are a list', '{"name":"x","scripts":["start"]}'],
    ['scripts that are inherited', '{"name":"x","scripts":{"toString":"id"}}'],
    ['a depth without end', `{"name":"x","scripts":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('with %s starts nothing of it', async (_what, text) => {
    const operation = await subject.operation(
      'POST',
      builds,
      await archive({ 'package.json': text, 'x.txt': '' }),
    );
    expect(operation.status).toBe('failed');
    expect(['nothing_to_run', 'build_failed']).toContain(operation.error.code);
  });
});

describe('A workload in a body', () => {
  let api: Subject;
  beforeAll(async () => {
    api = await createSubject();
    await seed(api);
  });
  afterAll(() => api.close());
  const versions = '/v1/projects/demo/services/guestbook/versions';

  const containers = '"containers":{"main":{"image":"."}}';
  const metadata = '"metadata":{"name":"web"}';
  const head = '"apiVersion":"score.dev/v1b1"';

  it.each<[string, string]>([
    ['a key of the prototype', `{${head},${metadata},${containers},"__proto__":{"x":1}}`],
    ['one that is escaped', `{${head},${metadata},${containers},"\\u005f_proto__":{"x":1}}`],
    [
      'one in a container',
      `{${head},${metadata},"containers":{"main":{"image":".","__proto__":{"command":["id"]}}}}`,
    ],
    ['one as the name of a container', `{${head},${metadata},"containers":{"__proto__":{"image":"."}}}`],
    [
      'one as the name of a variable',
      `{${head},${metadata},"containers":{"main":{"image":".","variables":{"__proto__":"x"}}}}`,
    ],
    [
      'one as the name of a resource',
      `{${head},${metadata},${containers},"resources":{"constructor":{"type":"postgres"}}}`,
    ],
    [
      'one in a placeholder',
      `{${head},${metadata},"containers":{"main":{"image":".","variables":{"A":"\${metadata.constructor.constructor}"}}}}`,
    ],
    [
      'one in the params of a resource',
      `{${head},${metadata},${containers},"resources":{"db":{"type":"postgres","params":{"__proto__":{"x":1}}}}}`,
    ],
    [
      'a depth without end',
      `{${head},${metadata},${containers},"resources":{"db":{"type":"postgres","params":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}}}`,
    ],
    ['text that is YAML', JSON.stringify(least)],
    ['a merge key', `{${head},${metadata},"containers":{"main":{"<<":{"image":"."}}}}`],
  ])('with %s is refused', async (_what, workload) => {
    const body = `{"image":"${DIGEST}","workload":${workload}}`;
    const answer = await api.api('POST', versions, body, { 'content-type': 'application/json' });
    expectProblem(answer, answer.status === 422 ? 422 : 400);
    expect((await api.api('GET', versions)).body.items).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('Keys of the prototype elsewhere', () => {
  it.each([
    '?__proto__[administrator]=true',
    '?__proto__.limit=1',
    '?constructor[prototype][limit]=1',
    '?limit[__proto__]=1',
    '?limit=1&limit=2',
    '?toString=1',
  ])('are no parameters: %s', async (query) => {
    expect((await subject.api('GET', `/v1/projects${query}`)).status).toBe(400);
    expect(({} as Record<string, unknown>).administrator).toBeUndefined();
  });

  it.each([
    ['/v1/projects/shop/environments', '{"name":"dev","__proto__":{"protected":false}}'],
    ['/v1/projects', '{"name":"x","constructor":{"prototype":{"administrator":true}}}'],
    ['/v1/tokens', '{"name":"x","role":"viewer","__proto__":{"role":"administrator"}}'],
    ['/v1/tokens', '{"name":"x","role":"viewer","\\u005f\\u005fproto__":{"role":"administrator"}}'],
  ])('are no members of a body: %s', async (path, body) => {
    const response = await fetch(subject.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${subject.token}`, 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('are roles, codes or kinds of nothing', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect((await subject.api('PUT', '/v1/projects/shop/members/user:eve', { role: name })).status).toBe(
        400,
      );
      expect((await subject.api('POST', '/v1/tokens', { name: 'x', role: name })).status).toBe(400);
      expect((await subject.api('GET', `/problems/${name}`)).status).toBeGreaterThanOrEqual(400);
      const policy = { environments: ['*'], rule: { kind: name } };
      expect((await subject.api('PUT', '/v1/projects/shop/policies/x', policy)).status).toBe(400);
    }
  });
});
