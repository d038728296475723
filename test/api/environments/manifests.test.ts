import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { createManifests } from '../../../functions/adapters/kubernetes/plain/manifests.ts';
import { environmentUse } from '../../../functions/commands/environments/environments.ts';
import { deploymentKey } from '../../../functions/core/keys.ts';
import type { Deployment, ResourceOutputs } from '../../../functions/core/model/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { createSubject, DIGEST, expectProblem, type Subject, seed } from '../support.ts';

const PATH = '/v1/projects/demo/environments/dev/manifests?registry=registry.example.com/team';
const VALUE = 'correct-horse-battery';

const shop = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'shop', annotations: { 'berth.dev/release-command': 'node migrate.js' } },
  service: { ports: { web: { port: 80, targetPort: 8080 } } },
  containers: {
    web: {
      image: '.',
      variables: {
        KEY: '${resources.env.KEY}',
        GREETING: '${resources.env.GREETING}',
        OTHER: 'http://${resources.other.hostname}:${resources.other.port}',
        DATABASE: 'postgres://${resources.db.host}/x?password=${resources.db.password}',
      },
      files: { '/etc/shop.ini': { content: 'key = ${resources.env.KEY}' } },
      volumes: { '/data': { source: '${resources.data}' } },
    },
  },
  resources: {
    env: { type: 'environment' },
    data: { type: 'volume', params: { size: '2Gi' } },
    db: { type: 'postgres' },
    other: { type: 'service-port', params: { workload: 'guestbook', port: 'web' } },
  },
};
const plain = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'guestbook' },
  service: { ports: { web: { port: 80, targetPort: 8080 } } },
  containers: { web: { image: '.' } },
};

let subject: Subject;

async function serve(service: string, workload: object, outputs: Record<string, ResourceOutputs>) {
  const { api, ports } = subject;
  const ref = { project: 'demo', environment: 'dev', service };
  const path = `/v1/projects/demo/services/${service}/versions`;
  const version = await api('POST', path, { image: DIGEST, workload, tags: ['v1'] });
  expect(version.status, version.text).toBe(201);
  const started = await api('POST', `/v1/projects/demo/environments/dev/services/${service}/deployments`, {
    version: 'v1',
  });
  expect(started.status, started.text).toBe(202);
  const { number } = started.body;
  const key = deploymentKey(ref, number);
  const item = await ports.store.get<Deployment>(key);
  await ports.store.transact([{ put: { ...key, data: { ...item!.data, outputs, status: 'succeeded' } } }]);
  const environment = await getEnvironment(ports.store, ref);
  await ports.store.transact([
    environmentUse(environment, withStanding(environment.data, ref, { current: number })),
  ]);
}

beforeAll(async () => {
  subject = await createSubject();
  const { ports, api } = subject;
  ports.manifests = createManifests({ registry: ports.registry, render: defaultRenderOptions });
  await seed(subject);
  expectProblem(await api('GET', PATH), 409, 'conflict');
  await api('POST', '/v1/projects/demo/services', { name: 'shop' });
  await api('PUT', '/v1/projects/demo/environments/dev/secrets/KEY', { value: VALUE });
  await serve('guestbook', plain, {});
  await serve('shop', shop, {
    env: { values: { GREETING: 'hello' }, secrets: { KEY: { secret: 'demo/dev/KEY', version: '1' } } },
    data: { values: { source: '/var/lib/berth/volumes/data' }, secrets: {} },
    db: { values: { host: '127.0.0.1' }, secrets: { password: { secret: 'demo/dev/db', version: '1' } } },
    other: { values: { hostname: 'guestbook.dev.demo.localhost', port: '4600' }, secrets: {} },
  });
});
afterAll(() => subject.close());

async function manifests(query = '') {
  const answer = await subject.api('GET', `${PATH}${query}`);
  expect(answer.status, answer.text).toBe(200);
  const objects = answer.body.files.flatMap(({ path, text }: { path: string; text: string }) =>
    parseAllDocuments(text).map((document) => ({ path, ...document.toJS() })),
  );
  const one = (kind: string, name: string) =>
    objects.find((each: any) => each.kind === kind && each.metadata.name === name);
  return { body: answer.body, objects, one, text: answer.text };
}

