/**
 * Redis servers as pods of an environment's namespace. Who may come in is in a Secret, from which a server starts; a
 * server that runs is told of a change by a Job, so that nobody's connection is cut.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Deployment, V1Job, V1Secret, V1Service } from '@kubernetes/client-node';
import { shortHash } from '../../../core/names.ts';
import { Problem, TransientError } from '../../../core/problem.ts';
import type { CacheEndpoint, CacheLogin, CacheRef, Caches } from '../../../ports/caches.ts';
import { aclFile, checkLogin, loginsOf, tenantRules, withLogin } from '../../../ports/rules/redis-users.ts';
import { ServerNotOurs } from '../../../ports/rules/server-not-ours.ts';
import { isConflict } from '../api/api-errors.ts';
import { apply, create, remove, type Stored } from '../api/apply.ts';
import type { KubernetesClient } from '../api/client.ts';
import { type Collection, objectPath } from '../api/object-paths.ts';
import { explainRefusal } from '../declare.ts';
import { FIELD_MANAGER } from '../object-names.ts';
import {
  ADMINISTRATOR,
  type CacheRender,
  cacheName,
  cacheNamespace,
  OWNER_ANNOTATION,
  PORT,
  renderCache,
  renderCacheCommand,
  renderUsers,
  TAKEN_UP_ANNOTATION,
} from './cache-manifests.ts';

export interface KubernetesCachesOptions extends Pick<CacheRender, 'render'> {
  client: KubernetesClient;
  /** As in `CacheRender`; without it there are no servers. */
  image?: string;
}

/** Who may come in, as it is stored. */
interface Users {
  logins: CacheLogin[];
  password: string;
  /** Hash of those that the running server has. */
  takenUp: string;
  resourceVersion?: string;
}

const REMOVED = ['Deployment', 'Service', 'NetworkPolicy', 'PersistentVolumeClaim'] as const;
/** How often, and how long after each other, it is looked whether a login is gone, milliseconds. */
const DISABLE_LOOKS = 40;
const LOOK_MS = 1_000;
const WORDS: Record<(typeof REMOVED)[number] | 'Secret', string> = {
  Deployment: 'deployment',
  Service: 'service',
  NetworkPolicy: 'network policy',
  PersistentVolumeClaim: 'volume',
  Secret: 'secret',
};

