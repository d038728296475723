import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { versionIdKey } from '../../../functions/core/keys.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Caches } from '../../../functions/ports/caches.ts';
import { runStep } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import {
  createSubject,
  DIGEST,
  expectProblem,
  instancePath,
  type Subject,
  seed,
  workload,
} from '../support.ts';

const versions = '/v1/projects/demo/services/guestbook/versions';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  subject.ports.workloads.host = async ({ environment }, label) => `${label}.${environment}.demo.localhost`;
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const register = (fields: object) =>
  subject.api('POST', versions, { image: DIGEST, workload: { ...workload, ...fields } });

/** A version as an earlier release of Berth may have taken it, whatever is wrong with it. */
async function older(fields: object): Promise<string> {
  const metadata = {
    name: 'guestbook',
    annotations: { 'example.org/of': JSON.stringify(fields).slice(0, 90) },
  };
  const { body } = await register({ metadata });
  const key = versionIdKey({ project: 'demo', service: 'guestbook' }, body.id);
  const item = await subject.ports.store.get<{ order: string }>(key);
  const data = { ...item!.data, workload: { ...workload, metadata, ...fields } };
  await subject.ports.store.transact([{ put: { ...key, data } }]);
  return body.id;
}

const main = (fields: object) => ({ containers: { web: { image: '.', ...fields } } });
const resource = (it: object) => ({ resources: { it } });
const variable = (value: string) => main({ variables: { KEY: value } });

/** What a version shows by itself, and what shows only in an environment; each with the code of its refusal. */
const always: [string, string, object][] = [
  ['a type that there is not', 'unknown_resource_type', resource({ type: 'rabbit' })],
  ['a class that there is not', 'invalid_resource', resource({ type: 'volume', class: 'fast' })],
  [
    'a param that its type does not have',
    'invalid_resource',
    resource({ type: 'postgres', params: { size: 1 } }),
  ],
  ['a size that is none', 'invalid_resource', resource({ type: 'volume', params: { size: '1Mib' } })],
  [
    'a route to no port',
    'invalid_resource',
    resource({ type: 'route', params: { host: 'a.b', path: '/', port: 81 } }),
  ],
  [
    'a route with a bad path',
    'invalid_resource',
    resource({ type: 'route', params: { host: 'a.b', path: 'x', port: 80 } }),
  ],
  ['an image of others', 'image_unavailable', main({ image: 'busybox' })],
  [
    'an output that there is not',
    'unresolved_placeholder',
    { ...variable('${resources.it.uri}'), ...resource({ type: 'postgres' }) },
  ],
  [
    'a resource as a value',
    'unresolved_placeholder',
    { ...variable('${resources.it}'), ...resource({ type: 'volume' }) },
  ],
  [
    'a volume that is none',
    'unresolved_placeholder',
    { ...main({ volumes: { '/data': { source: '${resources.it}' } } }), ...resource({ type: 'postgres' }) },
  ],
  [
    'a secret in a param',
    'unresolved_placeholder',
    {
      resources: {
        it: { type: 'postgres' },
        way: { type: 'route', params: { host: '${resources.it.password}', path: '/', port: 80 } },
      },
    },
  ],
  ['a variable that no program takes', 'invalid_score', variable('x'.repeat(140_000))],
  ['a word that no program takes', 'invalid_score', main({ command: ['node', 'x'.repeat(140_000)] })],
];
/** No release of Berth ever took such a version. */
const never: [string, string, object][] = [
  ['a resource that is not declared', 'unresolved_placeholder', variable('${resources.db.url}')],
];
const here: [string, string, object][] = [
  [
    'a secret that is not there',
    'unresolved_placeholder',
    { ...variable('${resources.it.API_KEY}'), ...resource({ type: 'environment' }) },
  ],
  [
    'a service that is not deployed',
    'invalid_resource',
    resource({ type: 'service-port', params: { workload: 'other', port: 80 } }),
  ],
  [
    'a host of another environment',
    'invalid_resource',
    resource({ type: 'route', params: { host: 'guestbook.prod.demo.localhost', path: '/', port: 80 } }),
  ],
  [
    'a route by a placeholder to no port',
    'invalid_resource',
    {
      resources: {
        dns: { type: 'dns' },
        it: { type: 'route', params: { host: '${resources.dns.host}', path: '/', port: '${metadata.port}' } },
      },
      metadata: { name: 'guestbook', port: '81' },
    },
  ],
  [
    'a server of its own where there are none',
    'invalid_resource',
    resource({ type: 'postgres', class: 'dedicated' }),
  ],
];

