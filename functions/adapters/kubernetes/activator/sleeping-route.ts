/**
 * A route of a service that sleeps leads to the activator. What it leads to while the service is awake stands beside, so
 * that it comes back as it was, whatever that is. Pure.
 */
import type { InstanceRef } from '../../../core/model/index.ts';
import type { Stored } from '../api/apply.ts';
import type { HttpRouteRule, HttpRouteSpec } from '../manifests/gateway-api.ts';
import type { HttpRouteObject } from '../manifests/objects.ts';
import type { ActivatorOptions } from '../manifests/options.ts';
import { SLEEPER_HEADER } from '../object-names.ts';

/** The rules as they are while the service is awake, as JSON. It steers no proxy. */
const AWAKE_ANNOTATION = 'berth.dev/awake-rules';

type StoredRoute = Stored & { spec: HttpRouteSpec };

export const isAsleep = ({ metadata }: Pick<HttpRouteObject, 'metadata'> | Stored): boolean =>
  metadata.annotations?.[AWAKE_ANNOTATION] !== undefined;

/** What was stored, as it is applied. */
export const declaredRoute = ({ metadata, spec }: StoredRoute, namespace: string): HttpRouteObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: {
    name: metadata.name,
    namespace,
    ...(metadata.labels && { labels: metadata.labels }),
    ...(metadata.annotations && { annotations: metadata.annotations }),
  },
  spec: { parentRefs: spec.parentRefs, hostnames: spec.hostnames, rules: spec.rules },
});

/** Whose a request is comes from the gateway, and never from who sent it. */
function toActivator(
  rule: HttpRouteRule,
  ref: InstanceRef,
  { namespace, name, port }: ActivatorOptions,
): HttpRouteRule {
  const { project, environment, service } = ref;
  const value = `${project}/${environment}/${service}:${rule.backendRefs[0]?.port ?? ''}`;
  const set = (rule.filters ?? []).flatMap((filter) =>
    filter.type === 'RequestHeaderModifier' ? filter.requestHeaderModifier.set : [],
  );
  return {
    matches: rule.matches,
    filters: [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [...set, { name: SLEEPER_HEADER, value }] },
      },
    ],
    backendRefs: [{ group: '', kind: 'Service', name, namespace, port, weight: 1 }],
  };
}

export function asleep(
  route: HttpRouteObject,
  ref: InstanceRef,
  activator: ActivatorOptions,
): HttpRouteObject {
  if (isAsleep(route)) return route;
  const { metadata, spec } = route;
  return {
    ...route,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [AWAKE_ANNOTATION]: JSON.stringify(spec.rules) },
    },
    spec: { ...spec, rules: spec.rules.map((rule) => toActivator(rule, ref, activator)) },
  };
}

export function awake(route: HttpRouteObject): HttpRouteObject {
  const { [AWAKE_ANNOTATION]: rules, ...annotations } = route.metadata.annotations ?? {};
  if (rules === undefined) return route;
  return {
    ...route,
    metadata: { ...route.metadata, annotations },
    spec: { ...route.spec, rules: JSON.parse(rules) as HttpRouteRule[] },
  };
}
