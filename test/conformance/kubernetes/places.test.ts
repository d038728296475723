/** Two clusters beside each other under one Berth, with an environment in each; then one of them stops. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { pushImage, startRegistry, type TestRegistry, whyNoRegistry } from '../support/registry.ts';

const why =
  (await whyNoCluster()) ??
  (await whyNoRegistry()) ??
  (process.env.KUBECONFIG ? 'KUBECONFIG names one cluster, and this takes two' : undefined);
if (why) console.log(`Skipped: places, since ${why}.`);

const PROJECT = '/v1/projects/shop';
const PREFIX = `places${process.pid}`;
const workload = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web' },
  service: { ports: { www: { port: 80, targetPort: 8080 } } },
  containers: { web: { image: '.', variables: { API_KEY: '${resources.env.API_KEY}' } } },
  resources: { env: { type: 'environment' } },
};
/** What a place that is away may keep a request waiting for, at the very most. */
const PATIENCE_MS = 15_000;

/** One kubeconfig with a context for each. */
async function merged(clusters: Record<string, TestCluster>): Promise<string> {
  const all = { 'current-context': 'here', clusters: [], users: [], contexts: [] } as Record<string, unknown>;
  const list = (name: string) => all[name] as unknown[];
  for (const [name, { kubeconfig }] of Object.entries(clusters)) {
    const one = parse(await readFile(kubeconfig, 'utf8'));
    list('clusters').push({ name, cluster: one.clusters[0].cluster });
    list('users').push({ name, user: one.users[0].user });
    list('contexts').push({ name, context: { cluster: name, user: name } });
  }
  return stringify(all);
}

