/** What an environment consists of and what leads to what, as a graph. Pure. */
import type { Domain, EnvironmentCost, Instance, Job, Resource } from '../../../../client/types.generated.ts';

export type NodeKind = 'address' | 'service' | 'job' | 'resource';

export interface GraphNode {
  id: string;
  kind: NodeKind;
  /** What kind of thing it is, in a word or two. */
  type: string;
  name: string;
  /** As `Status` shows it; undefined: it has none. */
  state?: string;
  /** Requests in a second. */
  rate?: number;
  /** What a month costs, if it goes on as it is now. */
  usdPerMonth?: number;
  /** Of the service that it is, or that it belongs to. */
  service?: string;
}

export interface GraphEdge {
  /** Ids of nodes. */
  from: string;
  to: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface GraphSources {
  instances: readonly Instance[];
  resources: readonly Resource[];
  domains: readonly Domain[];
  /** By service. */
  jobs: ReadonlyMap<string, readonly Job[]>;
  /** Requests in a second, by service. */
  rates: ReadonlyMap<string, number>;
  cost: Pick<EnvironmentCost, 'lines'> | undefined;
  /** Nothing runs: the environment is hibernated or expired. */
  isAsleep: boolean;
}

const ids = {
  url: (service: string) => `url/${service}`,
  domain: (name: string) => `domain/${name}`,
  service: (name: string) => `service/${name}`,
  job: (service: string, name: string) => `job/${service}/${name}`,
  resource: (uid: string) => `resource/${uid}`,
};

/** @example hostOf('https://web.dev.shop.example.com/') // "web.dev.shop.example.com" */
const hostOf = (url: string): string => URL.parse(url)?.host ?? url;

export function graphOf({ instances, resources, domains, jobs, rates, cost, isAsleep }: GraphSources): Graph {
  const costs = new Map<string, number>();
  for (const { kind, name, usdPerMonth } of cost?.lines ?? [])
    costs.set(`${kind}/${name}`, (costs.get(`${kind}/${name}`) ?? 0) + usdPerMonth);
  const costOf = (id: string) => {
    const usdPerMonth = costs.get(id);
    return usdPerMonth === undefined ? {} : { usdPerMonth };
  };
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const known = new Set(instances.map(({ service }) => service));
  for (const { service, url, state } of instances) {
    const id = ids.service(service);
    const rate = rates.get(service);
    if (url !== undefined) {
      nodes.push({ id: ids.url(service), kind: 'address', type: 'route', name: hostOf(url), service });
      edges.push({ from: ids.url(service), to: id });
    }
    nodes.push({
      id,
      kind: 'service',
      type: 'service',
      name: service,
      service,
      state: isAsleep && state !== 'failed' ? 'asleep' : state,
      ...(rate !== undefined && { rate }),
      ...costOf(id),
    });
    for (const job of jobs.get(service) ?? []) {
      const to = ids.job(service, job.name);
      const state = job.suspended ? { state: 'suspended' } : {};
      nodes.push({ id: to, kind: 'job', type: 'job', name: job.name, service, ...state });
      edges.push({ from: id, to });
    }
  }
  for (const { name, service, state } of domains) {
    nodes.push({ id: ids.domain(name), kind: 'address', type: 'domain', name, state, service });
    if (known.has(service)) edges.push({ from: ids.domain(name), to: ids.service(service) });
  }
  for (const { uid, type, class: className, id: name, state, services } of resources) {
    const id = ids.resource(uid);
    nodes.push({
      id,
      kind: 'resource',
      type: className === 'default' ? type : `${type}, ${className}`,
      name,
      state,
      ...costOf(id),
    });
    for (const service of services)
      if (known.has(service)) edges.push({ from: ids.service(service), to: id });
  }
  return { nodes, edges };
}

/** Names of what is on the other side of a node's edges, in the order of the graph. */
export function neighbours({ nodes, edges }: Graph, id: string): { from: GraphNode[]; to: GraphNode[] } {
  const sources = new Set(edges.filter(({ to }) => to === id).map(({ from }) => from));
  const targets = new Set(edges.filter(({ from }) => from === id).map(({ to }) => to));
  return {
    from: nodes.filter((node) => sources.has(node.id)),
    to: nodes.filter((node) => targets.has(node.id)),
  };
}
