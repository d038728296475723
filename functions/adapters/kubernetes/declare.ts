/** Declares a deployment in the cluster, behind the fence. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';
import { isConflict, isNamespaceGone, refusal } from './api/api-errors.ts';
import { apply, create, ownAsApplied, remove, type Stored } from './api/apply.ts';
import { type Collection, collectionPath, objectPath, pathOf } from './api/object-paths.ts';
import { fenced, fenceOf, raiseFence, readFence } from './fence-object.ts';
import { listRoutes, routesQuery } from './http-routes.ts';
import { type RenderImages, renderManifests } from './manifests/index.ts';
import {
  DEPLOYMENT_LABEL,
  FENCE_ANNOTATION,
  MANAGED_BY,
  SERVICE_LABEL,
  selector,
} from './manifests/labels.ts';
import type { KubernetesObject } from './manifests/objects.ts';
import { environmentGone, isOf } from './namespace.ts';
import { FIELD_MANAGER, serviceName } from './object-names.ts';
import {
  type Cluster,
  deploymentPath,
  getDeployment,
  namespaceOf,
  numberOf,
  type StoredDeployment,
} from './shared-reads.ts';

const TRIES = 10;

/** Errors of the API about a spec, as problems. */
export function explainRefusal(error: unknown, ref: InstanceRef, what: string): never {
  if (isNamespaceGone(error)) throw environmentGone(ref.environment);
  throw refusal(error, what) ?? error;
}

export async function deploy(cluster: Cluster, spec: WorkloadSpec, images: RenderImages): Promise<void> {
  const objects = renderManifests(spec, images, cluster.render);
  try {
    await requireEnvironment(cluster, spec);
    await raiseFence(cluster.client, spec, namespaceOf(cluster, spec), spec.fence);
    for (const object of objects) {
      // What is named by its number is no other deployment's, and the account is the same for all.
      const isShared = object.kind !== 'Secret' && object.kind !== 'ServiceAccount';
      if (!isShared) await apply(cluster.client, object);
      else if ((await applyFenced(cluster, spec, object)) === 'created' && object.kind === 'Deployment')
        await undoIfFenced(cluster, spec);
    }
    await removeLeft(cluster, spec, objects);
    await removeOldSecrets(cluster, spec);
  } catch (error) {
    explainRefusal(error, spec, `Deployment ${spec.number} of ${spec.service}`);
  }
}

async function requireEnvironment(cluster: Cluster, ref: InstanceRef): Promise<void> {
  const found = await cluster.client.get<Stored>(objectPath('Namespace', namespaceOf(cluster, ref)));
  const isThere =
    found && !found.metadata.deletionTimestamp && found.metadata.labels?.[MANAGED_BY] === 'berth';
  if (!isThere || isOf(found, ref) !== 'same') throw environmentGone(ref.environment);
}

/**
 * Applies an object only as a successor of the very state whose fence was seen: made if it was not there, or with
 * its resource version as the precondition. Who lost a race looks again, and finds the higher fence.
 */
