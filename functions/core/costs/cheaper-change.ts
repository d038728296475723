/** What would bring an environment below a budget, with the least change of the deployment that is judged. */
import {
  costByName,
  dollars,
  type EnvironmentFacts,
  environmentCost,
  type ResourceFacts,
} from './environment-cost.ts';
import { replicasOf } from './service-use.ts';

/** A resource, and the class of its type that costs least where another one costs less. */
export interface JudgedResource extends ResourceFacts {
  cheaper?: { class: string; use: NonNullable<ResourceFacts['use']> };
}

/** What an environment would be with a deployment. */
export interface Proposal extends EnvironmentFacts {
  /** The name of the service that is deployed. */
  service: string;
  resources: readonly JudgedResource[];
}

const mostOf = (facts: EnvironmentFacts): number => environmentCost(facts, 'most').usdPerMonth;

/** The same, with so many replicas and no scaling beyond. */
const withReplicas = (proposal: Proposal, replicas: number): Proposal => ({
  ...proposal,
  services: proposal.services.map((one) => {
    if (one.name !== proposal.service) return one;
    const { metadata, ...rest } = one.workload;
    const annotations = {
      ...metadata.annotations,
      'berth.dev/replicas': String(replicas),
      'berth.dev/max-replicas': String(replicas),
    };
    return { ...one, replicas, workload: { ...rest, metadata: { ...metadata, annotations } } };
  }),
});

const withClass = (proposal: Proposal, uid: string): Proposal => ({
  ...proposal,
  resources: proposal.resources.map((one) =>
    one.uid === uid && one.cheaper ? { uid, use: one.cheaper.use } : one,
  ),
});

const then = (usd: number): string => `it is then ${dollars(usd)} USD a month`;

function fewerReplicas(proposal: Proposal, usd: number): string | undefined {
  const service = proposal.services.find(({ name }) => name === proposal.service);
  const most = service ? replicasOf(service).most : 0;
  for (let replicas = most - 1; replicas >= 1; replicas--) {
    const cost = mostOf(withReplicas(proposal, replicas));
    if (cost > usd) continue;
    return service?.replicas !== undefined
      ? `Scale "${proposal.service}" to ${replicas} at most, and set berth.dev/max-replicas to no more: ${then(cost)}.`
      : `Set berth.dev/replicas and berth.dev/max-replicas to ${replicas} at most: ${then(cost)}.`;
  }
  return undefined;
}

function cheaperClass(proposal: Proposal, usd: number): string | undefined {
  const fitting = proposal.resources.flatMap(({ uid, cheaper }) => {
    const cost = cheaper ? mostOf(withClass(proposal, uid)) : Number.POSITIVE_INFINITY;
    return cheaper && cost <= usd ? [{ uid, to: cheaper.class, cost }] : [];
  });
  // What is left is most: no more is taken away than has to be.
  const [best] = fitting.toSorted((a, b) => b.cost - a.cost);
  return best && `Give ${best.uid} the class "${best.to}": ${then(best.cost)}.`;
}

/** In one sentence, always with something to do. @param usd the budget of a month */
export function cheaperChange(proposal: Proposal, usd: number): string {
  const found = cheaperClass(proposal, usd) ?? fewerReplicas(proposal, usd);
  if (found) return found;
  const [most] = costByName(environmentCost(proposal, 'most'));
  const what = most?.kind === 'service' ? `the service "${most.name}"` : `the resource ${most?.name}`;
  return `Ask for less processor and memory, or take away what costs most, ${what}; else ask whoever made the policy.`;
}