describe('What serves as plain manifests', () => {
  it('has no value of a secret, and says where each has to be written', async () => {
    const { body, one, text } = await manifests();
    expect(text).not.toContain(VALUE);
    expect(text).not.toContain(Buffer.from(VALUE).toString('base64'));
    expect(one('Secret', 'shop-v1').stringData).toEqual({
      'web.KEY': '${resources.env.KEY}',
      'web.DATABASE': 'postgres://127.0.0.1/x?password=${resources.db.password}',
    });
    expect(body.secrets).toMatchObject([
      { secret: 'shop-v1', key: 'web.KEY', placeholders: ['${resources.env.KEY}'] },
      { secret: 'shop-v1', key: 'web.DATABASE', placeholders: ['${resources.db.password}'] },
      { secret: expect.stringMatching(/^shop-files-v1/), placeholders: ['${resources.env.KEY}'] },
    ]);
  });

  it('has nothing of Berth in it, and what selects pods still finds them', async () => {
    const { objects, one } = await manifests();
    expect(JSON.stringify(objects)).not.toMatch(/berth\.dev|"berth"|HTTPRoute/);
    const { spec } = one('Deployment', 'shop');
    for (const { kind, selector } of [
      { kind: 'Deployment', selector: spec.selector.matchLabels },
      { kind: 'Service', selector: one('Service', 'shop').spec.selector },
      { kind: 'NetworkPolicy', selector: one('NetworkPolicy', 'shop').spec.podSelector.matchLabels },
    ]) {
      expect(Object.keys(selector), kind).not.toEqual([]);
      expect(spec.template.metadata.labels, kind).toMatchObject(selector);
    }
    const [{ labelSelector }] =
      spec.template.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(spec.template.metadata.labels).toMatchObject(labelSelector.matchLabels);
  });

  it('is in one namespace, volumes with it, and workloads find each other there', async () => {
    const { objects, one } = await manifests('&namespace=harbour');
    expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'harbour' } });
    for (const { kind, metadata } of objects.slice(1)) expect(metadata.namespace, kind).toBe('harbour');
    const [container] = one('Deployment', 'shop').spec.template.spec.containers;
    expect(container.env).toContainEqual({ name: 'OTHER', value: 'http://guestbook:80' });
    expect(container.env).toContainEqual({ name: 'GREETING', value: 'hello' });
    expect(container.image).toBe(`registry.example.com/team/demo/shop@${DIGEST}`);
    const claim = objects.find(({ kind }: any) => kind === 'PersistentVolumeClaim');
    expect(claim.spec.resources.requests.storage).toBe(String(2 * 1024 ** 3));
    const [volume] = one('Deployment', 'shop').spec.template.spec.volumes;
    expect(volume.persistentVolumeClaim.claimName).toBe(claim.metadata.name);
  });

  it('names all that stays, with what to do about it', async () => {
    const { left } = (await manifests('&service=shop')).body;
    for (const { todo } of left) expect(todo).toMatch(/\.$/);
    expect(left.map(({ kind, what }: any) => `${kind}: ${what}`)).toEqual([
      expect.stringMatching(/^resource: The data of volume "data" stays here/),
      expect.stringMatching(/^resource: postgres "db" of shop stays here \(host 127.0.0.1\)/),
      expect.stringMatching(/^image: The cluster pulls registry\.example\.com\/team\/demo\/shop@sha256:/),
      expect.stringMatching(/^way-in: Nothing leads to shop from outside/),
      'command: Berth runs "node migrate.js" before each deployment of shop.',
    ]);
  });

  it('is of one service where one is asked for, and refuses what is none', async () => {
    const { body } = await manifests('&service=guestbook');
    expect(body.files.map(({ path }: any) => path)).toEqual(['environment.yaml', 'services/guestbook.yaml']);
    expect(body.secrets).toEqual([]);
    expectProblem(await subject.api('GET', `${PATH}&service=none`), 404);
    expectProblem(await subject.api('GET', `${PATH}&namespace=A`), 400, 'invalid_request');
    expectProblem(await subject.api('GET', PATH.split('?')[0]!), 400, 'invalid_request');
    expectProblem(
      await subject.api('GET', PATH.replace('registry.example', 'a%20b')),
      400,
      'invalid_request',
    );
  });
});
