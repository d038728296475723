/**
 * The guestbook's whole way by the API, as people call it: Berth as `npm start` runs it, its cluster's containers real,
 * with a real registry and a real PostgreSQL.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedPostgres } from '../../../functions/adapters/local/postgres/databases.ts';
import { SCORE_LABEL } from '../../../functions/ports/registry.ts';
import { eventually } from '../../contracts/workloads/workloads-spec.ts';
import type { Json } from '../../support/client.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { type Forward, startForward } from '../support/forward.ts';
import { pushProgram } from '../support/node/images.ts';
import { REGISTRY, type RealPlace, STORAGE_CLASS, startPlace, whyNoPlace } from './place.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: the guestbook on a real node, since ${why}.`);

const root = join(import.meta.dirname, '../../..');
const SOURCE = join(root, 'examples/guestbook');
const PROJECT = '/v1/projects/shop';
const ENVIRONMENT = `${PROJECT}/environments/dev`;
const GUESTBOOK = `${ENVIRONMENT}/services/guestbook`;
const PREFIX = `book${process.pid}`;
const NAMESPACE = `${PREFIX}-shop-dev`;
const GREETING = 'Ahoy, all hands';

/** The files of a folder by their path below `at`, without packages that are installed in it. */
async function filesOf(folder: string, at: string): Promise<[string, Uint8Array][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(folder.length + 1) }))
    .filter(({ entry, path }) => entry.isFile() && !path.startsWith('node_modules/'));
  return Promise.all(
    files.map(async ({ path }) => [`${at}/${path}`, await readFile(join(folder, path))] as const),
  ) as Promise<[string, Uint8Array][]>;
}

/** A package and all that it needs, as npm has them installed here. */
async function packages(name: string, seen = new Set<string>()): Promise<[string, Uint8Array][]> {
  if (seen.has(name)) return [];
  seen.add(name);
  const folder = join(root, 'node_modules', name);
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  const own = await filesOf(folder, `app/node_modules/${name}`);
  const others = await Promise.all(Object.keys(dependencies).map((other) => packages(other, seen)));
  return [...own, ...others.flat()];
}

