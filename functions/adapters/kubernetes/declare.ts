/** Declares a deployment in the cluster, behind the fence. */
import { isDeepStrictEqual } from 'node:util';
import type { InstanceRef } from '../../core/model/index.ts';
import { TransientError } from '../../core/problem.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';
import { isConflict, isNamespaceGone, refusal } from './api/api-errors.ts';
import { after, apply, create, ownAsApplied, remove, type Stored } from './api/apply.ts';
import { collectionPath, objectPath, pathOf } from './api/object-paths.ts';
import { changeTracks, fenced, fenceOf, raiseFence, readFence } from './fence-object.ts';
import { type RenderImages, renderManifests, renderServing } from './manifests/index.ts';
import { DEPLOYMENT_LABEL, FENCE_ANNOTATION, type Track } from './manifests/labels.ts';
import type { KubernetesObject } from './manifests/objects.ts';
import { environmentGone, requireEnvironment } from './namespace.ts';
import { deploymentName } from './object-names.ts';
import {
  type Cluster,
  type Declared,
  deploymentPath,
  getDeployment,
  namespaceOf,
  numberOf,
  ofService,
  readDeclared,
  type StoredDeployment,
} from './shared-reads.ts';
import { placeOf } from './tracks/place-of.ts';
import { settle } from './tracks/settle.ts';

const TRIES = 10;

/** Errors of the API about a spec, as problems. */
export function explainRefusal(error: unknown, ref: InstanceRef, what: string): never {
  if (isNamespaceGone(error)) throw environmentGone(ref.environment);
  throw refusal(error, what) ?? error;
}

export async function deploy(
  cluster: Cluster,
  spec: WorkloadSpec,
  images: RenderImages,
  now: () => number,
): Promise<void> {
  const { client, render } = cluster;
  const namespace = namespaceOf(cluster, spec);
  // Routes that can not be made are refused before anything is.
  renderServing(spec, render, { track: 'a', since: 0 }, () => []);
  try {
    await requireEnvironment(cluster, spec);
    await raiseFence(client, spec, namespace, spec.fence);
    const declared = await readDeclared(cluster, spec);
    const { placement, next, isTakenBack } = await placeOf(cluster, spec, images, declared, now());
    const objects = renderManifests(spec, images, render, placement);
    const enter = (): Promise<void> =>
      changeTracks(
        client,
        spec,
        namespace,
        (state) => {
          if (isDeepStrictEqual(state, declared.state)) return next;
          throw new TransientError(`The tracks of ${spec.service} have changed meanwhile.`);
        },
        spec.fence,
      );
    if (isTakenBack) {
      // All else of it is there; it has the number of what serves before it does.
      const [relabelled] = objects.filter(({ kind }) => kind === 'Deployment');
      if (relabelled) await applyFenced(cluster, spec, relabelled, declared.serving);
      await enter();
      return await settle(cluster, spec);
    }
    await enter();
    // What is on the other track has no requests any more before it ends, and makes room.
    if (declared.beside) await settle(cluster, spec);
    await makeRoom(cluster, spec, placement.track, declared);
    for (const object of objects) {
      // What is named by its number is no other deployment's, and the account is the same for all.
      const isShared = object.kind !== 'Secret' && object.kind !== 'ServiceAccount';
      if (!isShared) await apply(client, object);
      else if (
        (await applyFenced(cluster, spec, object, declared.serving)) === 'created' &&
        object.kind === 'Deployment'
      )
        await undoIfFenced(cluster, spec, placement.track);
    }
    await removeLeft(cluster, spec, objects, placement.track);
    await settle(cluster, spec);
    await removeOldSecrets(cluster, spec);
  } catch (error) {
    explainRefusal(error, spec, `Deployment ${spec.number} of ${spec.service}`);
  }
}

/** A Deployment of an earlier deployment on the track of the new one ends: a rollout of it would start pods one by one. */
async function makeRoom(
  cluster: Cluster,
  spec: WorkloadSpec,
  track: Track,
  { state, beside }: Declared,
): Promise<void> {
  if (!beside || track === state.serving.track || numberOf(beside) === spec.number) return;
  await remove(cluster.client, deploymentPath(cluster, spec, track), { uid: beside.metadata.uid });
}

/**
 * Applies an object only as a successor of the very state whose fence was seen: made if it was not there, or with
 * its resource version as the precondition. Who lost a race looks again, and finds the higher fence.
 */
async function applyFenced(
  cluster: Cluster,
  spec: WorkloadSpec,
  object: KubernetesObject,
  serving: StoredDeployment | undefined,
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
      if (await create(client, scaledAs(marked, spec, serving))) return 'created';
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new TransientError(`The ${object.kind} of ${spec.service} is written by many at once.`);
}

/** A Deployment keeps the replicas that the autoscaler gave it, or what it takes the place of. */
function scaledAs(
  object: KubernetesObject,
  spec: WorkloadSpec,
  present: StoredDeployment | Stored | undefined,
): KubernetesObject {
  if (object.kind !== 'Deployment' || !object.spec) return object;
  const now = present && 'spec' in present ? present.spec?.replicas : undefined;
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
async function undoIfFenced(cluster: Cluster, spec: WorkloadSpec, track: Track): Promise<void> {
  const path = deploymentPath(cluster, spec, track);
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

/** Kinds of which an earlier deployment on the track may have had one that this one has not. */
const optional = ['NetworkPolicy', 'PodDisruptionBudget'] as const;

async function removeLeft(
  cluster: Cluster,
  spec: WorkloadSpec,
  objects: KubernetesObject[],
  track: Track,
): Promise<void> {
  const namespace = namespaceOf(cluster, spec);
  for (const kind of optional) {
    if (objects.some((object) => object.kind === kind)) continue;
    await remove(cluster.client, objectPath(kind, deploymentName(spec, namespace, track), namespace));
  }
}

/** Secrets of deployments that no pod can come back to. */
async function removeOldSecrets(cluster: Cluster, spec: WorkloadSpec): Promise<void> {
  const namespace = namespaceOf(cluster, spec);
  const query = ofService(spec);
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
