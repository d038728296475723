/**
 * Asks one deployment for a path, whatever share of requests it has. Only the gateway reaches workloads, and only a host
 * leads there: for the one question there is a route of a host that nobody can guess.
 */
import { randomBytes } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem, TransientError } from '../../../core/problem.ts';
import type { MetricsOptions } from '../activity/gateway-metrics.ts';
import { apply, remove, type Stored } from '../api/apply.ts';
import { collectionPath, objectPath, pathOf } from '../api/object-paths.ts';
import { isResolved, routeTrouble, type StoredRoute } from '../http-routes.ts';
import type { BackendRef, GatewayListener } from '../manifests/gateway-api.ts';
import { renderRoute } from '../manifests/route-manifests.ts';
import { domainName, routeName, trackServiceName } from '../object-names.ts';
import { type Cluster, namespaceOf, numberOf, readDeclared } from '../shared-reads.ts';
import { whenServing } from './backends.ts';

type Answer = { status: number } | { fault: string };

/** How often it is looked whether the gateway has taken the route; it answers 404 for a moment longer, milliseconds. */
const LOOK_MS = 100;
const NOT_YET = 404;
const NOT_YET_MS = 2_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function askBehind(
  cluster: Cluster,
  gateway: MetricsOptions,
  ref: InstanceRef,
  number: number,
  path: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { client, render } = cluster;
  const namespace = namespaceOf(cluster, ref);
  const { state, serving, beside } = await readDeclared(cluster, ref);
  const isServing = serving !== undefined && numberOf(serving) === number;
  const asked = isServing ? serving : state.beside?.number === number ? beside : undefined;
  const since = isServing ? state.serving.since : state.beside?.since;
  const port = whenServing(asked)?.ports.find(({ protocol }) => protocol === 'TCP');
  if (since === undefined || !port || !asked?.status?.availableReplicas)
    throw new Problem('conflict', `Deployment ${number} of ${ref.service} does not run here.`, {
      hint: 'Look at the newest deployment of the service.',
    });
  const host = `ask-${randomBytes(16).toString('hex')}.${domainName(render.domain)}`;
  const name = routeName(ref, namespace, host, 0);
  const to: BackendRef = {
    group: '',
    kind: 'Service',
    name: trackServiceName(ref, namespace, since),
    port: port.port,
    weight: 1,
  };
  const rule = { matches: [{ path: { type: 'PathPrefix' as const, value: '/' } }], backendRefs: [to] };
  const route = renderRoute(ref, { namespace, name }, render, host, [rule]);
  await apply(client, route);
  try {
    await untilTaken(cluster, pathOf(route), signal);
    return await askGateway(cluster, gateway, host, path, signal);
  } catch (error) {
    if (!(error instanceof TransientError) && !signal.aborted) throw error;
    return { fault: error instanceof Error ? error.message : 'it did not answer in time' };
  } finally {
    await remove(client, pathOf(route));
  }
}

async function untilTaken({ client, render }: Cluster, path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const stored = await client.get<StoredRoute>(path);
    if (stored && !routeTrouble(stored, render.gateway) && isResolved(stored, render.gateway)) return;
    await pause(LOOK_MS);
  }
  throw new TransientError('The gateway did not take up the route in time.');
}

async function askGateway(
  { client, render }: Cluster,
  { selector }: MetricsOptions,
  host: string,
  path: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { namespace, name } = render.gateway;
  const stored = await client.get<Stored & { spec: { listeners: GatewayListener[] } }>(
    objectPath('Gateway', name, namespace),
  );
  const listener = stored?.spec.listeners.find(
    ({ allowedRoutes, protocol }) =>
      allowedRoutes?.namespaces?.from !== 'Same' && (protocol === 'HTTP' || protocol === 'HTTPS'),
  );
  const pods = collectionPath('Pod', namespace);
  const { items } = await client.list<V1Pod & Stored>(pods, { labelSelector: selector });
  const pod = items.find(({ status }) => status?.phase === 'Running');
  if (!listener || !pod) throw new TransientError('No process of the gateway takes requests.');
  const at = `${listener.protocol === 'HTTPS' ? 'https:' : ''}${pod.metadata.name}:${listener.port}`;
  const until = performance.now() + NOT_YET_MS;
  for (;;) {
    const status = await client.status(`${pods}/${at}/proxy${path}`, { host }, signal);
    // A path that is not there can not be told from a route that this process has not heard of yet.
    if (status !== NOT_YET || performance.now() > until) return { status };
    await pause(LOOK_MS);
  }
}
