/** What an environment is before and with a deployment, for a budget. */
import type { JudgedResource } from '../../core/costs/cheaper-change.ts';
import type { ResourceFacts } from '../../core/costs/environment-cost.ts';
import type { BudgetFacts } from '../../core/guardrails/budget.ts';
import type { DeploymentDetail, InstanceRef } from '../../core/model/index.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { isUnit, priceOf } from '../../core/units.ts';
import type { Ports } from '../../ports/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { findResourceType } from '../../resources/index.ts';
import { environmentFacts, resourceFacts } from './environment-facts.ts';

interface Declared {
  uid: string;
  type: string;
  class: string;
  params: Record<string, unknown>;
}

/** The resources that a workload asks for and that are kept, each once. Params may hold placeholders. */
export const declaredResources = (workload: ScoreWorkload): Declared[] => {
  const all = Object.entries(workload.resources ?? {}).flatMap(([name, declared]): Declared[] => {
    const { uid, type, class: className } = resourceIdentity(workload.metadata.name, name, declared);
    if (!findResourceType(type)?.owned) return [];
    return [{ uid, type, class: className, params: declared.params ?? {} }];
  });
  return [...new Map(all.map((one) => [one.uid, one])).values()];
};

/**
 * @param isPast the deployment is there already: what was before it is the environment without its service
 * @throws Problem not_found
 */
export async function budgetFacts(
  { store }: Ports,
  ref: InstanceRef,
  { workload, replicas, processes }: Pick<DeploymentDetail, 'workload' | 'replicas' | 'processes'>,
  isPast: boolean,
): Promise<BudgetFacts> {
  const { data: environment } = await getEnvironment(store, ref);
  // What is stopped is started or deployed without another look at the budget.
  const [found] = await environmentFacts(store, [environment], { stopped: true });
  const { services = [], resources = [] } = found ?? {};
  const others = services.filter(({ name }) => name !== ref.service);
  const own = {
    name: ref.service,
    workload,
    ...(replicas !== undefined && { replicas }),
    ...(processes && { processes }),
  };
  const known = new Set(resources.map(({ uid }) => uid));
  const declared = declaredResources(workload);
  const isNew = ({ uid }: Declared): boolean => !known.has(uid);
  const cheaper = new Map(declared.filter(isNew).map((one) => [one.uid, cheapestClass(one)]));
  const withCheaper = (one: ResourceFacts): JudgedResource => {
    const other = cheaper.get(one.uid);
    return { ...one, ...(other && { cheaper: other }) };
  };
  return {
    kind: environment.kind,
    isProtected: environment.protection !== undefined,
    before: { isAwake: true, services: isPast ? others : services, resources },
    after: {
      isAwake: true,
      service: ref.service,
      services: [...others, own],
      resources: [...resources, ...declared.filter(isNew).map(resourceFacts)].map(withCheaper),
    },
  };
}

/** The class in which a resource that is not there yet costs least; undefined where it is in that one. */
function cheapestClass({ type: name, class: current, params }: Declared): JudgedResource['cheaper'] {
  const type = findResourceType(name);
  const usd = (of: string): number => {
    const { awake = {}, always = {} } = type?.monthlyUse?.({ class: of, params }) ?? {};
    return [...Object.entries(awake), ...Object.entries(always)].reduce(
      (sum, [unit, amount]) => sum + (isUnit(unit) ? amount * priceOf(unit) : 0),
      0,
    );
  };
  const [best = current] = [...(type?.classes ?? [])].sort((a, b) => usd(a) - usd(b));
  const use = type?.monthlyUse?.({ class: best, params });
  return use && usd(best) < usd(current) ? { class: best, use } : undefined;
}
