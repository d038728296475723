/**
 * Leads the requests of a service to the activator before it falls asleep, and back once it is awake. Between the two
 * somebody always takes them: the one before goes on until the gateway has taken up the change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentRef, InstanceRef } from '../../../core/model/index.ts';
import { TransientError } from '../../../core/problem.ts';
import { isConflict, isNotFound, KubernetesError } from '../api/api-errors.ts';
import { apply, remove } from '../api/apply.ts';
import { objectPath } from '../api/object-paths.ts';
import { findRouteTrouble, listRoutes, type StoredRoute } from '../http-routes.ts';
import { environmentLabels } from '../manifests/labels.ts';
import type { HttpRouteObject } from '../manifests/objects.ts';
import type { ActivatorOptions } from '../manifests/options.ts';
import { type Cluster, namespaceOf, ofService } from '../shared-reads.ts';
import { asleep, awake, declaredRoute, isAsleep } from './sleeping-route.ts';

const TRIES = 10;
/** So long the gateway has to take up what leads to the activator, and to tell all of its processes, milliseconds. */
const TAKEN_UP_MS = 10_000;
const LOOK_MS = 200;
const TOLD_MS = 2_000;

/** Changes each route that is not yet so, as nobody has changed it since it was read. */
async function change(
  cluster: Cluster,
  ref: InstanceRef,
  isDone: (route: StoredRoute) => boolean,
  next: (route: HttpRouteObject) => HttpRouteObject,
): Promise<number> {
  let changed = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const { items } = await listRoutes(cluster, ref, ofService(ref));
    const left = items.filter((route) => !isDone(route));
    if (left.length === 0) return changed;
    for (const stored of left) {
      const { uid, resourceVersion } = stored.metadata;
      const route = next(declaredRoute(stored, namespaceOf(cluster, ref)));
      try {
        await apply(cluster.client, { ...route, metadata: { ...route.metadata, uid, resourceVersion } });
        changed++;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
    }
  }
  throw new TransientError(`The routes of ${ref.service} are written by many at once.`);
}

const wakeUp = (cluster: Cluster, ref: InstanceRef): Promise<number> =>
  change(cluster, ref, (route) => !isAsleep(route), awake);

/** Routes of one namespace may lead to the activator of another where that one says so. */
const grantPath = (cluster: Cluster, activator: ActivatorOptions, environment: EnvironmentRef): string =>
  objectPath('ReferenceGrant', namespaceOf(cluster, environment), activator.namespace);

/** @returns false where the cluster does not let it */
export async function grant(
  cluster: Cluster,
  activator: ActivatorOptions,
  ref: EnvironmentRef,
): Promise<boolean> {
  const namespace = namespaceOf(cluster, ref);
  try {
    await apply(cluster.client, {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { name: namespace, namespace: activator.namespace, labels: environmentLabels(ref) },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace }],
        to: [{ group: '', kind: 'Service', name: activator.name }],
      },
    });
    return true;
  } catch (error) {
    if (error instanceof KubernetesError && [403, 404].includes(error.status)) return false;
    throw error;
  }
}

/** An environment that is removed leads nowhere; idempotent. */
export async function endGrant(cluster: Cluster, environment: EnvironmentRef): Promise<void> {
  const { activator } = cluster.render;
  if (!activator) return;
  await remove(cluster.client, grantPath(cluster, activator, environment)).catch((error: unknown) => {
    if (!(error instanceof KubernetesError && error.status === 403)) throw error;
  });
}

/**
 * From now on the activator has the requests of a service that is about to stop. Where the gateway does not lead to it,
 * as where no activator is, the routes stay as they were: requests wake nothing then.
 */
export async function leadToActivator(cluster: Cluster, ref: InstanceRef): Promise<void> {
  const { activator } = cluster.render;
  if (!activator) return;
  const { items } = await listRoutes(cluster, ref, ofService(ref));
  if (items.length === 0 || !(await grant(cluster, activator, ref))) return;
  const changed = await change(cluster, ref, isAsleep, (route) => asleep(route, ref, activator));
  if (changed === 0) return;
  const until = performance.now() + TAKEN_UP_MS;
  while (await findRouteTrouble(cluster, ref)) {
    if (performance.now() < until) await sleep(LOOK_MS);
    else {
      await wakeUp(cluster, ref);
      return;
    }
  }
  // Each of the gateway's processes hears of it by itself; until then the service still answers.
  await sleep(TOLD_MS);
}

/** The service takes its requests itself again; those that the activator has go on. */
export async function leadToService(cluster: Cluster, ref: InstanceRef): Promise<void> {
  if (cluster.render.activator) await wakeUp(cluster, ref);
}

/** The routes as they are to be written: of a service that sleeps they lead to it once it is ready. */
export function asTheyLead(
  cluster: Cluster,
  ref: InstanceRef,
  routes: readonly StoredRoute[],
): (route: HttpRouteObject) => HttpRouteObject {
  const { activator } = cluster.render;
  return activator && routes.some(isAsleep) ? (route) => asleep(route, ref, activator) : (route) => route;
}
