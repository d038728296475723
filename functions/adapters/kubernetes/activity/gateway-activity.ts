/**
 * Activity from the gateway's own counters. A counter has no times: that requests came is seen when it is higher than
 * at the look before, which is kept beside the environment, so that a process without memory sees it as well. They are
 * then taken to have come just now, so that nothing counts as idle too early.
 */
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import { addCounts, noCounts } from '../../../core/rollout/request-counts.ts';
import type { Activity } from '../../../ports/activity.ts';
import { isAlreadyThere, isConflict, isNotFound, KubernetesError, whyUnread } from '../api/api-errors.ts';
import type { Stored } from '../api/apply.ts';
import type { KubernetesClient } from '../api/client.ts';
import { collectionPath, objectPath } from '../api/object-paths.ts';
import { listRoutes } from '../http-routes.ts';
import { defaultRenderOptions, type RenderOptions } from '../manifests/index.ts';
import { environmentLabels } from '../manifests/labels.ts';
import { ROUTE_KEY, trackServiceName } from '../object-names.ts';
import { type Cluster, namespaceOf, numberOf, ofService, readDeclared } from '../shared-reads.ts';
import { createFigures } from './figures.ts';
import { type GatewayCounts, type MetricsOptions, readGateway } from './gateway-metrics.ts';

export interface GatewayActivityOptions {
  client: KubernetesClient;
  /** The same options as those of the workloads. */
  render?: Partial<Omit<RenderOptions, 'domain'>>;
  metrics: MetricsOptions;
  now(): number;
  /** How long an answer of the gateway is taken for new, milliseconds; a second unless told. */
  freshMs?: number;
}

const FRESH_MS = 1_000;
const NAME = 'berth-requests';

/** What was seen at the last look: requests by the pod of the gateway. */
interface Look {
  last?: number;
  pods: Record<string, number>;
}

type StoredLook = Stored & { data?: { look?: string } };

function lookOf(stored: StoredLook | undefined): Look | undefined {
  try {
    const look = JSON.parse(stored?.data?.look ?? '') as Partial<Look> | null;
    return look && typeof look.pods === 'object' ? { ...look, pods: { ...look.pods } } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Pure. A pod that is gone may have taken requests at its end, and a lower count began anew.
 * @param seen when this process saw the last request, if it saw any
 */
export function nextLook(
  before: Look | undefined,
  pods: Record<string, number>,
  now: number,
  seen?: number,
): Look {
  const known = before?.pods ?? {};
  const came = Object.entries(pods).some(([pod, count]) => count > 0 && count !== known[pod]);
  const left = Object.keys(known).some((pod) => pods[pod] === undefined);
  const last = left ? now : came ? Math.max(seen ?? now, before?.last ?? 0) : before?.last;
  return { pods, ...(last !== undefined && { last }) };
}

function uncounted(error: unknown): never {
  const why = error instanceof Error ? whyUnread(error) : 'the gateway does not answer';
  throw new Problem('unavailable', `Requests can not be counted: ${why}.`, {
    hint: 'Have the platform team look at the gateway of the cluster.',
    cause: error,
  });
}

export function createGatewayActivity(options: GatewayActivityOptions): Activity & {
  /** Looks at the gateway, for the sake of figures that nobody asks for yet. */
  observe(): Promise<void>;
} {
  const { client, now, freshMs = FRESH_MS } = options;
  const cluster: Cluster = { client, render: { ...defaultRenderOptions, ...options.render, domain: '' } };
  const figures = createFigures();
  let kept: { at: number; read: Promise<Map<string, GatewayCounts>> } | undefined;

  async function read(): Promise<Map<string, GatewayCounts>> {
    const pods = await readGateway(client, cluster.render.gateway, options.metrics);
    figures.add(new Map([...pods].map(([pod, { routes }]) => [pod, routes])), now());
    return pods;
  }
  function look(): Promise<Map<string, GatewayCounts>> {
    if (!kept || now() - kept.at >= freshMs) kept = { at: now(), read: read() };
    return kept.read;
  }

  const keysOf = async (environment: EnvironmentRef, service?: string): Promise<string[]> => {
    const query = service === undefined ? {} : ofService({ ...environment, service });
    const { items } = await listRoutes(cluster, environment, query);
    return items.map(({ metadata }) => metadata.name.slice(-ROUTE_KEY));
  };
  const countsOf = (pods: Map<string, GatewayCounts>, keys: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      [...pods].map(([pod, { routes }]) => [
        pod,
        keys.reduce((sum, key) => sum + (routes.get(key)?.requests ?? 0), 0),
      ]),
    );

  /** Who may only read, or comes second, leaves the look to others: it is seen again the next time. */
  async function keep(
    environment: EnvironmentRef,
    stored: StoredLook | undefined,
    found: Look,
  ): Promise<void> {
    const namespace = namespaceOf(cluster, environment);
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: NAME,
        namespace,
        labels: environmentLabels(environment),
        ...(stored && { resourceVersion: stored.metadata.resourceVersion }),
      },
      data: { look: JSON.stringify(found) },
    };
    const written = stored
      ? client.call('PUT', objectPath('ConfigMap', NAME, namespace), { body })
      : client.call('POST', collectionPath('ConfigMap', namespace), { body });
    await written.catch((error: unknown) => {
      const isForbidden = error instanceof KubernetesError && error.status === 403;
      if (!isForbidden && !isConflict(error) && !isAlreadyThere(error) && !isNotFound(error)) throw error;
    });
  }
  const readLook = (environment: EnvironmentRef): Promise<StoredLook | undefined> =>
    client.get<StoredLook>(objectPath('ConfigMap', NAME, namespaceOf(cluster, environment)));

  async function lastRequest(environment: EnvironmentRef): Promise<number | undefined> {
    const [pods, keys, stored] = await Promise.all([look(), keysOf(environment), readLook(environment)]);
    const before = lookOf(stored);
    const found = nextLook(before, countsOf(pods, keys), now(), figures.lastOf(keys));
    if (JSON.stringify(found) !== JSON.stringify(before)) await keep(environment, stored, found);
    return found.last;
  }

  return {
    lastRequests: (environments) =>
      Promise.all(
        environments.map((environment) =>
          // Where it can not be seen whether it is used, it does not count as idle.
          lastRequest(environment).catch((): 'unknown' => 'unknown'),
        ),
      ),
    async requests(instance, windowSeconds) {
      try {
        await look();
        return figures.samples(await keysOf(instance, instance.service), now() - windowSeconds * 1000);
      } catch (error) {
        return uncounted(error);
      }
    },
    async counts(instance) {
      const pods = await look().catch(uncounted);
      const { state, serving } = await readDeclared(cluster, instance);
      const placed = [
        ...(serving ? [{ number: numberOf(serving), since: state.serving.since }] : []),
        ...(state.beside ? [state.beside] : []),
      ];
      const counted = placed.map(({ number, since }) => {
        const key = trackServiceName(instance, namespaceOf(cluster, instance), since).slice(-ROUTE_KEY);
        const found = [...pods.values()].flatMap(({ services }) => services.get(key) ?? []);
        return [number, found.reduce(addCounts, noCounts())] as const;
      });
      return new Map(counted.filter(([, { requests }]) => requests > 0));
    },
    async forget(environment) {
      const keys = await keysOf(environment);
      figures.forget(keys);
      const stored = await readLook(environment);
      if (keys.length > 0) await keep(environment, stored, { pods: countsOf(await look(), keys) });
    },
    observe: async () => void (await look().catch(() => undefined)),
  };
}
