/** How a deployment changes what its environment costs, by what is read for a plan anyway. */
import { environmentCost } from '../../core/costs/environment-cost.ts';
import { HOURS } from '../../core/costs/monthly-use.ts';
import { replicasOf, type ServiceFacts, serviceUnits } from '../../core/costs/service-use.ts';
import type { DeploymentDetail } from '../../core/model/index.ts';
import { costOf } from '../../core/units.ts';
import { declaredResources } from './budget-facts.ts';
import { resourceFacts } from './environment-facts.ts';

/** US dollars; of a month in which the environment is awake, but for what is paid once. */
export interface PlannedCost {
  /** What the service costs now, and with the deployment, without resources that are there already. */
  before: number;
  after: number;
  difference: number;
  /** What serves now, as long as it stays warm; absent where it does not. */
  once?: number;
}

type Planned = Pick<DeploymentDetail, 'workload' | 'replicas' | 'processes'>;

const serviceOf = ({ workload, replicas, processes }: Planned): ServiceFacts => ({
  name: workload.metadata.name,
  workload,
  ...(replicas !== undefined && { replicas }),
  ...(processes && { processes }),
});

/**
 * @param serving what runs now; undefined where nothing does
 * @param known uids of the resources that are there
 */
export function plannedCost(
  serving: Planned | undefined,
  content: Planned,
  known: ReadonlyMap<string, unknown>,
  warmSeconds: number | undefined,
): PlannedCost {
  const made = declaredResources(content.workload).filter(({ uid }) => !known.has(uid));
  const cost = (of: Planned | undefined, resources: ReturnType<typeof declaredResources>): number =>
    environmentCost({
      isAwake: true,
      services: of ? [serviceOf(of)] : [],
      resources: resources.map(resourceFacts),
    }).usdPerMonth;
  const [before, after] = [cost(serving, []), cost(content, made)];
  const { 'eks.nodeHour': nodes = 0 } = serving ? serviceUnits(serving, replicasOf(serving).least) : {};
  const once = (warmSeconds ?? 0) / 3600 / HOURS;
  return {
    before,
    after,
    difference: after - before,
    ...(once > 0 && { once: once * costOf({ 'eks.nodeHour': nodes }).usd }),
  };
}
