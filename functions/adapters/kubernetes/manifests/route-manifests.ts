/** The ways in from outside: HTTPRoutes, attached to the Gateway of the platform. */

import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Route, ServicePort, WorkloadSpec } from '../../../ports/workloads.ts';
import { domainName, hostLabel, routeName } from '../object-names.ts';
import type { BackendRef, HttpRouteRule } from './gateway-api.ts';
import { instanceLabels } from './labels.ts';
import type { HttpRouteObject, ObjectMetadata } from './objects.ts';
import type { RenderOptions } from './options.ts';

/** What of a deployment decides how it is reached, and how it is scaled once it serves. */
export type WhenServing = Pick<WorkloadSpec, 'ports' | 'routes' | 'replicas' | 'maxReplicas'>;

/** Where the requests that a route takes for a service port go. */
export type Backends = (route: string, port: number) => BackendRef[];

const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
/** Only characters that no proxy, pattern or configuration file reads as anything but themselves. */
const PATH = /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?)?$/;

/**
 * Checked again, whoever made the route: what stands in a route becomes the configuration of a proxy that all
 * tenants share.
 */
function checkedRoute(
  { host, path, port }: Route,
  spec: InstanceRef & Pick<WhenServing, 'ports'>,
  domain: string,
): Route {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const fail = (why: string): never => {
    throw new Problem('invalid_resource', `A route of ${spec.service} can not be made: ${why}.`, {
      hint: 'Correct the route in the Score file.',
    });
  };
  if (!HOST.test(name)) return fail(`${JSON.stringify(host)} is not a host name`);
  if (name === domain) return fail(`${name} is Berth's own`);
  if (path.length > 255 || !PATH.test(path)) return fail(`${JSON.stringify(path)} is not a plain path`);
  if (!spec.ports.some((known) => known.port === port && known.protocol === 'TCP'))
    return fail(`the service has no TCP port ${port}`);
  return { host: name, path, port };
}

export const firstPort = (ports: readonly ServicePort[]): ServicePort | undefined =>
  ports.find(({ protocol }) => protocol === 'TCP');

/** The most matches of a rule, and rules of a route that then keep within the most matches of a route. */
const MATCHES = 64;
const RULES = 2;

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** Rules of one host: what goes to one port stands together. */
function rulesOf(
  routes: readonly Route[],
  { scheme }: RenderOptions,
): (Omit<HttpRouteRule, 'backendRefs'> & { port: number })[] {
  // One rule a path: of two the first counts, which for the default URL is the service itself.
  const byPath = new Map(routes.toReversed().map((route) => [route.path, route]));
  const byPort = Map.groupBy(byPath.values(), ({ port }) => port);
  return [...byPort].flatMap(([port, ofPort]) =>
    [...chunks(ofPort, MATCHES)].map((some) => ({
      matches: some.map(({ path }) => ({ path: { type: 'PathPrefix' as const, value: path } })),
      // TLS ends before the gateway where a load balancer has the certificate: the gateway alone would say http.
      ...(scheme === 'https' && {
        filters: [
          {
            type: 'RequestHeaderModifier' as const,
            requestHeaderModifier: { set: [{ name: 'X-Forwarded-Proto', value: scheme }] },
          },
        ],
      }),
      port,
    })),
  );
}

/** One for each host, and more where one does not hold all of its paths. */
export function renderRoutes(
  spec: InstanceRef & Pick<WhenServing, 'ports' | 'routes'>,
  metadata: Required<Pick<ObjectMetadata, 'namespace'>>,
  options: RenderOptions,
  backends: Backends,
): HttpRouteObject[] {
  const domain = domainName(options.domain);
  const port = firstPort(spec.ports);
  if (!port) return [];
  const routes = [
    { host: `${hostLabel(spec)}.${domain}`, path: '/', port: port.port },
    ...spec.routes.map((route) => checkedRoute(route, spec, domain)),
  ];
  return [...Map.groupBy(routes, ({ host }) => host)].flatMap(([host, ofHost]) =>
    [...chunks(rulesOf(ofHost, options), RULES)].map((rules, part) => {
      const name = routeName(spec, metadata.namespace, host, part);
      return renderRoute(
        spec,
        { ...metadata, name },
        options,
        host,
        rules.map(({ port, ...rule }) => ({ ...rule, backendRefs: backends(name, port) })),
      );
    }),
  );
}

export const renderRoute = (
  ref: InstanceRef,
  metadata: Pick<ObjectMetadata, 'namespace' | 'name'>,
  { gateway }: Pick<RenderOptions, 'gateway'>,
  host: string,
  rules: HttpRouteRule[],
): HttpRouteObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  // Never an annotation: those steer the proxy of all tenants.
  metadata: { ...metadata, labels: instanceLabels(ref) },
  spec: {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway }],
    hostnames: [host],
    rules,
  },
});
