/** The API over real records, secrets and logs; what runs workloads and workflows is a few lines each. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createActivity } from '../../functions/adapters/local/activity/activity.ts';
import { createAnchorFiles } from '../../functions/adapters/local/anchors.ts';
import { createFileLogs } from '../../functions/adapters/local/logs/logs.ts';
import { createSecretsFile } from '../../functions/adapters/local/secrets/secrets.ts';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createReceivers } from '../../functions/adapters/outgoing/receivers.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import { bearerTokens, firstOf, localAdministrator } from '../../functions/api/admission/authenticate.ts';
import { berthTokens } from '../../functions/api/admission/berth-tokens.ts';
import { type App, type AppOptions, createApp } from '../../functions/api/http/app.ts';
import { sessionCookies } from '../../functions/api/identity/session-cookies.ts';
import { environmentUse, environmentWrite } from '../../functions/commands/environments/environments.ts';
import { deploymentKey, environmentKey, operationKey } from '../../functions/core/keys.ts';
import type {
  Deployment,
  Environment,
  InstanceRef,
  Operation,
  Principal,
  Processes,
} from '../../functions/core/model/index.ts';
import { Problem, problemCodes } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { SCORE_LABEL } from '../../functions/ports/registry.ts';
import { withStanding } from '../../functions/records/instances.ts';
import { getEnvironment } from '../../functions/records/read.ts';
import { routes } from '../support/routes.ts';

export const ADMINISTRATOR = 'administrator-token';
/** A caller who is let into nothing. */
export const STRANGER = 'stranger-token';

/** Someone that an issuer knows. */
export const person = (subject: string, fields: Partial<Principal> = {}): Principal => ({
  id: `user:${subject}`,
  kind: 'user',
  groups: [],
  administrator: false,
  ...fields,
});

const unbounded = { perSecond: 1e9, burst: 1e9 };

export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const LABELLED = `sha256:${'b'.repeat(64)}`;

export const workload = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'guestbook' },
  service: { ports: { web: { port: 80, targetPort: 8080 } } },
  containers: { web: { image: '.', variables: { PORT: '8080' } } },
};

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
  text: string;
}

