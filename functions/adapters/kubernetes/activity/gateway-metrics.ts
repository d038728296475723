/** What the processes of the gateway have counted: Traefik's metrics in the text format of Prometheus. */
import type { V1Pod } from '@kubernetes/client-node';
import { TransientError } from '../../../core/problem.ts';
import type { RequestCounts } from '../../../core/rollout/request-counts.ts';
import type { Stored } from '../api/apply.ts';
import type { KubernetesClient } from '../api/client.ts';
import { collectionPath } from '../api/object-paths.ts';
import type { GatewayOptions } from '../manifests/options.ts';
import { ROUTE_KEY } from '../object-names.ts';

/** Counts by the key of a route, or of a Service. */
export type RouteCounts = Map<string, RequestCounts>;

export interface GatewayCounts {
  routes: RouteCounts;
  /** Of the Services of deployments, whichever route led there. */
  services: RouteCounts;
}

/** `name{a="b",c="d"} 12`; names of Kubernetes need no escapes. */
const LINE = /^traefik_(router|service)_(requests_total|request_duration_seconds_bucket)\{([^}]*)\} (\S+)$/;

const SERVICE = new RegExp(`-([0-9a-f]{${ROUTE_KEY}})-\\d+@kubernetesgateway$`);

/** The text between `name="` and the quote. */
function label(labels: string, name: string): string {
  const begin = labels.indexOf(`${name}="`);
  if (begin < 0) return '';
  const from = begin + name.length + 2;
  return labels.slice(from, labels.indexOf('"', from));
}

/**
 * Routes and Services are told by the end of their names, which no two have alike. Names of namespaces, routes and Services
 * are free, so that it counts what the last words are: those of the Gateway after a route, the place in a rule after a
 * Service.
 */
export function parseMetrics(text: string, { namespace, name }: GatewayOptions): GatewayCounts {
  type Counts = Map<string, RequestCounts & { within: Map<number, number> }>;
  const routes: Counts = new Map();
  const services: Counts = new Map();
  const end = `-gw-${namespace}-${name}-ep-`;
  function routeOf(router: string): string | undefined {
    const at = router.lastIndexOf(end);
    return at < 0 || !router.startsWith('httproute-') ? undefined : router.slice(at - ROUTE_KEY, at);
  }
  const serviceOf = (service: string): string | undefined =>
    service.startsWith('httproute-') && service.includes(end) ? SERVICE.exec(service)?.[1] : undefined;
  for (const line of text.split('\n')) {
    const [, of, metric, labels = '', value] = LINE.exec(line) ?? [];
    if (metric === undefined) continue;
    const counts = of === 'router' ? routes : services;
    const key = of === 'router' ? routeOf(label(labels, 'router')) : serviceOf(label(labels, 'service'));
    if (key === undefined) continue;
    const found = counts.get(key) ?? { requests: 0, errors: 0, within: new Map<number, number>() };
    counts.set(key, found);
    const count = Number(value);
    if (metric === 'requests_total') {
      found.requests += count;
      if (Number(label(labels, 'code')) >= 500) found.errors += count;
    } else {
      const bound = label(labels, 'le') === '+Inf' ? Number.POSITIVE_INFINITY : Number(label(labels, 'le'));
      found.within.set(bound, (found.within.get(bound) ?? 0) + count);
    }
  }
  return { routes, services };
}

/** Where the gateway's processes tell what they counted. */
export interface MetricsOptions {
  /** Label selector of the gateway's pods, in the namespace of the Gateway. */
  selector: string;
  port: number;
}

/** Counts by the name of the pod. @throws TransientError | KubernetesError | Problem unavailable */
export async function readGateway(
  client: KubernetesClient,
  gateway: GatewayOptions,
  { selector, port }: MetricsOptions,
): Promise<Map<string, GatewayCounts>> {
  const pods = collectionPath('Pod', gateway.namespace);
  const { items } = await client.list<V1Pod & Stored>(pods, { labelSelector: selector });
  const running = items.filter(({ status }) => status?.phase === 'Running');
  if (running.length === 0) throw new TransientError('No process of the gateway runs.');
  return new Map(
    await Promise.all(
      running.map(async ({ metadata }) => {
        const text = await client.text(`${pods}/${metadata.name}:${port}/proxy/metrics`);
        if (text === undefined) throw new TransientError('A process of the gateway has just gone.');
        return [metadata.name, parseMetrics(text, gateway)] as const;
      }),
    ),
  );
}
