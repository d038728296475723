/** An environment's namespace: made, removed, and what is left of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentRef } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import { endGrant } from './activator/switch-routes.ts';
import { isNamespaceGone } from './api/api-errors.ts';
import { apply, create, remove, type Stored } from './api/apply.ts';
import { type Collection, collectionPath, objectPath } from './api/object-paths.ts';
import { listRoutes } from './http-routes.ts';
import { renderEnvironment } from './manifests/index.ts';
import {
  ENVIRONMENT_ID_ANNOTATION,
  ENVIRONMENT_LABEL,
  MANAGED_BY,
  PROJECT_LABEL,
} from './manifests/labels.ts';
import { type Cluster, namespaceOf } from './shared-reads.ts';

/** How long the removal of a namespace is waited for; then the caller tries again. */
const REMOVAL_MS = 90_000;
const LOOK_AGAIN_MS = 250;

export const environmentGone = (environment: string): Problem =>
  new Problem(
    'environment_gone',
    `Nothing can run in ${environment}: the environment is not there any more.`,
    {
      hint: 'Create the environment again, then deploy.',
    },
  );

const isOurs = ({ metadata: { labels = {} } }: Stored, { project, environment }: EnvironmentRef): boolean =>
  labels[MANAGED_BY] === 'berth' &&
  labels[PROJECT_LABEL] === project &&
  labels[ENVIRONMENT_LABEL] === environment;

/**
 * Whose namespace it is, seen by who names an environment. Ids are in the order in which environments were made. Where
 * either side has none, it is the `same`.
 */
export function isOf(
  { metadata: { annotations = {} } }: Stored,
  { environmentId }: EnvironmentRef,
): 'same' | 'earlier' | 'later' {
  const owner = annotations[ENVIRONMENT_ID_ANNOTATION];
  if (owner === undefined || environmentId === undefined || owner === environmentId) return 'same';
  return owner > environmentId ? 'later' : 'earlier';
}

/** @throws Problem environment_gone where nothing can run in it */
export async function requireEnvironment(cluster: Cluster, ref: EnvironmentRef): Promise<void> {
  const found = await cluster.client.get<Stored>(objectPath('Namespace', namespaceOf(cluster, ref)));
  const isThere =
    found && !found.metadata.deletionTimestamp && found.metadata.labels?.[MANAGED_BY] === 'berth';
  if (!isThere || isOf(found, ref) !== 'same') throw environmentGone(ref.environment);
}

/** The namespace, if it is there and this environment's. @throws Problem conflict if it is somebody else's */
async function ownNamespace(cluster: Cluster, environment: EnvironmentRef): Promise<Stored | undefined> {
  const name = namespaceOf(cluster, environment);
  const found = await cluster.client.get<Stored>(objectPath('Namespace', name));
  if (!found || isOurs(found, environment)) return found;
  throw new Problem(
    'conflict',
    `The namespace ${name} can not be used: something other than Berth made it.`,
    {
      hint: 'Remove that namespace, or choose another prefix for namespaces.',
    },
  );
}

export async function ensureEnvironment(
  cluster: Cluster,
  environment: EnvironmentRef,
  operation: string,
): Promise<void> {
  const [namespace, ...rest] = renderEnvironment(environment, operation, cluster.render);
  const found = await ownNamespace(cluster, environment);
  if (found?.metadata.deletionTimestamp)
    throw new TransientError(`The namespace ${found.metadata.name} is still being removed.`);
  if (found && isOf(found, environment) === 'later') throw environmentGone(environment.environment);
  // Made only if nobody else has made it since, so that never a stranger's namespace is taken over.
  if (!found && namespace && !(await create(cluster.client, namespace)))
    await ownNamespace(cluster, environment);
  try {
    if (namespace) await apply(cluster.client, namespace);
    for (const object of rest) await apply(cluster.client, object);
  } catch (error) {
    if (isNamespaceGone(error)) throw new TransientError('The namespace was removed meanwhile.');
    throw error;
  }
}

export async function removeEnvironment(cluster: Cluster, environment: EnvironmentRef): Promise<void> {
  const found = await ownNamespace(cluster, environment);
  if (found && isOf(found, environment) === 'later') return;
  await endGrant(cluster, environment);
  if (!found) return;
  const path = objectPath('Namespace', found.metadata.name);
  if (!found.metadata.deletionTimestamp) await remove(cluster.client, path, { uid: found.metadata.uid });
  const until = performance.now() + REMOVAL_MS;
  // A namespace ends when its controller has emptied it; the one object is cheap to look at.
  for (let wait = LOOK_AGAIN_MS; performance.now() < until; wait = Math.min(wait * 1.5, 3000)) {
    const left = await cluster.client.get<Stored>(path);
    if (!left || left.metadata.uid !== found.metadata.uid) return;
    await sleep(wait);
  }
}

/** What costs or runs. What the namespace itself brings with it goes with it. */
const listed = ['Deployment', 'Pod', 'Job', 'Service', 'PersistentVolumeClaim'] as const;

const words: Record<(typeof listed)[number], string> = {
  Deployment: 'deployment',
  Pod: 'pod',
  Job: 'job',
  Service: 'service',
  PersistentVolumeClaim: 'volume',
};

export async function inventory(cluster: Cluster, environment: EnvironmentRef): Promise<string[]> {
  const namespace = await ownNamespace(cluster, environment);
  if (!namespace) return [];
  const names = async (kind: (typeof listed)[number] & Collection): Promise<string[]> => {
    const { items } = await cluster.client.list<Stored>(collectionPath(kind, namespace.metadata.name));
    return items.map(({ metadata }) => `${words[kind]} ${metadata.name}`);
  };
  const routes = async (): Promise<string[]> =>
    (await listRoutes(cluster, environment)).items.map(({ metadata }) => `route ${metadata.name}`);
  const found = await Promise.all([...listed.map(names), routes()]);
  return [...found.flat(), `namespace ${namespace.metadata.name}`];
}
