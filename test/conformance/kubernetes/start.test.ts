/** Berth as `npm start` runs it, on a cluster: a real API server, a real registry, a real PostgreSQL. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedPostgres } from '../../../functions/adapters/local/postgres/databases.ts';
import { BASE_LABEL, NO_BASE, RELEASE_LABEL } from '../../../functions/ports/registry.ts';
import { type BerthChild, freePort, spawnBerth, startChild } from '../../support/process.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { pushImage, startRegistry, type TestRegistry, whyNoRegistry } from '../support/registry.ts';

const why = (await whyNoCluster()) ?? (await whyNoRegistry());
if (why) console.log(`Skipped: Berth on a cluster, since ${why}.`);

const PROJECT = '/v1/projects/shop';
const WEB = `${PROJECT}/environments/dev/services/web`;
const PREFIX = `start${process.pid}`;
const NAMESPACE = `/api/v1/namespaces/${PREFIX}-shop-dev`;
const SECRET = 'correct horse battery staple';

const workload = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web' },
  service: { ports: { www: { port: 80, targetPort: 8080 } } },
  containers: {
    web: {
      image: '.',
      variables: { API_KEY: '${resources.env.API_KEY}', DATABASE_URL: '${resources.db.url}' },
    },
  },
  resources: { env: { type: 'environment' }, db: { type: 'postgres' } },
};
const plain = { ...workload, containers: { web: { image: '.' } }, resources: {} };

interface Found {
  metadata: { uid: string; name: string };
  spec: {
    replicas: number;
    rules: { host: string }[];
    template: { spec: { containers: { image: string }[] } };
  };
  data: Record<string, string>;
}

describe.skipIf(why)('npm start on a cluster', () => {
  let cluster: TestCluster;
  let registry: TestRegistry;
  let directory: string;
  let postgres: ReturnType<typeof createEmbeddedPostgres>;
  let berth: BerthChild;
  let settings: Record<string, string>;

  beforeAll(async () => {
    cluster = await startCluster();
    registry = await startRegistry();
    directory = await mkdtemp(join(tmpdir(), 'berth-on-cluster-'));
    postgres = createEmbeddedPostgres({ directory: join(directory, 'server') });
    const { port } = await postgres.endpoint();
    const password = (await readFile(join(directory, 'server', 'password'), 'utf8')).trim();
    settings = {
      BERTH_KUBECONFIG: cluster.kubeconfig,
      BERTH_REGISTRY: `${registry.url}/berth`,
      BERTH_REGISTRY_IN_CLUSTER: 'registry.test/berth',
      BERTH_APPS_DOMAIN: 'apps.example.com',
      BERTH_NAMESPACE_PREFIX: PREFIX,
      BERTH_POSTGRES_URL: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`,
    };
    berth = await start();
  }, 2_400_000);
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await postgres?.close();
    await registry?.stop();
    await cluster?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  const start = async () => startChild(join(directory, 'berth'), await freePort(), settings);
  const push = (command: string, options: Parameters<typeof pushImage>[2] = {}) =>
    pushImage(registry, 'berth/shop/web', { command: [command], ...options });
  const register = async (image: string, score: object = workload): Promise<string> => {
    const { status, body } = await berth.api('POST', `${PROJECT}/services/web/versions`, {
      image,
      workload: score,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id;
  };
  const deploy = (body: object) => berth.operation('POST', `${WEB}/deployments`, body);
  const get = (path: string) => cluster.client.get<Found>(path);
  const deployment = () => get(`${NAMESPACE.replace('/api/v1', '/apis/apps/v1')}/deployments/web`);
  const imageNow = async () => (await deployment())?.spec.template.spec.containers[0]?.image;
  const databases = async (): Promise<string[]> => {
    const sql = await postgres.connect();
    const rows = await sql.query<{ name: string }>(
      "SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'berth%'",
    );
    await sql.end();
    return rows.map(({ name }) => name);
  };

  it('goes the whole way: version, secret, database, deployment, rollback', async () => {
    await berth.api('POST', '/v1/projects', { name: 'shop' });
    await berth.api('POST', `${PROJECT}/services`, { name: 'web' });
    const made = await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
    expect(made, JSON.stringify(made.error)).toMatchObject({ status: 'succeeded' });
    expect(await get(NAMESPACE)).toBeDefined();
    await berth.api('PUT', `${PROJECT}/environments/dev/secrets/API_KEY`, { value: SECRET });

    const one = await push('serve', { labels: { v: '1', [RELEASE_LABEL]: 'migrate' }, tags: ['v1'] });
    const two = await push('serve', { labels: { v: '2' }, tags: ['v2'] });
    const first = await deploy({ version: await register('v1') });
    expect(first, JSON.stringify(first.error)).toMatchObject({ status: 'succeeded' });
    expect(await imageNow()).toBe(`registry.test/berth/shop/web@${one}`);

    const routes = await cluster.client.list<Found & { status: { parents: unknown[] } }>(
      `${NAMESPACE.replace('/api/v1', '/apis/gateway.networking.k8s.io/v1')}/httproutes`,
    );
    expect(first.result.url).toBe('https://web-dev-shop.apps.example.com');
    expect(routes.items.map(({ spec }) => spec)).toMatchObject([
      { hostnames: ['web-dev-shop.apps.example.com'], parentRefs: [{ name: 'berth' }] },
    ]);
    expect(routes.items[0]?.status.parents).toHaveLength(1);
    const { items } = await cluster.client.list<Found>(`${NAMESPACE}/secrets`);
    const values = items.flatMap(({ data }) => Object.values(data ?? {}));
    const opened = values.map((value) => Buffer.from(value, 'base64').toString());
    expect(opened).toContain(SECRET);
    expect(await databases()).toHaveLength(1);

    const second = await deploy({ version: await register(two) });
    expect(second, JSON.stringify(second.error)).toMatchObject({ status: 'succeeded' });
    expect(await imageNow()).toBe(`registry.test/berth/shop/web@${two}`);
    const back = await deploy({ rollbackTo: 1 });
    expect(back, JSON.stringify(back.error)).toMatchObject({ status: 'succeeded' });
    expect(await imageNow()).toBe(`registry.test/berth/shop/web@${one}`);

    const { body } = await berth.api('GET', WEB);
    expect(body).toMatchObject({
      state: 'serving',
      health: 'healthy',
      url: 'https://web-dev-shop.apps.example.com',
      replicas: { desired: 1, ready: 1 },
    });
    // What pods of a simulated node have printed is one file; what is older than the environment is none of its output.
    const line = `${new Date().toISOString()} stderr F Error: no table "guests"\n`;
    await appendFile(join(dirname(cluster.kubeconfig), 'pod.log'), line);
    const logs = await berth.api('GET', `${WEB}/logs`);
    expect(logs.status, JSON.stringify(logs.body)).toBe(200);
    expect(JSON.stringify(logs.body)).toContain('no table');
  });

  it('puts back what served when a version crashes, and says why', async () => {
    const before = await imageNow();
    await push('crash', { tags: ['bad'] });
    const failed = await deploy({ version: await register('bad', plain) });
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    expect(await imageNow()).toBe(before);
    expect((await berth.api('GET', WEB)).body).toMatchObject({ health: 'healthy' });
  });

  it('refuses what can not run on a cluster before anything runs', async () => {
    await push('serve', { labels: { [BASE_LABEL]: NO_BASE }, tags: ['local'] });
    const version = { image: 'local', workload: plain };
    const refused = await berth.api('POST', `${PROJECT}/services/web/versions`, version);
    expect(refused).toMatchObject({ status: 422, body: { code: 'image_unavailable' } });
    expect(refused.body.detail).toContain('no operating system');
    const upload = await berth.api('POST', `${PROJECT}/services/web/builds`, new Uint8Array([31, 139]));
    expect(upload).toMatchObject({ status: 422, body: { code: 'build_failed' } });
    expect(upload.body.hint).toContain('registry');
  });

  it('hibernates and wakes on request, and never by idleness that nobody can see', async () => {
    const idle = `${PROJECT}/environments/dev`;
    const { headers } = await berth.api('GET', idle);
    const changed = await berth.api('PATCH', idle, { idleAfter: '5s' }, { 'if-match': headers.get('etag')! });
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
    await sleep(6_500);
    expect((await berth.api('GET', idle)).body.state).toBe('ready');
    expect((await deployment())?.spec.replicas).toBe(1);

    const asleep = await berth.operation('POST', `${idle}/hibernate`);
    expect(asleep, JSON.stringify(asleep.error)).toMatchObject({ status: 'succeeded' });
    expect((await deployment())?.spec.replicas).toBe(0);
    const awake = await berth.operation('POST', `${idle}/wake`);
    expect(awake, JSON.stringify(awake.error)).toMatchObject({ status: 'succeeded' });
    expect((await berth.api('GET', WEB)).body).toMatchObject({ health: 'healthy' });
  });

  it('leaves what runs alone when it stops and starts', async () => {
    const pods = async () =>
      (await cluster.client.list<Found>(`${NAMESPACE}/pods`)).items
        .map(({ metadata }) => metadata.uid)
        .sort();
    const before = await pods();
    expect(await berth.kill('SIGTERM')).toBe(0);
    berth = await start();
    expect(await berth.api('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await berth.api('GET', WEB)).body).toMatchObject({ health: 'healthy' });
    expect(await pods()).toEqual(before);
  });

  it('starts without its cluster, says so, and its operations fail with that as their cause', async () => {
    const kubeconfig = join(directory, 'unreachable');
    const text = await readFile(cluster.kubeconfig, 'utf8');
    await writeFile(kubeconfig, text.replace(/server: .*/, `server: https://127.0.0.1:${await freePort()}`));
    const other = await startChild(join(directory, 'other'), await freePort(), {
      ...settings,
      BERTH_KUBECONFIG: kubeconfig,
    });
    expect((await other.api('GET', '/healthz')).body).toEqual({
      status: 'degraded',
      workloads: 'unreachable',
    });
    await other.api('POST', '/v1/projects', { name: 'shop' });
    const operation = await other.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'unavailable' } });
    expect(operation.error.cause).toMatch(/cluster at 127\.0\.0\.1:\d+ can not be reached: ECONNREFUSED/);
    await other.kill('SIGTERM');
  });

  it.each([
    ['a command in the kubeconfig', /runs a command/, { BERTH_KUBECONFIG: 'exec' }],
    ['an unknown context', /no context "elsewhere"/, { BERTH_KUBE_CONTEXT: 'elsewhere' }],
    ['no registry', /needs BERTH_REGISTRY/, { BERTH_REGISTRY: '' }],
    ['a directory of this machine', /BERTH_DATA_DIR/, { BERTH_DATA_DIR: 'machine' }],
  ])('does not start with %s', async (_, cause, given: Record<string, string>) => {
    const exec = join(directory, 'exec');
    const text = await readFile(cluster.kubeconfig, 'utf8');
    await writeFile(
      exec,
      text
        .replace(/^( +)(user:)$/m, '$1$2\n$1  exec: { command: touch }')
        .replace(/^( *- name: .*\n +user:)/m, '$1'),
    );
    const machine = join(directory, 'machine');
    await rm(machine, { recursive: true, force: true });
    const place = { ...settings, ...given };
    if (given.BERTH_KUBECONFIG) place.BERTH_KUBECONFIG = exec;
    if (given.BERTH_DATA_DIR) {
      const local = await startChild(machine, await freePort());
      await local.kill('SIGTERM');
      delete place.BERTH_DATA_DIR;
    }
    const { child, output } = spawnBerth(
      given.BERTH_DATA_DIR ? machine : join(directory, 'never'),
      await freePort(),
      undefined,
      place,
    );
    expect(await new Promise((done) => child.once('close', done))).toBe(1);
    expect(output()).toMatch(/^Berth did not start: /m);
    expect(output()).toMatch(cause);
  });

  it('leaves nothing behind when the environment is destroyed', async () => {
    const gone = await berth.operation('DELETE', `${PROJECT}/environments/dev`);
    expect(gone, JSON.stringify(gone.error)).toMatchObject({ status: 'succeeded' });
    expect(await get(NAMESPACE)).toBeUndefined();
    expect(await databases()).toEqual([]);
    // What the log says is what the reader gets to see: no value in it.
    expect(berth.output()).not.toContain(SECRET);
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