export interface Subject {
  app: App;
  ports: Ports;
  started: string[];
  errors: unknown[];
  /** Tokens that are no longer valid. */
  revoked: Set<string>;
  /** Who else is known, by token. */
  people: Map<string, Principal>;
  /** Where everything is kept. */
  directory: string;
  repositories: Set<string>;
  /** Ids of sources that were kept and not removed. */
  sources: Set<string>;
  /** Moves the clock, milliseconds. */
  pass(milliseconds: number): void;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export async function createSubject({
  trustedReceivers,
  ...options
}: Partial<AppOptions> & { trustedReceivers?: string[] } = {}): Promise<Subject> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-api-'));
  let offset = 0;
  const effects = createEffects({ now: () => Date.now() + offset });
  const store = createSqliteStore({ path: join(directory, 'berth.db') });
  const secrets = await createSecretsFile({
    path: join(directory, 'secrets'),
    keyPath: join(directory, 'key'),
    effects,
  });
  const logs = createFileLogs({ directory: join(directory, 'logs') });
  const activity = createActivity({ effects });
  const started: string[] = [];
  const errors: unknown[] = [];
  const revoked = new Set<string>();
  const people = new Map<string, Principal>();
  const repositories = new Set<string>();
  const sources = new Set<string>();
  const ports: Ports = {
    store,
    secrets,
    logs,
    activity,
    effects,
    anchors: createAnchorFiles({
      directory: join(directory, 'anchors'),
      onError: (error) => errors.push(error),
    }),
    receivers: createReceivers({ trusted: trustedReceivers ?? [] }),
    ...small({ started, repositories, sources }),
  };
  const tokens = bearerTokens(berthTokens(ports), (token) => {
    if (revoked.has(token)) return undefined;
    if (token === ADMINISTRATOR) return localAdministrator;
    return token === STRANGER ? person('stranger') : people.get(token);
  });
  const app = createApp({
    routes,
    // Tests send requests faster than anyone; rate limits have tests of their own.
    rates: { principal: unbounded, operations: unbounded, names: unbounded, address: unbounded },
    ports,
    authenticate: options.identity ? firstOf(tokens, sessionCookies(options.identity, ports)) : tokens,
    onError: (error) => errors.push(error),
    ...options,
  });
  const subject: Subject = {
    app,
    ports,
    started,
    errors,
    revoked,
    people,
    directory,
    repositories,
    sources,
    pass: (milliseconds) => {
      offset += milliseconds;
    },
    api: (method, path, body, headers = {}) => call(app, method, path, body, headers),
    async close() {
      await Promise.all([logs.close(), activity.close()]);
      await store.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return subject;
}

function small(seen: { started: string[]; repositories: Set<string>; sources: Set<string> }) {
  const unused = async (): Promise<never> => {
    throw new Error('not part of this test');
  };
  const workflows: Ports['workflows'] = {
    start: async (_workflow, name) => void seen.started.push(name),
    stop: unused,
    describe: async () => undefined,
    runStep: unused,
    close: unused,
  };
  const workloads: Partial<Ports['workloads']> = {
    status: async () => ({
      serving: 1,
      desiredReplicas: 2,
      readyReplicas: 2,
      replicas: [
        { id: '1', deployment: 1, state: 'ready', restarts: 0 },
        { id: '2', deployment: 1, state: 'ready', restarts: 0 },
      ],
    }),
    metrics: async () => [{ at: '2026-01-01T00:00:00.000Z', cpu: 0.5, memoryBytes: 1024 }],
    url: async ({ project, environment, service }) =>
      `http://${service}.${environment}.${project}.localhost:4600`,
    endpoint: async ({ service }) => ({ hostname: `${service}.internal`, port: 4600 }),
  };
  const registry: Ports['registry'] = {
    ensureRepository: async ({ project, service }) => void seen.repositories.add(`${project}/${service}`),
    removeRepository: async ({ project, service }) => void seen.repositories.delete(`${project}/${service}`),
    removeImage: async () => undefined,
    list: async () => [],
    findings: async () => undefined,
    signatures: async () => [],
    resolve: async (_repository, reference) => {
      const labels: Record<string, string> =
        reference === LABELLED ? { [SCORE_LABEL]: JSON.stringify(workload) } : {};
      if (![DIGEST, LABELLED].includes(reference)) {
        throw new Problem('image_unavailable', 'There is no such image.', { hint: 'Push it first.' });
      }
      return {
        digest: reference,
        size: 1000,
        config: { entrypoint: [], cmd: [], env: {}, workingDir: '/', labels },
      };
    },
  };
  let sources = 0;
  const builder: Partial<Ports['builder']> = {
    async saveSource(body) {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      if (bytes[0] !== 0x1f) {
        throw new Problem('invalid_archive', 'The archive is not gzip.', { hint: 'Send a tar.gz.' });
      }
      const id = `source-${++sources}`;
      seen.sources.add(id);
      const hash = await crypto.subtle.digest('SHA-256', bytes);
      return { id, sha256: Buffer.from(hash).toString('hex'), bytes: bytes.length };
    },
    openUpload: async () => {
      const id = String(++sources).padStart(32, '0');
      return { id, url: `/v1/uploads/${id}`, expiresAt: '2026-01-01T00:00:00.000Z' };
    },
    receiveUpload: async (id) => void seen.sources.add(id),
    hasUpload: async (id) => seen.sources.has(id),
    removeSource: async (id) => void seen.sources.delete(id),
    dockerfiles: async () => undefined,
  };
  return {
    workflows,
    workloads: workloads as Ports['workloads'],
    registry,
    builder: builder as Ports['builder'],
    databases: {} as Ports['databases'],
  };
}

async function call(
  app: App,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const isRaw = body instanceof Uint8Array || typeof body === 'string' || body instanceof ReadableStream;
  const response = await app.request(path, {
    method,
    headers: {
      authorization: `Bearer ${ADMINISTRATOR}`,
      ...(body !== undefined && !isRaw && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body), duplex: 'half' }),
  } as RequestInit);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  if (isJson && response.ok && text !== '') expectDocumented(method, path, response.status, JSON.parse(text));
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
    text,
  };
}

