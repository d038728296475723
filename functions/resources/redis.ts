/**
 * `redis`: a Redis server of its own, whose data outlives restarts, deployments and sleep. Two users take turns, so that
 * a password changes while the other stays good.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { GIB, podUnits } from '../core/costs/monthly-use.ts';
import type { ResourceOutputs } from '../core/model/index.ts';
import type { CacheEndpoint, CacheRef, Caches } from '../ports/caches.ts';
import type { Ports } from '../ports/index.ts';
import { redisRequests, redisVolumeBytes } from '../ports/rules/redis-users.ts';
import { ServerNotOurs } from '../ports/rules/server-not-ours.ts';
import {
  currentLogin,
  type Login,
  listLogin,
  loginOutputs,
  loginPaths,
  putCurrent,
  removeLogin,
  restoreLogin,
  revokeLogin,
} from './logins.ts';
import { invalidResource, noSuchClass, ownerTag, serverName } from './owner.ts';
import { type ResourceIdentity, ResourcePending, type ResourceRequest, type ResourceType } from './type.ts';

const MIB = 2 ** 20;
/** What the data may take. Each has a server of its own, so that `dedicated` changes nothing but that. */
const MEMORY: Readonly<Record<string, number>> = {
  default: 128 * MIB,
  small: 128 * MIB,
  large: 1024 * MIB,
  dedicated: 128 * MIB,
};
const CLASSES = Object.keys(MEMORY);
const USERS = ['app', 'app-b'] as const;

const params = z.strictObject({
  eviction: z
    .enum(['noeviction', 'allkeys-lru', 'allkeys-lfu', 'volatile-lru', 'volatile-lfu', 'volatile-ttl'])
    .optional()
    .describe(
      'What happens once the memory is full, as Redis’s `maxmemory-policy`: `noeviction` without it, which refuses writes and loses nothing; `allkeys-lru` for a cache.',
    ),
});

/** @throws Problem invalid_resource */
function cachesOf({ caches }: Ports, request: ResourceIdentity): Caches {
  if (!CLASSES.includes(request.class)) throw noSuchClass(request, CLASSES);
  if (caches) return caches;
  throw invalidResource(request, 'there are no Redis servers here', {
    hint: 'Take a server of your own by a secret with its URL.',
  });
}

const cacheOf = (request: ResourceIdentity): CacheRef => ({
  project: request.project,
  environment: request.environment,
  environmentId: request.environmentId,
  name: serverName('redis', request),
  tag: ownerTag(request),
});

const portLogin = ({ username, password }: Login) => ({
  username,
  passwordHash: createHash('sha256').update(password).digest('hex'),
});

/** @throws ResourcePending while the server is being made, or takes the login up */
async function outputsFor(
  ports: Ports,
  request: ResourceIdentity,
  { username, password }: Login,
  address: CacheEndpoint | undefined,
): Promise<ResourceOutputs> {
  if (!address) throw new ResourcePending('The Redis server is being made.');
  const { host, port } = address;
  const url = `redis://${username}:${encodeURIComponent(password)}@${host}:${port}`;
  return {
    values: { host, port: String(port), username },
    secrets: await loginOutputs(ports, request, password, url),
  };
}

async function provision(ports: Ports, request: ResourceRequest, stillOwned?: () => Promise<void>) {
  const caches = cachesOf(ports, request);
  const { eviction = 'noeviction' } = params.parse(request.params);
  await stillOwned?.();
  // The password is stored before any user has it, so a crash in between loses nothing.
  const login = await currentLogin(ports, request, USERS[0]);
  await putCurrent(ports, loginPaths(request).password, login.password);
  const spec = { memoryBytes: MEMORY[request.class] ?? 0, eviction, operation: request.operation };
  return outputsFor(ports, request, login, await caches.ensure(cacheOf(request), spec, portLogin(login)));
}

/** Gives the other of the two users a new password, and makes it the one that `provision` gives. */
async function rotate(
  ports: Ports,
  request: ResourceIdentity,
  current: ResourceOutputs,
  stillOwned?: () => Promise<void>,
) {
  const caches = cachesOf(ports, request);
  await stillOwned?.();
  const username = USERS.find((name) => name !== current.values.username) ?? USERS[0];
  // An earlier run may have made the password, and a deployment may serve with it by now.
  const stored = await currentLogin(ports, request, USERS[0]);
  const password = stored.username === username ? stored.password : ports.effects.token(32);
  const login = { username, password };
  return outputsFor(ports, request, login, await caches.allow(cacheOf(request), portLogin(login)));
}

/** Stops the former user from logging in, and makes its stored credentials unreadable. */
async function retire(
  ports: Ports,
  request: ResourceIdentity,
  previous: ResourceOutputs,
  current: ResourceOutputs,
): Promise<void> {
  const { username } = previous.values;
  if (username === undefined || username === current.values.username) return;
  await cachesOf(ports, request).disable(cacheOf(request), username);
  await revokeLogin(ports, previous);
}

async function explained<T>(request: ResourceIdentity, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServerNotOurs)) throw error;
    throw invalidResource(request, 'a Redis server with its name exists that is not its own', {
      hint: 'Give the resource another id. If the environment was destroyed a moment ago, wait until that has ended.',
      cause: error,
    });
  }
}

export const redis: ResourceType = {
  type: 'redis',
  summary: 'A Redis server of its own, which keeps its data on disk: a cache, a store of sessions, a queue.',
  leaving: {
    todo: 'Run a Redis of your own, copy what has to be kept with redis-cli --rdb, and write its address where the manifests have this one.',
  },
  outputs: {
    host: { secret: false, summary: 'Host of the server.' },
    port: { secret: false, summary: 'Port of the server.' },
    username: { secret: false, summary: 'The user, who may do all but administer the server.' },
    password: { secret: true, summary: 'The user’s password.' },
    url: { secret: true, summary: 'All of it as redis://username:password@host:port' },
  },
  params,
  classes: CLASSES,
  owned: true,
  async refusal({ caches }, environment) {
    if (caches) return caches.refusal(environment);
    return { why: 'there are none here', hint: 'Take a server of your own by a secret with its URL.' };
  },
  async check(ports, request) {
    const refused = await cachesOf(ports, request).refusal(request);
    if (refused) throw invalidResource(request, refused.why, refused);
  },
  provision: (ports, request, stillOwned) => explained(request, () => provision(ports, request, stillOwned)),
  rotation: {
    rotate: (ports, request, current, stillOwned) =>
      explained(request, () => rotate(ports, request, current, stillOwned)),
    restore: restoreLogin,
    retire: (ports, request, previous, current) =>
      explained(request, () => retire(ports, request, previous, current)),
  },
  sleep: (ports, request) => explained(request, () => cachesOf(ports, request).sleep(cacheOf(request))),
  wake: (ports, request) => explained(request, () => cachesOf(ports, request).wake(cacheOf(request))),
  monthlyUse({ class: className }) {
    const data = (Object.hasOwn(MEMORY, className) ? MEMORY[className] : undefined) ?? 128 * MIB;
    return {
      awake: podUnits(redisRequests(data)),
      always: { 'ebs.gbMonth': redisVolumeBytes(data) / GIB },
    };
  },
  deprovision: (ports, request) =>
    explained(request, async () => {
      if (!(await cachesOf(ports, request).remove(cacheOf(request))))
        throw new ResourcePending('The Redis server is being removed.');
      await removeLogin(ports, request);
    }),
  async inventory(ports, request) {
    const servers = await cachesOf(ports, request).inventory(cacheOf(request));
    return [...servers, ...(await listLogin(ports, request))];
  },
};