describe.skipIf(why)('Two clusters under one Berth', () => {
  let here: TestCluster;
  let emea: TestCluster;
  let registry: TestRegistry;
  let directory: string;
  let berth: BerthChild;

  beforeAll(async () => {
    [here, emea, registry] = await Promise.all([startCluster(), startCluster(), startRegistry()]);
    directory = await mkdtemp(join(tmpdir(), 'berth-places-'));
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, await merged({ here, emea }));
    berth = await startChild(join(directory, 'berth'), await freePort(), {
      BERTH_KUBECONFIG: kubeconfig,
      BERTH_REGISTRY: `${registry.url}/berth`,
      BERTH_REGISTRY_IN_CLUSTER: 'registry.test/berth',
      BERTH_APPS_DOMAIN: 'apps.example.com',
      BERTH_NAMESPACE_PREFIX: PREFIX,
    });
    await berth.api('POST', '/v1/projects', { name: 'shop' });
    await berth.api('POST', `${PROJECT}/services`, { name: 'web' });
    await pushImage(registry, 'berth/shop/web', { command: ['serve'], tags: ['v1'] });
    const made = await berth.api('POST', `${PROJECT}/services/web/versions`, {
      image: 'v1',
      workload,
      tags: ['v1'],
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
  }, 2_400_000);
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await registry?.stop();
    await here?.stop();
    await emea?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  const web = (environment: string) => `${PROJECT}/environments/${environment}/services/web`;
  const deploy = (environment: string) =>
    berth.operation('POST', `${web(environment)}/deployments`, { version: 'v1' });
  const create = (name: string, placement?: unknown) =>
    berth.operation('POST', `${PROJECT}/environments`, { name, ...(placement ? { placement } : {}) });
  const namespaces = async ({ client }: TestCluster): Promise<string[]> =>
    (await client.list<{ metadata: { name: string } }>('/api/v1/namespaces')).items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith(PREFIX));
  const timed = async <T>(work: Promise<T>): Promise<[T, number]> => {
    const before = performance.now();
    return [await work, performance.now() - before];
  };

  it('each environment is whole in the cluster that it asks for, and nowhere else', async () => {
    const place = await berth.api('POST', '/v1/places', {
      name: 'emea',
      access: { kind: 'kubeconfig', context: 'emea' },
      domain: 'emea.example.com',
      labels: { region: 'eu' },
    });
    expect(place.status, JSON.stringify(place.body)).toBe(201);
    expect(await create('dev')).toMatchObject({ status: 'succeeded' });
    expect(await create('far', { labels: { region: 'eu' } })).toMatchObject({ status: 'succeeded' });
    expect(await create('brief', 'emea')).toMatchObject({ status: 'succeeded' });
    expect(await namespaces(here)).toEqual([`${PREFIX}-shop-dev`]);
    expect(await namespaces(emea)).toEqual([`${PREFIX}-shop-brief`, `${PREFIX}-shop-far`]);
    for (const environment of ['dev', 'far']) {
      await berth.api('PUT', `${PROJECT}/environments/${environment}/secrets/API_KEY`, { value: 'a secret' });
      const deployed = await deploy(environment);
      expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
    }
    const { body } = await berth.api('GET', web('far'));
    expect(body).toMatchObject({
      health: 'healthy',
      url: 'https://web-far-shop.emea.example.com',
      replicas: { ready: 1 },
    });
    expect((await berth.api('GET', web('dev'))).body.url).toBe('https://web-dev-shop.apps.example.com');
    const logs = await berth.api('GET', `${web('far')}/logs`);
    expect(logs.status, JSON.stringify(logs.body)).toBe(200);
    const refused = await berth.api('DELETE', '/v1/places/emea');
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_empty' } });
    expect(refused.body.detail).toContain('shop/brief, shop/far');
  });

  it('sleeps, wakes and goes there, and leaves nothing', async () => {
    const path = `${PROJECT}/environments/far`;
    expect(await berth.operation('POST', `${path}/hibernate`)).toMatchObject({ status: 'succeeded' });
    expect(await berth.operation('POST', `${path}/wake`)).toMatchObject({ status: 'succeeded' });
    expect((await berth.api('GET', web('far'))).body).toMatchObject({ health: 'healthy' });
    expect(await berth.operation('DELETE', `${PROJECT}/environments/brief`)).toMatchObject({
      status: 'succeeded',
    });
    expect(await namespaces(emea)).toEqual([`${PREFIX}-shop-far`]);
  });

  it('when one stops, the environments of the other go on, and nobody waits long for it', async () => {
    await emea.stop();
    const [instance, took] = await timed(berth.api('GET', web('far')));
    expect(instance.body).toMatchObject({ state: 'unknown' });
    expect(took).toBeLessThan(PATIENCE_MS);
    const [overview, again] = await timed(berth.api('GET', `${PROJECT}/overview`));
    expect(overview.body.instances).toHaveLength(2);
    expect(again).toBeLessThan(PATIENCE_MS);

    for (let tries = 0; (await berth.api('GET', '/healthz')).body.placesAway === undefined; tries++) {
      expect(tries, 'the sweep looks at places').toBeLessThan(300);
      await sleep(100);
    }
    expect((await berth.api('GET', '/healthz')).body).toEqual({ status: 'degraded', placesAway: ['emea'] });
    const { body } = await berth.api('GET', '/v1/places');
    expect(body.items).toMatchObject([
      { name: 'home', state: 'reachable' },
      // The first look may fall on a server that is about to end: it refuses, or loses the connection.
      {
        name: 'emea',
        state: 'unreachable',
        reason: expect.stringMatching(/^The (cluster|connection to the cluster) /),
      },
    ]);
    const refused = await berth.api('POST', `${PROJECT}/environments`, { name: 'late', placement: 'emea' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'place_unreachable' } });

    // What has to wait for the one that is away does not keep what can be done.
    const lost = await berth.api('POST', `${web('far')}/deployments`, { version: 'v1' });
    expect(lost.status, JSON.stringify(lost.body)).toBe(202);
    expect(await create('next')).toMatchObject({ status: 'succeeded' });
    const deployed = await deploy('dev');
    expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
    expect((await berth.api('GET', web('dev'))).body).toMatchObject({ health: 'healthy' });
    const { body: waiting } = await berth.api('GET', `/v1/operations/${lost.body.id}`);
    expect(waiting.status).not.toBe('succeeded');
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there are not two clusters', () => undefined);
