/** P3 and P6: prints what requests take, in a process that does nothing else. */
import { createHash } from 'node:crypto';
import { createSqliteStore } from '../functions/adapters/local/store/store.ts';
import { createEffects } from '../functions/adapters/system/effects.ts';
import { administratorToken, bearerTokens, rememberPeople } from '../functions/api/admission/authenticate.ts';
import { berthTokens } from '../functions/api/admission/berth-tokens.ts';
import { createApp } from '../functions/api/http/app.ts';
import { loadRoutes } from '../functions/api/routes.ts';
import { newToken } from '../functions/commands/access/tokens.ts';
import { environmentWrite } from '../functions/commands/environments/environments.ts';
import { deploymentKey, memberKey, projectKey, serviceKey, tokenKey } from '../functions/core/keys.ts';
import type { Deployment, Environment, Member, Principal } from '../functions/core/model/index.ts';
import type { Ports } from '../functions/ports/index.ts';
import { createMeter, withMeter } from '../functions/ports/meter.ts';
import type { Write } from '../functions/ports/store.ts';

const REQUESTS = 5_000;
const TOKEN = 'a-token-of-the-bench';
/** A person in five groups, two of which have access. */
const MEMBER = `bench.${Buffer.from(JSON.stringify({ iat: Date.now() / 1000 })).toString('base64url')}.signed`;
const member: Principal = {
  id: 'user:ada',
  kind: 'user',
  name: 'Ada',
  email: 'ada@example.com',
  groups: ['one', 'two', 'three', 'four', 'five'],
  administrator: false,
};
const at = '2026-01-01T00:00:00.000Z';
const project = 'bench';
const ref = { project, environment: 'environment-00', service: 'service-00' };
const created = { createdAt: at, createdBy: 'administrator' };

const effects = createEffects();
const store = createSqliteStore({ path: ':memory:' });
// The ports that these requests need, and no others.
const ports = { effects, store } as unknown as Ports;
const log: string[] = [];
const app = createApp({
  routes: await loadRoutes(),
  ports,
  authenticate: rememberPeople(
    ports,
    bearerTokens(berthTokens(ports), administratorToken(TOKEN), (token) =>
      token === MEMBER ? member : undefined,
    ),
  ),
  rates: { principal: { perSecond: 1e9, burst: 1e9 } },
  onError: (error) => log.push(String(error)),
});

const nameOf = (kind: string, index: number): string => `${kind}-${String(index).padStart(2, '0')}`;

/** As nothing that repeats: it does not get shorter where it is packed. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Of each environment, as of a product of forty parts. */
const FORTY = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [nameOf('service', index), { newest: 60, current: 60 }]),
);

function* records(): Generator<Write> {
  yield { put: { ...projectKey(project), data: { name: project, ...created } } };
  for (let index = 0; index < 60; index++) {
    const service = nameOf('service', index);
    const repository = `https://git.example.com/bench/${service}`;
    yield {
      put: { ...serviceKey({ project, service }), data: { project, name: service, repository, ...created } },
    };
    const environment: Environment = {
      project,
      name: nameOf('environment', index),
      id: effects.id(),
      kind: 'ephemeral',
      state: 'ready',
      generation: 3,
      idleAfterSeconds: 3600,
      lastActivityAt: at,
      services: FORTY,
      ...created,
    };
    yield environmentWrite(environment, 'absent');
    const deployment: Deployment = {
      ...ref,
      number: index + 1,
      kind: 'deploy',
      version: hashOf(`version ${index}`).slice(0, 12),
      digest: `sha256:${hashOf(`digest ${index}`)}`,
      status: 'succeeded',
      operation: effects.id(),
      finishedAt: at,
      ...created,
    };
    yield { put: { ...deploymentKey(ref, index + 1), data: deployment } };
  }
}
for (const write of records()) await store.transact([write]);
for (const [id, role] of [
  ['user:ada', 'viewer'],
  ['group:two', 'developer'],
  ['group:five', 'viewer'],
] as const) {
  const data: Member = { project, principal: id, role, ...created };
  await store.transact([{ put: { ...memberKey(project, id), data } }]);
}
const {
  record,
  token: personal,
  writes,
} = newToken(ports, member.id, {
  name: 'bench',
  kind: 'personal',
  owner: member.id,
  person: member.id,
  role: 'developer',
  expiresAt: effects.now() + 3_600_000,
});
// The record as it is when the token was already used within the hour.
await store.transact([
  ...writes.slice(1),
  {
    put: { ...tokenKey(record.hash), data: { ...record, lastUsedAt: new Date(effects.now()).toISOString() } },
  },
]);

async function ask(path: string, token = TOKEN): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const response = await app.fetch(new Request(`http://localhost${path}`, { headers }));
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body} ${log.join()}`);
}

/** Read request units of one request. */
async function readUnits(path: string): Promise<number> {
  const meter = createMeter({ now: effects.now });
  await withMeter(meter, () => ask(path));
  return meter.read()['dynamodb.readRequestUnit'] ?? 0;
}

/** CPU of one request, microseconds; as many requests warm up before. */
async function cpuOf(path: string, token = TOKEN): Promise<number> {
  for (let index = 0; index < REQUESTS; index++) await ask(path, token);
  const before = process.cpuUsage();
  for (let index = 0; index < REQUESTS; index++) await ask(path, token);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const root = `/v1/projects/${project}`;
const figures = {
  cpu: await cpuOf(`${root}/services/service-00?`),
  cpuOfMember: await cpuOf(`${root}/services/service-00?`, MEMBER),
  cpuOfToken: await cpuOf(`${root}/services/service-00?`, personal),
  cpuOfList: await cpuOf(`${root}/services?limit=50`),
  get: await readUnits(`${root}/services/service-00`),
  services: await readUnits(`${root}/services?limit=50`),
  environments: await readUnits(`${root}/environments?limit=50`),
  deployments: await readUnits(
    `${root}/environments/${ref.environment}/services/${ref.service}/deployments?limit=50`,
  ),
};
process.stdout.write(JSON.stringify(figures));