it('A version that asks for what no place has is not made, and says what helps; what one place has is left to plans', async () => {
  const wish = resource({ type: 'redis' });
  const without = await register(wish);
  expectProblem(without, 422, 'invalid_resource');
  expect(without.body.hint).toContain('by a secret with its URL');
  const refused = { why: 'this machine has no redis-server', hint: 'Install redis-server.' };
  const caches = { refusal: async () => refused } as unknown as Caches;
  subject.ports.caches = caches;
  expect((await register(wish)).body).toMatchObject({
    detail: expect.stringContaining(refused.why),
    hint: refused.hint,
  });
  caches.refusal = async (environment) => (environment ? refused : undefined);
  const made = await register(wish);
  expect(made.status).toBe(201);
  const { body } = await subject.api('GET', `${instancePath}/plan?version=${made.body.id}`);
  expect(body.problems).toMatchObject([{ code: 'invalid_resource', hint: refused.hint }]);
});

describe('What a deployment would be refused with, the plan says', () => {
  it.each([...always, ...here])('%s: %s', async (_what, code, fields) => {
    const version = await older(fields);
    const { status, body } = await subject.api('GET', `${instancePath}/plan?version=${version}`);
    expect(status).toBe(200);
    expect(body.problems).toMatchObject([
      { code, cause: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) },
    ]);
    const { body: operation } = await subject.api('POST', `${instancePath}/deployments`, { version });
    const begin = runStep(
      subject.ports,
      'prepareDeployment',
      steps.prepareDeployment,
      { operation: operation.id },
      AbortSignal.timeout(10_000),
    );
    await expect(begin).rejects.toMatchObject({ code, message: body.problems[0].cause });
  });

  it('all of it at once', async () => {
    const version = await older({
      containers: {
        web: { image: 'busybox' },
        side: { image: 'alpine', variables: { A: '${resources.c.x}' } },
      },
      resources: { a: { type: 'rabbit' }, b: { type: 'volume', class: 'fast' }, c: { type: 'dns' } },
    });
    subject.ports.registry.resolve = async () => {
      throw new Problem('image_unavailable', 'There is no such image.', { hint: 'Push it.' });
    };
    const { body } = await subject.api('GET', `${instancePath}/plan?version=${version}`);
    expect(body.problems.map(({ code }: { code: string }) => code)).toEqual([
      'image_unavailable',
      'image_unavailable',
      'unknown_resource_type',
      'invalid_resource',
      'unresolved_placeholder',
      'image_unavailable',
    ]);
  });
});

describe('The making of a version', () => {
  it.each([...always, ...never])('is refused for %s: %s', async (_what, code, fields) => {
    expectProblem(await register(fields), 422, code);
    expect((await subject.api('GET', versions)).body.items).toEqual([]);
  });

  it.each(here)('is not refused for %s: another environment may have it', async (_what, _code, fields) => {
    expect((await register(fields)).status).toBe(201);
  });
});

it('The plan says what a workload will not find where nothing is mounted', async () => {
  subject.ports.workloads.warnings = (given, directory) => [`${given.metadata.name} in ${directory}`];
  const { id } = (await register({})).body;
  const { body } = await subject.api('GET', `${instancePath}/plan?version=${id}`);
  expect(body).toMatchObject({ problems: [], warnings: ['guestbook in /'] });
});