const refused = {
  why: 'the platform team has named no image of Redis for this cluster',
  hint: 'Have them set BERTH_REDIS_IMAGE (on AWS the setting redisImage), or take a server of your own by a secret with its URL.',
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function createKubernetesCaches(options: KubernetesCachesOptions): Caches {
  const { client, render, image } = options;

  const pathOf = (kind: Collection, cache: CacheRef): string =>
    objectPath(kind, cacheName(cache), cacheNamespace(cache, { render }));

  function rendering(): CacheRender {
    if (image !== undefined) return { render, image };
    throw new Problem('unavailable', `The Redis server can not be made: ${refused.why}.`, refused);
  }

  /** @throws ServerNotOurs */
  async function readUsers(cache: CacheRef): Promise<Users | undefined> {
    const found = await client.get<V1Secret & Stored>(pathOf('Secret', cache));
    if (!found) return undefined;
    const { annotations = {}, resourceVersion } = found.metadata;
    if (annotations[OWNER_ANNOTATION] !== cache.tag) throw new ServerNotOurs(cache.name);
    const text = (key: string): string => Buffer.from(found.data?.[key] ?? '', 'base64').toString();
    return {
      logins: loginsOf(text('users.acl')),
      password: text('password'),
      takenUp: annotations[TAKEN_UP_ANNOTATION] ?? '',
      resourceVersion,
    };
  }

  const fileOf = ({ logins, password }: Users): string =>
    aclFile(logins, [`user ${ADMINISTRATOR} reset on #${sha256(password)} ~* &* +@all`]);

  /** @throws TransientError where somebody else has changed them meanwhile */
  async function writeUsers(cache: CacheRef, users: Users): Promise<void> {
    const { password, takenUp, resourceVersion } = users;
    const version = resourceVersion === undefined ? {} : { resourceVersion };
    const object = renderUsers(cache, { render }, { acl: fileOf(users), password, takenUp, ...version });
    try {
      if (resourceVersion === undefined) {
        if (!(await create(client, object))) throw new TransientError('Its users were made meanwhile.');
      } else await apply(client, object);
    } catch (error) {
      if (isConflict(error)) throw new TransientError('The users of the Redis server are changed by others.');
      explainRefusal(error, { ...cache, service: cache.name }, 'The Redis server');
    }
  }

  const deploymentOf = (cache: CacheRef) => client.get<V1Deployment & Stored>(pathOf('Deployment', cache));

  /** Whether a server runs that has read its users before they were changed. */
  const runs = (deployment: V1Deployment | undefined): boolean => (deployment?.spec?.replicas ?? 0) > 0;

  /** @returns whether the running server has been told; ask again until then @throws TransientError */
  async function tell(cache: CacheRef, words: readonly string[], change: string): Promise<boolean> {
    const name = `${cacheName(cache)}-${shortHash(change, 12)}`;
    const path = objectPath('Job', name, cacheNamespace(cache, { render }));
    const job = await client.get<V1Job & Stored>(path);
    if (!job) {
      const service = await client.get<V1Service & Stored>(pathOf('Service', cache));
      const address = service?.spec?.clusterIP;
      if (address !== undefined)
        await create(client, renderCacheCommand(cache, { name, address, words }, rendering()));
      return false;
    }
    if (job.status?.succeeded) {
      await remove(client, path);
      return true;
    }
    if (job.status?.conditions?.some(({ type, status }) => type === 'Failed' && status === 'True')) {
      await remove(client, path);
      throw new TransientError('The Redis server did not take up who may come in.');
    }
    return false;
  }

  /** Stores the users, and sees to it that the running server has them. @returns whether it has */
  async function change(cache: CacheRef, users: Users, words: readonly string[]): Promise<boolean> {
    const wanted = sha256(fileOf(users));
    const before = await readUsers(cache);
    if (before && sha256(fileOf(before)) === wanted && before.takenUp === wanted) return true;
    const stored = before && sha256(fileOf(before)) === wanted ? before : users;
    if (stored === users) await writeUsers(cache, { ...users, takenUp: before?.takenUp ?? wanted });
    const isTold = !runs(await deploymentOf(cache)) || (await tell(cache, words, wanted));
    if (!isTold) return false;
    const now = await readUsers(cache);
    if (now && now.takenUp !== wanted) await writeUsers(cache, { ...now, takenUp: wanted });
    return true;
  }

  async function ready(cache: CacheRef): Promise<CacheEndpoint | undefined> {
    const deployment = await deploymentOf(cache);
    const isCurrent = deployment?.status?.observedGeneration === deployment?.metadata.generation;
    if (
      !deployment ||
      !isCurrent ||
      !deployment.status?.readyReplicas ||
      deployment.status.unavailableReplicas
    )
      return undefined;
    return { host: `${cacheName(cache)}.${cacheNamespace(cache, { render })}.svc`, port: PORT };
  }

  async function allow(cache: CacheRef, login: CacheLogin, users: Users): Promise<boolean> {
    const words = ['ACL', 'SETUSER', login.username, ...tenantRules(login)];
    return change(cache, { ...users, logins: withLogin(users.logins, login) }, words);
  }

  async function scale(cache: CacheRef, replicas: number): Promise<void> {
    if (!(await readUsers(cache))) return;
    const deployment = await deploymentOf(cache);
    if (!deployment || deployment.spec?.replicas === replicas) return;
    await client.call('PATCH', `${pathOf('Deployment', cache)}/scale`, {
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas } },
    });
  }

  return {
    refusal: async () => (image === undefined ? refused : undefined),

    async ensure(cache, spec, login) {
      checkLogin(login);
      const users = (await readUsers(cache)) ?? {
        logins: [],
        password: randomBytes(32).toString('base64url'),
        takenUp: '',
      };
      const isTold = await allow(cache, login, users);
      try {
        for (const object of renderCache(cache, spec, rendering())) await apply(client, object);
      } catch (error) {
        explainRefusal(error, { ...cache, service: cache.name }, 'The Redis server');
      }
      return isTold ? ready(cache) : undefined;
    },

    async allow(cache, login) {
      checkLogin(login);
      const users = await readUsers(cache);
      if (users) return (await allow(cache, login, users)) ? ready(cache) : undefined;
      throw new Problem('unavailable', `There is no Redis server ${cache.name}.`, {
        hint: 'Deploy again: that makes it.',
      });
    },

    async disable(cache, username) {
      const users = await readUsers(cache);
      if (!users) return;
      const logins = users.logins.filter((login) => login.username !== username);
      const words = ['ACL', 'DELUSER', username];
      for (let look = 0; look < DISABLE_LOOKS; look++) {
        const now = look === 0 ? users : ((await readUsers(cache)) ?? users);
        if (await change(cache, { ...now, logins }, words)) return;
        await sleep(LOOK_MS);
      }
      throw new TransientError('The Redis server is being told who may not come in any more.');
    },

    sleep: (cache) => scale(cache, 0),
    wake: (cache) => scale(cache, 1),

    async remove(cache) {
      const users = await readUsers(cache);
      if (!users) return true;
      for (const kind of REMOVED) await remove(client, pathOf(kind, cache));
      const left = await Promise.all(REMOVED.map((kind) => client.get(pathOf(kind, cache))));
      if (left.some(Boolean)) return false;
      // What says whose it is goes last.
      await remove(client, pathOf('Secret', cache));
      return true;
    },

    async inventory(cache) {
      try {
        if (!(await readUsers(cache))) return [];
      } catch (error) {
        if (error instanceof ServerNotOurs) return [];
        throw error;
      }
      const kinds = [...REMOVED, 'Secret'] as const;
      const found = await Promise.all(kinds.map((kind) => client.get(pathOf(kind, cache))));
      return kinds.filter((_, at) => found[at]).map((kind) => `${WORDS[kind]} ${cacheName(cache)}`);
    },
  };
}