describe.skipIf(why)('The guestbook on a real node', { timeout: 300_000 }, () => {
  let place: RealPlace;
  let directory: string;
  let postgres: ReturnType<typeof createEmbeddedPostgres>;
  let forward: Forward;
  let berth: BerthChild;
  let port: number;
  let files: Record<string, Uint8Array>;
  let score: string;

  beforeAll(async () => {
    place = await startPlace();
    const { host } = place.cluster.node;
    directory = await mkdtemp(join(tmpdir(), 'berth-guestbook-'));
    postgres = createEmbeddedPostgres({ directory: join(directory, 'server') });
    forward = await startForward(host, (await postgres.endpoint()).port);
    const password = (await readFile(join(directory, 'server', 'password'), 'utf8')).trim();
    files = Object.fromEntries([...(await filesOf(SOURCE, 'app')), ...(await packages('pg'))]);
    // With the secret that the comments in the file speak of.
    score = (await readFile(join(SOURCE, 'score.yaml'), 'utf8')).replaceAll(
      /^( *)# (GREETING:|env:| {2}type: environment)/gm,
      '$1$2',
    );
    port = await freePort();
    berth = await startChild(join(directory, 'berth'), port, {
      BERTH_KUBECONFIG: place.cluster.kubeconfig,
      BERTH_REGISTRY: `${place.registry.url}/berth`,
      BERTH_REGISTRY_IN_CLUSTER: `${REGISTRY}/berth`,
      BERTH_APPS_DOMAIN: 'apps.example.com',
      BERTH_NAMESPACE_PREFIX: PREFIX,
      BERTH_STORAGE_CLASS: STORAGE_CLASS,
      BERTH_EGRESS_CIDRS: `${host}/32`,
      BERTH_POSTGRES_URL: `postgresql://postgres:${password}@${host}:${forward.port}/postgres?sslmode=disable`,
    });
  }, 2_400_000);
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await forward?.stop();
    await postgres?.close();
    await place?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  /** Pushes an image of the guestbook, and registers it. @returns the version */
  async function version(tag: string, changed: Record<string, string> = {}): Promise<string> {
    await pushProgram(place.registry, 'berth/shop/guestbook', tag, {
      files: { ...files, ...changed },
      config: {
        Cmd: ['node', 'server.js'],
        Env: ['PATH=/usr/local/bin'],
        WorkingDir: '/app',
        Labels: { [SCORE_LABEL]: score },
      },
    });
    const { status, body } = await berth.api('POST', `${PROJECT}/services/guestbook/versions`, {
      image: tag,
      tags: [tag],
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id;
  }
  const deploy = (body: object): Promise<Json> => berth.operation('POST', `${GUESTBOOK}/deployments`, body);
  const succeeded = (operation: Json): Json => {
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    return operation;
  };
  async function address(): Promise<string> {
    const path = `/api/v1/namespaces/${NAMESPACE}/services/guestbook`;
    const found = await place.cluster.client.get<{ metadata: object; spec: { clusterIP: string } }>(path);
    return `http://${found?.spec.clusterIP}`;
  }
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${await address()}${path}`, { ...init, headers: { connection: 'close', ...init.headers } });
  const entries = async (): Promise<Json[]> => ((await (await ask('/entries')).json()) as Json).items;

  it('serves: its image is pulled, its release command has run, and what is written is in the database', async () => {
    await berth.api('POST', '/v1/projects', { name: 'shop' });
    await berth.api('POST', `${PROJECT}/services`, { name: 'guestbook' });
    succeeded(await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' }));
    await berth.api('PUT', `${ENVIRONMENT}/secrets/GREETING`, { value: GREETING });
    succeeded(await deploy({ version: await version('v1') }));
    const entry = { author: 'Ada', message: 'Ahoy' };
    const written = await ask('/entries', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(entry),
    });
    expect(written.status).toBe(201);
    expect(await entries()).toMatchObject([entry]);
    expect(await (await ask('/')).text()).toContain(GREETING);
    expect((await berth.api('GET', GUESTBOOK)).body).toMatchObject({
      state: 'serving',
      health: 'healthy',
      replicas: { desired: 1, ready: 1 },
    });
  });

  it('its log is told, with the secret masked', async () => {
    const chatty = `${await readFile(join(SOURCE, 'server.js'), 'utf8')}\nconsole.log('greeting: ' + GREETING);\n`;
    succeeded(await deploy({ version: await version('chatty', { 'app/server.js': chatty }) }));
    const { body } = await berth.api('GET', `${GUESTBOOK}/logs`);
    const messages = (body.items as Json[]).map(({ message }) => message);
    expect(messages).toContain('greeting: ••••');
    expect(JSON.stringify(body)).not.toContain(GREETING);
  });

  it('a shell into it has its variables, reads what is typed and tells how it ended', async () => {
    const program =
      'process.stdin.once("data", (typed) => { console.log(process.env.GREETING + ": " + String(typed).trim()); process.exit(3); })';
    const { status, body } = await berth.api('POST', `${GUESTBOOK}/shells`, {
      command: ['node', '-e', program],
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const socket = new WebSocket(new URL(body.path, `ws://127.0.0.1:${port}`));
    socket.binaryType = 'arraybuffer';
    const told: string[] = [];
    socket.addEventListener('message', ({ data }) => {
      const text = Buffer.from(data as ArrayBuffer).toString();
      told.push(text);
      if (text.includes('"tty"')) socket.send(Buffer.from('\u0000who is there\n'));
    });
    await new Promise((resolve) => socket.addEventListener('close', resolve));
    expect(told.slice(1)).toEqual([`\u0001${GREETING}: who is there\n`, '\u0003{"exitCode":3}']);
  });

  it('no request is lost while versions and back are rolled out', async () => {
    const at = await address();
    const answers = { good: 0, bad: [] as string[] };
    const stop = new AbortController();
    const client = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await fetch(`${at}/entries`, { headers: { connection: 'close' } })
          .then(async (response) => {
            await response.text();
            if (response.status === 200) answers.good++;
            else answers.bad.push(String(response.status));
          })
          .catch((error: Error) => answers.bad.push(String(error.cause ?? error)));
        await sleep(20);
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    const two = await version('v2', { 'app/two': 'two' });
    succeeded(await deploy({ version: two }));
    succeeded(await deploy({ rollbackTo: 1 }));
    // What was replaced drains first, and is told to end then.
    await sleep(12_000);
    stop.abort();
    await clients;
    expect(answers.bad).toEqual([]);
    expect(answers.good).toBeGreaterThan(200);
  });

  it('a version that crashes fails with its last words, and the one before goes on serving', async () => {
    const broken = 'console.error("Error: the anchor is missing"); process.exit(3);';
    const operation = await deploy({ version: await version('broken', { 'app/server.js': broken }) });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    expect(operation.error.cause).toContain('exited with code 3');
    expect(operation.error.cause).toContain('the anchor is missing');
    expect(await entries()).toHaveLength(1);
    expect((await berth.api('GET', GUESTBOOK)).body).toMatchObject({ health: 'healthy' });
  });

  it('a release command that fails says what it printed, and nothing is rolled out', async () => {
    const migrate = 'console.error("Error: no such dock"); process.exit(4);';
    const operation = await deploy({ version: await version('stuck', { 'app/migrate.js': migrate }) });
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'release_failed' } });
    expect(JSON.stringify(operation.error)).toContain('no such dock');
    expect(await entries()).toHaveLength(1);
  });

  it('a cluster that is silent in the middle of a deployment: it succeeds once the cluster is back', async () => {
    const { node } = place.cluster;
    const waiting = deploy({ version: await version('v3', { 'app/three': 'three' }) });
    await sleep(1_500);
    await node.freezeApi();
    await sleep(25_000);
    await node.thawApi();
    succeeded(await waiting);
    expect(await entries()).toHaveLength(1);
  });

  it('hibernated it does not run, and awake its data is there', async () => {
    const pods = async () =>
      (
        await place.cluster.client.list(`/api/v1/namespaces/${NAMESPACE}/pods`, {
          labelSelector: 'app.kubernetes.io/component=workload',
        })
      ).items;
    succeeded(await berth.operation('POST', `${ENVIRONMENT}/hibernate`));
    await eventually(pods, (items) => items.length === 0, 60_000);
    succeeded(await berth.operation('POST', `${ENVIRONMENT}/wake`));
    expect(await entries()).toHaveLength(1);
  });

  it('destroyed it leaves nothing, neither in the cluster nor in the database', async () => {
    succeeded(await berth.operation('DELETE', ENVIRONMENT));
    expect(await place.cluster.client.get(`/api/v1/namespaces/${NAMESPACE}`)).toBeUndefined();
    const sql = await postgres.connect();
    expect(await sql.query("SELECT datname FROM pg_database WHERE datname LIKE 'berth%'")).toEqual([]);
    await sql.end();
    expect(berth.output()).not.toContain(GREETING);
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
