/** Whether the gateway serves the routes of a service, and why it does not. */
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { isNotFound } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import type { List, Query } from './api/client.ts';
import { collectionPath, objectPath } from './api/object-paths.ts';
import type {
  GatewayCondition,
  GatewaySpec,
  GatewayStatus,
  HttpRouteSpec,
  HttpRouteStatus,
} from './manifests/gateway-api.ts';
import { DOMAIN_LABEL } from './manifests/labels.ts';
import type { GatewayOptions } from './manifests/options.ts';
import { type Cluster, namespaceOf, ofService } from './shared-reads.ts';
import type { Trouble } from './trouble.ts';

export type StoredRoute = Stored & { spec: HttpRouteSpec; status?: HttpRouteStatus };
export type StoredGateway = Stored & { spec: GatewaySpec; status?: GatewayStatus };

const HINT = 'Have the platform team look at the gateway of the cluster, then deploy again.';

const trouble = (why: string, hint = HINT): Trouble => ({
  code: 'workload_not_ready',
  // The gateway may only be slow, and may come back.
  final: false,
  why,
  hint,
});

/** What a controller has said of the object as it is now. */
const current = (
  conditions: readonly GatewayCondition[] = [],
  type: string,
  { generation = 0 }: Stored['metadata'],
): GatewayCondition | undefined =>
  conditions.find((each) => each.type === type && (each.observedGeneration ?? generation) >= generation);

const reasonOf = ({ reason, message }: GatewayCondition): string =>
  [reason, message].filter(Boolean).join(': ') || 'it does not say why';

const nameOf = ({ namespace, name }: GatewayOptions): string => `${namespace}/${name}`;

const parentOf = (status: HttpRouteStatus | undefined, { name, namespace }: GatewayOptions) =>
  status?.parents?.find(({ parentRef }) => parentRef.name === name && parentRef.namespace === namespace);

/** Pure: of what is stored alone. Undefined once the gateway has taken the route. */
export function routeTrouble(route: StoredRoute, gateway: GatewayOptions): Trouble | undefined {
  const { metadata, spec, status } = route;
  const host = spec.hostnames[0] ?? metadata.name;
  const parent = parentOf(status, gateway);
  const accepted = current(parent?.conditions, 'Accepted', metadata);
  if (!accepted || accepted.status === 'Unknown')
    return trouble(`the gateway ${nameOf(gateway)} has not taken up the route of ${host}`);
  // Not every implementation says so of a route, and of those that do a refusal counts.
  for (const type of ['Accepted', 'ResolvedRefs', 'Programmed']) {
    const condition = current(parent?.conditions, type, metadata);
    if (condition?.status === 'False')
      return trouble(
        `the gateway ${nameOf(gateway)} does not serve the route of ${host} (${reasonOf(condition)})`,
      );
  }
  return undefined;
}

/** Whether the gateway knows all that the route, as it is now, leads to. */
export function isResolved({ metadata, status }: StoredRoute, gateway: GatewayOptions): boolean {
  const parent = parentOf(status, gateway);
  return current(parent?.conditions, 'ResolvedRefs', metadata)?.status === 'True';
}

/** The same of the Gateway itself. */
export function gatewayTrouble(
  stored: Pick<StoredGateway, 'status'> | undefined,
  gateway: GatewayOptions,
): Trouble | undefined {
  if (!stored) return trouble(`the cluster has no Gateway ${nameOf(gateway)}`);
  for (const type of ['Accepted', 'Programmed']) {
    const condition = stored.status?.conditions?.find((each) => each.type === type);
    if (condition && condition.status !== 'True')
      return trouble(`the gateway ${nameOf(gateway)} does not work (${reasonOf(condition)})`);
  }
  return undefined;
}

/** Whether a Gateway works as it is declared now. */
export const isProgrammed = ({ metadata, status }: StoredGateway): boolean =>
  current(status?.conditions, 'Programmed', metadata)?.status === 'True';

/** A cluster that does not know the kind has none. */
export const listRoutes = (
  cluster: Cluster,
  environment: EnvironmentRef,
  query: Query = {},
): Promise<List<StoredRoute>> =>
  cluster.client
    .list<StoredRoute>(collectionPath('HTTPRoute', namespaceOf(cluster, environment)), query)
    .catch((error: unknown): List<StoredRoute> => {
      if (isNotFound(error)) return { metadata: { resourceVersion: '' }, items: [] };
      throw error;
    });

/** What keeps requests from reaching the service; undefined where nothing does, or where it has no routes. */
export async function findRouteTrouble(cluster: Cluster, ref: InstanceRef): Promise<Trouble | undefined> {
  const { gateway } = cluster.render;
  const [{ items }, stored] = await Promise.all([
    listRoutes(cluster, ref, ofService(ref)),
    cluster.client.get<StoredGateway>(objectPath('Gateway', gateway.name, gateway.namespace)),
  ]);
  // Whether a domain of its is served is told by the domain, and keeps nothing else.
  const routes = items.filter(({ metadata }) => metadata.labels?.[DOMAIN_LABEL] === undefined);
  if (routes.length === 0) return undefined;
  const ofRoute = routes.map((route) => routeTrouble(route, gateway)).find((each) => each !== undefined);
  // Where the Gateway is at fault, that is the cause of what its routes say.
  return gatewayTrouble(stored, gateway) ?? ofRoute;
}