async function applyFenced(
  cluster: Cluster,
  spec: WorkloadSpec,
  object: KubernetesObject,
): Promise<'created' | 'changed'> {
  const { client } = cluster;
  const annotations = { ...object.metadata.annotations, [FENCE_ANNOTATION]: String(spec.fence) };
  const marked: KubernetesObject = { ...object, metadata: { ...object.metadata, annotations } };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const present = await client.get<Stored>(pathOf(object));
    const newest = fenceOf(present);
    if (newest > spec.fence) throw fenced(spec.service, spec.fence, newest);
    try {
      if (present && (await ownAsApplied(client, object, present))) continue;
      if (present) {
        await apply(client, after(scaledAs(marked, spec, present), present));
        return 'changed';
      }
      if (await create(client, marked)) return 'created';
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new TransientError(`The ${object.kind} of ${spec.service} is written by many at once.`);
}

/** With what it follows as the precondition; the uid, since an apply with a version alone makes what was removed. */
const after = (
  object: KubernetesObject,
  { metadata: { uid, resourceVersion } }: Stored,
): KubernetesObject => ({ ...object, metadata: { ...object.metadata, uid, resourceVersion } });

/** A Deployment keeps the replicas that the autoscaler gave it. */
function scaledAs(
  object: KubernetesObject,
  spec: WorkloadSpec,
  present: StoredDeployment | Stored,
): KubernetesObject {
  if (object.kind !== 'Deployment' || !object.spec) return object;
  const now = 'spec' in present ? present.spec?.replicas : undefined;
  return { ...object, spec: { ...object.spec, replicas: replicasFor(spec, now) } };
}

/** What the autoscaler found right stays, within the bounds that are declared now. */
function replicasFor({ replicas, maxReplicas = replicas }: WorkloadSpec, now = replicas): number {
  return now === 0 ? replicas : Math.min(Math.max(now, replicas), Math.max(maxReplicas, replicas));
}

/**
 * A removal under a higher fence may have passed between the look and the making of a Deployment, and would not
 * come again. What a newer deployment has changed since is that one's, and stays.
 */
async function undoIfFenced(cluster: Cluster, spec: WorkloadSpec): Promise<void> {
  const path = deploymentPath(cluster, spec);
  const newest = await readFence(cluster.client, spec, namespaceOf(cluster, spec));
  if (newest <= spec.fence) return;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const present = await getDeployment(cluster, path);
    if (!present || fenceOf(present) > spec.fence) break;
    const { uid, resourceVersion } = present.metadata;
    try {
      await remove(cluster.client, path, { uid, resourceVersion });
      break;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw fenced(spec.service, spec.fence, newest);
}

/** Kinds of which an earlier deployment may have had one that this one has not. */
const optional = ['Service', 'NetworkPolicy', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'] as const;

async function removeLeft(cluster: Cluster, spec: WorkloadSpec, objects: KubernetesObject[]): Promise<void> {
  const namespace = namespaceOf(cluster, spec);
  for (const kind of optional) {
    if (objects.some((object) => object.kind === kind)) continue;
    await remove(cluster.client, objectPath(kind, serviceName(spec), namespace));
  }
  const { items: routes } = await listRoutes(cluster, spec, routesQuery(spec));
  for (const { metadata } of routes) {
    const isWanted = objects.some(
      ({ kind, metadata: { name } }) => kind === 'HTTPRoute' && name === metadata.name,
    );
    // One with a higher fence is a newer deployment's.
    if (isWanted || fenceOf({ metadata }) > spec.fence) continue;
    await remove(cluster.client, objectPath('HTTPRoute', metadata.name, namespace), { uid: metadata.uid });
  }
}

const ofService = (ref: InstanceRef): string =>
  selector({ [MANAGED_BY]: 'berth', [SERVICE_LABEL]: ref.service });

/** Secrets of deployments that no pod can come back to. */
async function removeOldSecrets(cluster: Cluster, spec: WorkloadSpec): Promise<void> {
  const namespace = namespaceOf(cluster, spec);
  const query = { labelSelector: ofService(spec) };
  const { items: sets } = await cluster.client.list<Stored>(collectionPath('ReplicaSet', namespace), query);
  const used = new Set(sets.map(({ metadata }) => metadata.labels?.[DEPLOYMENT_LABEL]));
  const { items: secrets } = await cluster.client.list<Stored>(collectionPath('Secret', namespace), query);
  for (const { metadata } of secrets) {
    const number = metadata.labels?.[DEPLOYMENT_LABEL];
    // A newer one's may be there before its pods are.
    if (number === undefined || used.has(number) || Number(number) >= spec.number) continue;
    await remove(cluster.client, objectPath('Secret', metadata.name, namespace));
  }
}

const owned: Collection[] = [
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'Job',
  'Service',
  'NetworkPolicy',
  'ServiceAccount',
  'Secret',
];

/**
 * Sets how many replicas there are, of the very state whose fence was seen: a newer deployment that is declared
 * meanwhile has its own number.
 */
export async function scaleService(
  cluster: Cluster,
  ref: InstanceRef,
  replicas: number,
  fence: number,
): Promise<void> {
  const { client } = cluster;
  const path = deploymentPath(cluster, ref);
  if (ref.environmentId !== undefined) await requireEnvironment(cluster, ref);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const present = await getDeployment(cluster, path);
    if (!present) {
      const newest = await readFence(client, ref, namespaceOf(cluster, ref));
      if (newest > fence) throw fenced(ref.service, fence, newest);
      if (replicas === 0) return;
      throw new Problem(
        'not_found',
        `${ref.service} can not be scaled: nothing of it has been applied here.`,
        { hint: 'Deploy it first.' },
      );
    }
    await raiseFence(client, ref, namespaceOf(cluster, ref), fence);
    // The autoscaler may have more of them running, and rightly.
    if (present.spec?.replicas === replicas) return;
    try {
      await client.call('PATCH', `${path}/scale`, {
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion: present.metadata.resourceVersion }, spec: { replicas } },
      });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new TransientError(`The replicas of ${ref.service} are written by many at once.`);
}

/** Removes all of a service but its fence. */
export async function removeService(cluster: Cluster, ref: InstanceRef, fence: number): Promise<void> {
  const { client } = cluster;
  const namespace = namespaceOf(cluster, ref);
  try {
    await requireEnvironment(cluster, ref);
  } catch (error) {
    if (error instanceof Problem && error.code === 'environment_gone') return;
    throw error;
  }
  await raiseFence(client, ref, namespace, fence).catch((error: unknown) => {
    if (isNamespaceGone(error)) return;
    throw error;
  });
  const present = await getDeployment(cluster, deploymentPath(cluster, ref));
  if (present) {
    if (fenceOf(present) > fence) throw fenced(ref.service, fence, numberOf(present));
    await remove(client, deploymentPath(cluster, ref), { uid: present.metadata.uid });
  }
  const { items: routes } = await listRoutes(cluster, ref, routesQuery(ref));
  for (const { metadata } of routes)
    await remove(client, objectPath('HTTPRoute', metadata.name, namespace), { uid: metadata.uid });
  for (const kind of owned) {
    const { items } = await client.list<Stored>(collectionPath(kind, namespace), {
      labelSelector: ofService(ref),
    });
    for (const { metadata } of items)
      await remove(client, objectPath(kind, metadata.name, namespace), { uid: metadata.uid });
  }
}
