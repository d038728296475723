/** Scales and removes a workload in the cluster, behind the fence. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import { leadToActivator } from './activator/switch-routes.ts';
import { isConflict, isNamespaceGone } from './api/api-errors.ts';
import { remove, type Stored } from './api/apply.ts';
import { type Collection, collectionPath, objectPath } from './api/object-paths.ts';
import { changeTracks, fenced, fenceOf, raiseFence, readFence } from './fence-object.ts';
import { listRoutes } from './http-routes.ts';
import { requireEnvironment } from './namespace.ts';
import { FIELD_MANAGER } from './object-names.ts';
import {
  type Cluster,
  deploymentPath,
  namespaceOf,
  numberOf,
  ofService,
  readDeclared,
} from './shared-reads.ts';
import { settle } from './tracks/settle.ts';

const TRIES = 10;

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
  const namespace = namespaceOf(cluster, ref);
  if (ref.environmentId !== undefined) await requireEnvironment(cluster, ref);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const { state, serving: present } = await readDeclared(cluster, ref);
    if (!present) {
      if (replicas === 0) {
        // An older deployment that is late may be about to make it.
        await raiseFence(client, ref, namespace, fence).catch((error: unknown) => {
          if (!isNamespaceGone(error)) throw error;
        });
        return;
      }
      const newest = await readFence(client, ref, namespace);
      if (newest > fence) throw fenced(ref.service, fence, newest);
      throw new Problem(
        'not_found',
        `${ref.service} can not be scaled: nothing of it has been applied here.`,
        { hint: 'Deploy it first.' },
      );
    }
    await raiseFence(client, ref, namespace, fence);
    // Nothing runs beside what does not.
    if (replicas === 0 && state.beside) {
      await changeTracks(client, ref, namespace, ({ serving }) => ({ serving }), fence);
      await settle(cluster, ref);
    }
    if (replicas === 0) await leadToActivator(cluster, ref);
    // The autoscaler may have more of them running, and rightly.
    if (present.spec?.replicas === replicas) return;
    try {
      await client.call('PATCH', `${deploymentPath(cluster, ref, state.serving.track)}/scale`, {
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
  const { items: deployments } = await client.list<Stored>(
    collectionPath('Deployment', namespace),
    ofService(ref),
  );
  for (const present of deployments)
    if (fenceOf(present) > fence) throw fenced(ref.service, fence, numberOf(present));
  for (const { metadata } of deployments)
    await remove(client, objectPath('Deployment', metadata.name, namespace), { uid: metadata.uid });
  const { items: routes } = await listRoutes(cluster, ref, ofService(ref));
  for (const { metadata } of routes)
    await remove(client, objectPath('HTTPRoute', metadata.name, namespace), { uid: metadata.uid });
  for (const kind of owned) {
    const { items } = await client.list<Stored>(collectionPath(kind, namespace), ofService(ref));
    for (const { metadata } of items)
      await remove(client, objectPath(kind, metadata.name, namespace), { uid: metadata.uid });
  }
  // What comes next begins anew.
  await changeTracks(client, ref, namespace, () => undefined, fence).catch((error: unknown) => {
    if (!isNamespaceGone(error)) throw error;
  });
}