const patterns = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll('.', '[.]').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Every answer has the members that the document gives it, and no others. */
function expectDocumented(method: string, path: string, status: number, body: unknown): void {
  const at = path.split('?')[0] ?? '';
  const found = patterns.find(
    ({ route, pattern }) => route.method === method.toLowerCase() && pattern.test(at),
  );
  const answer = found?.route.answers[status];
  expect(answer, `${method} ${path} answers ${status}`).toBeDefined();
  if (answer?.schema) expect(answer.schema.parse(body)).toEqual(body);
}

/** Expects a whole problem document with a code that is on the list. */
export function expectProblem(answer: Answer, status: number, code?: string): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { body } = answer;
  expect(Object.keys(problemCodes)).toContain(body.code);
  if (code !== undefined) expect(body.code).toBe(code);
  expect(body).toMatchObject({ type: `/problems/${body.code}`, status });
  for (const member of ['title', 'detail', 'hint', 'instance']) expect(body[member]).toMatch(/\S/);
}

/** A project `demo` with a service `guestbook` and an environment `dev` that is ready. */
export async function seed({ api, ports }: Subject): Promise<void> {
  const ok = (answer: Answer) => expect(answer.status, answer.text).toBeLessThan(300);
  ok(await api('POST', '/v1/projects', { name: 'demo' }));
  ok(await api('POST', '/v1/projects/demo/services', { name: 'guestbook' }));
  ok(await api('POST', '/v1/projects/demo/environments', { name: 'dev' }));
  await setState(ports, 'dev', 'ready');
}

/** What runs beside the web of the service, as a deployment that has it leaves it. */
export async function setProcesses({ store }: Ports, processes: Processes): Promise<void> {
  const item = await getEnvironment(store, { project: 'demo', environment: 'dev' });
  const changed = withStanding(item.data, { service: 'guestbook' }, { processes });
  await store.transact([environmentUse(item, changed)]);
}

export async function setState(ports: Ports, name: string, state: Environment['state']): Promise<void> {
  const item = await ports.store.get<Environment>(environmentKey({ project: 'demo', environment: name }));
  if (!item) throw new Error(`There is no environment ${name}`);
  await ports.store.transact([environmentWrite({ ...item.data, state }, { version: item.version })]);
  if (item.data.operation) await endOperation(ports, item.data.operation, 'succeeded');
}

export async function endOperation(ports: Ports, id: string, status: Operation['status']): Promise<void> {
  const item = await ports.store.get<Operation>(operationKey(id));
  if (!item) throw new Error(`There is no operation ${id}`);
  const data = { ...item.data, status, endedAt: new Date(ports.effects.now()).toISOString() };
  await ports.store.transact([{ put: { ...operationKey(id), data } }]);
}

export const instance: InstanceRef = { project: 'demo', environment: 'dev', service: 'guestbook' };
export const instancePath = '/v1/projects/demo/environments/dev/services/guestbook';

/** Registers a version and deploys it; the deployment ends with `status`. Gives its number. */
export async function deploy(subject: Subject, status: Deployment['status'] = 'succeeded'): Promise<number> {
  const { api, ports } = subject;
  await api('POST', '/v1/projects/demo/services/guestbook/versions', {
    image: DIGEST,
    workload,
    tags: ['v1'],
  });
  const { body } = await api('POST', `${instancePath}/deployments`, { version: 'v1' });
  const number: number = body.number;
  const key = deploymentKey(instance, number);
  const item = await ports.store.get<Deployment>(key);
  const data = { ...item!.data, status, outputs: { db: { values: { host: 'secret-host' }, secrets: {} } } };
  await ports.store.transact([{ put: { ...key, data } }]);
  if (status === 'succeeded') {
    const environment = await getEnvironment(ports.store, instance);
    const serving = withStanding(environment.data, instance, { current: number });
    await ports.store.transact([environmentUse(environment, serving)]);
  }
  if (status !== 'queued') await endOperation(ports, body.id, status);
  return number;
}
