/** One tenant against another, over the socket of a whole Berth; and against a cluster, by what is rendered for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  defaultRenderOptions,
  renderEnvironment,
} from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { namespaceName } from '../../../functions/adapters/kubernetes/object-names.ts';
import { paramForms } from '../../../functions/api/http/params.ts';
import type { DeploymentDetail } from '../../../functions/core/model/index.ts';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { workloadSpec } from '../../../functions/resources/score/workload-spec.ts';
import { manifestsOf } from '../../adapters/kubernetes/all-manifests.ts';
import { type Answer, type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { core } from '../../support/canaries.ts';
import { program } from '../../support/programs.ts';
import { routes } from '../../support/routes.ts';

let subject: TestBerth;
/** Tokens of the project `mine`, by role. */
const tokens: Record<string, string> = {};
/** A secret of the project `theirs`, and one of another environment of `mine`. */
const [theirs, production] = [core(), core()];
let build: Json;

const as =
  (role: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${tokens[role]}`, ...headers });
const mine = as('administrator');

beforeAll(async () => {
  subject = await startBerth();
  for (const project of ['mine', 'theirs']) {
    await subject.api('POST', '/v1/projects', { name: project });
    await subject.api('POST', `/v1/projects/${project}/services`, { name: 'web' });
    await subject.operation('POST', `/v1/projects/${project}/environments`, { name: 'dev' });
  }
  await subject.operation('POST', '/v1/projects/mine/environments', { name: 'production' });
  await subject.api('PUT', '/v1/projects/theirs/environments/dev/secrets/KEY', { value: theirs });
  await subject.api('PUT', '/v1/projects/mine/environments/production/secrets/KEY', { value: production });
  for (const role of ['viewer', 'developer', 'administrator']) {
    const { body } = await subject.api('POST', '/v1/projects/mine/tokens', { name: role, role });
    tokens[role] = body.token;
  }
  build = await subject.operation('POST', '/v1/projects/theirs/services/web/builds', await program('theirs'));
});
afterAll(() => subject?.close());

describe("Another tenant's things (25)", () => {
  it('are not reached by the id of an operation, which no project is in the path of', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/logs'],
      ['GET', '/logs?tail=10'],
      ['POST', '/cancel'],
    ]) {
      const there = await mine(method!, `/v1/operations/${build.id}${path}`);
      const nowhere = await mine(method!, `/v1/operations/${paramForms.operation!.example}${path}`);
      expect(there.status).toBe(404);
      expect(there.body.detail).toBe(
        nowhere.body.detail.replaceAll(paramForms.operation!.example, build.id as string),
      );
    }
    for (const accept of ['text/event-stream', 'text/event-stream;q=1, */*', 'TEXT/EVENT-STREAM']) {
      expect((await mine('GET', `/v1/operations/${build.id}`, undefined, { accept })).status).toBe(404);
    }
  });

  it('are not deployed by the id of a version, its tag, or the digest of its image', async () => {
    const { version } = build.result;
    const { body } = await subject.api('GET', '/v1/projects/theirs/services/web/versions');
    const { digest } = body.items[0];
    const deployments = '/v1/projects/mine/environments/dev/services/web/deployments';
    for (const given of [version, digest, `theirs/web@${digest}`, `${version}\n`, [version]]) {
      expect([400, 404]).toContain((await mine('POST', deployments, { version: given })).status);
    }
    for (const image of [digest, `theirs/web@${digest}`, `../theirs/web@${digest}`]) {
      const { status } = await mine('POST', '/v1/projects/mine/services/web/versions', { image });
      expect([400, 404, 422], image).toContain(status);
    }
    expect((await mine('GET', '/v1/projects/mine/services/web/versions')).body.items).toEqual([]);
  });

  it.each(['events', 'services/web/versions', 'services'])(
    'are not read on with a cursor that is theirs: %s',
    async (list) => {
      const theirPage = await subject.api('GET', `/v1/projects/theirs/${list}?limit=1`);
      const own = await mine('GET', `/v1/projects/mine/${list}?limit=200`);
      const known = JSON.stringify(own.body.items);
      const forged = ['theirs/', '../theirs', 'audit#theirs', 'project#theirs'].map((key) =>
        Buffer.from(key).toString('base64url'),
      );
      for (const cursor of [theirPage.body.nextCursor, ...forged]) {
        if (cursor === undefined) continue;
        const { status, body } = await mine('GET', `/v1/projects/mine/${list}?cursor=${cursor}`);
        expect([200, 400]).toContain(status);
        for (const item of body.items ?? []) expect(known).toContain(JSON.stringify(item));
      }
    },
  );

  it.each([
    'x-http-method-override',
    'x-original-url',
    'x-rewrite-url',
    'x-forwarded-prefix',
    'x-forwarded-user',
  ])('are not reached by the header %s', async (name) => {
    for (const value of ['DELETE', '/v1/projects/theirs', 'administrator', 'user:ada']) {
      const own = await mine('GET', '/v1/projects/mine', undefined, { [name]: value });
      expect(own.body.name).toBe('mine');
      expect((await mine('GET', '/v1/projects/theirs', undefined, { [name]: value })).status).toBe(404);
    }
    expect((await subject.api('GET', '/v1/projects/theirs')).status).toBe(200);
  });
});

it('What is there and what is not are told by nothing: every route of a project, for those whom it does not let in (27)', async () => {
  const plain = ({ status, body }: Answer, project: string) =>
    JSON.stringify([status, body]).replaceAll(project, 'the-project');
  for (const { method, path, body, bodyExamples } of routes) {
    if (!path.startsWith('/v1/projects/{project}')) continue;
    const [there, nowhere] = await Promise.all(
      ['theirs', 'nobody'].map(async (project) => {
        const known: Record<string, string> = { project, service: 'web', environment: 'dev', secret: 'KEY' };
        const concrete = path.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => known[name] ?? paramForms[name]!.example,
        );
        const example = body ? Object.values(bodyExamples ?? {})[0] : undefined;
        const answer = await mine(
          method.toUpperCase(),
          concrete,
          method === 'get' ? undefined : (example ?? {}),
        );
        expect(answer.status, `${method} ${concrete}`).toBe(404);
        return plain(answer, project);
      }),
    );
    expect(there).toBe(nowhere);
  }
});

describe('Credentials are not read (28)', () => {
  it.each(['viewer', 'developer', 'administrator'])('by a %s, on any route that reads', async (role) => {
    for (const { method, path } of routes) {
      if (method !== 'get' || path.includes('{operation}')) continue;
      const known: Record<string, string> = {
        project: 'mine',
        service: 'web',
        environment: 'production',
        secret: 'KEY',
      };
      const concrete = path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => known[name] ?? paramForms[name]!.example,
      );
      const response = await fetch(subject.url + concrete, {
        headers: { authorization: `Bearer ${tokens[role]}` },
      });
      const text = await response.text();
      for (const value of [production, theirs, subject.token, tokens.administrator!])
        expect(text).not.toContain(value);
    }
  });

  it.each(['viewer', 'developer'])('by a %s who asks to be shown one', async (role) => {
    for (const body of [{}, { version: 'current' }, { version: '../KEY' }]) {
      const answer = await as(role)(
        'POST',
        '/v1/projects/mine/environments/production/secrets/KEY/reveal',
        body,
      );
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(answer.body)).not.toContain(production);
    }
  });
});

describe('A secret of another environment or project is not had (30)', () => {
  it.each<[string, string, string]>([
    ['by the id of a resource', 'id: production', 'resources.env.KEY'],
    ['by the id of a resource of theirs', 'id: theirs.dev', 'resources.env.KEY'],
    ['by its parameters', 'params:\n  environment: production', 'resources.env.KEY'],
    ['by parameters with a project', 'params:\n  project: theirs\n  environment: dev', 'resources.env.KEY'],
    ['by its class', 'class: production', 'resources.env.KEY'],
    ['by a path in its name', '', 'resources.env.../production/env/KEY'],
    ['by a slash in its name', '', 'resources.env.production/KEY'],
    ['by the path in the vault', '', 'resources.env.theirs/dev/env/KEY'],
    ['by metadata', '', 'metadata.annotations.secret'],
  ])('%s', async (_what, lines, placeholder) => {
    const score = `resources:\n  env:\n    type: environment\n${lines.replaceAll(/^(?=.)/gm, '    ')}`;
    const source = await program('thief', { score, container: `variables:\n  A: "\${${placeholder}}"` });
    const built = await subject.operation('POST', '/v1/projects/mine/services/web/builds', source);
    expect(JSON.stringify(built)).not.toMatch(new RegExp(`${production}|${theirs}`));
    if (built.status === 'failed') return expect(built.error.hint).toMatch(/\S/);
    const deployments = '/v1/projects/mine/environments/dev/services/web/deployments';
    const answer = await subject.api('POST', deployments, { version: built.result.version });
    if (answer.status === 202) {
      const { status, error } = await subject.waitFor(answer.body.operation?.id ?? answer.body.id);
      expect(status).toBe('failed');
      expect(error.code).toMatch(/^(unresolved_placeholder|invalid_resource)$/);
    } else expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await subject.workload('web.dev.mine.localhost')).status).toBe(404);
  });
});

const digest = `sha256:${'a'.repeat(64)}`;
const options = { ...defaultRenderOptions, domain: 'apps.example.com' };
const scoreWith = (lines: string, annotations = '') => `apiVersion: score.dev/v1b1
metadata:
  name: web
  annotations:
    note: mine
${annotations.replaceAll(/^(?=.)/gm, '    ')}
containers:
  main:
    image: .
${lines}`;

/** The manifests that a cluster gets for a Score file. */
async function rendered(score: string): Promise<string> {
  const deployment = {
    project: 'mine',
    environment: 'dev',
    service: 'web',
    number: 1,
    digest,
    operation: 'op',
    workload: parseScore(score),
    outputs: {},
  } as unknown as DeploymentDetail;
  const spec = await workloadSpec({} as Ports, deployment, 1);
  const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: ['x'] } };
  return JSON.stringify(manifestsOf(spec, images, options));
}

describe('A Score file does not choose', () => {
  it.each([
    'eks.amazonaws.com/role-arn: arn:aws:iam::1:role/evil',
    'iam.amazonaws.com/role: evil',
    'kubernetes.io/service-account.name: evil',
    'nginx.ingress.kubernetes.io/configuration-snippet: evil',
    'pod-security.kubernetes.io/enforce: evil',
    'container.apparmor.security.beta.kubernetes.io/main: evil',
    'serviceAccountName: evil',
  ])('who it is, by the annotation %s (29, 32, 33)', async (annotation) => {
    expect(await rendered(scoreWith('', annotation))).not.toMatch(/evil|role-arn|snippet/);
  });

  it.each(['service-account', 'serviceAccountName', 'namespace', 'role', 'labels', 'Replicas'])(
    'by an annotation of Berth that is none: %s (29, 33)',
    (name) => {
      expect(() => parseScore(scoreWith('', `berth.dev/${name}: evil`))).toThrow(/berth\.dev/);
    },
  );

  it.each([
    '    serviceAccountName: evil',
    '    securityContext:\n      privileged: true',
    '    env: []',
    '    ports: []',
    '    hostNetwork: true',
    'spec:\n  serviceAccountName: evil',
    'serviceAccountName: evil',
    'namespace: kube-system',
    'securityContext: {}',
    'initContainers: []',
    'x-kubernetes: {}',
  ])('by a field that Score does not have: %j (31, 32, 33)', (lines) => {
    expect(() => parseScore(scoreWith(lines))).toThrow(/not|unknown/i);
  });

  it.each(['evil/image', `evil/image@${digest}`, 'registry.test/theirs/web', `sha256:${'b'.repeat(64)}`])(
    'another image than that of its version, in any of its containers: %s (31)',
    async (image) => {
      const sibling = scoreWith(`  second:\n    image: ${image}`);
      const alone = scoreWith('').replace('image: .', `image: ${image}`);
      const before = scoreWith(
        `    before:\n      second:\n        ready: complete\n  second:\n    image: ${image}`,
      );
      for (const score of [sibling, alone, before]) {
        await expect(rendered(score)).rejects.toThrow(/image/);
      }
    },
  );

  it('its service account: each has its own, without a token (33)', async () => {
    const objects = JSON.parse(await rendered(scoreWith(''))) as Json[];
    const pod = objects.find(({ kind }) => kind === 'Deployment')!.spec.template.spec;
    expect(pod).toMatchObject({ automountServiceAccountToken: false });
    const account = objects.find(({ kind }) => kind === 'ServiceAccount')!;
    expect(account).toMatchObject({ automountServiceAccountToken: false });
    expect(pod.serviceAccountName).toBe(account.metadata.name);
    expect(objects.some(({ kind }) => /Role/.test(kind))).toBe(false);
  });
});

describe('A namespace (32)', () => {
  it.each([
    [{ project: 'kube', environment: 'system' }, 'kube-system'],
    [{ project: 'default', environment: 'x' }, 'default'],
    [{ project: 'berth', environment: 'system' }, 'berth-system'],
  ])('of %j is none of the cluster’s', (ref, taken) => {
    expect(namespaceName('berth', ref)).not.toBe(taken);
  });

  it('is of one environment: names that read alike are different ones', () => {
    const refs = [
      { project: 'a-b', environment: 'c' },
      { project: 'a', environment: 'b-c' },
      { project: 'a--b', environment: 'c' },
      { project: 'a', environment: '-b-c' },
      { project: 'a'.repeat(40), environment: 'b'.repeat(40) },
      { project: 'a'.repeat(40), environment: `${'b'.repeat(39)}c` },
    ];
    expect(new Set(refs.map((ref) => namespaceName('berth', ref))).size).toBe(refs.length);
  });

  it('has the labels of Pod Security from Berth alone, whatever the names', () => {
    for (const environment of ['privileged', 'enforce', 'pod-security']) {
      const objects = renderEnvironment({ project: 'restricted', environment }, 'op', options) as Json[];
      expect(objects.find(({ kind }) => kind === 'Namespace')!.metadata.labels).toMatchObject({
        'pod-security.kubernetes.io/enforce': 'restricted',
      });
    }
  });
});
