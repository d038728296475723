/** What a deployment does with resources, and which data its service loses by it. */
import { dataOf } from '../../core/costs/environment-cost.ts';
import type { Resource } from '../../core/model/index.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { findResourceType } from '../../resources/index.ts';
import { resourceFacts } from '../costs/environment-facts.ts';

export interface PlannedResource {
  /** The workload's name for the resource, or the resource's id where the workload no longer uses it. */
  name: string;
  uid: string;
  type: string;
  class: string;
  /**
   * `make`: the resource does not exist yet. `keep`: it exists. `compute`: its type makes nothing. `unused`: this
   * service no longer uses it, and it stays until the environment is destroyed.
   */
  action: 'make' | 'keep' | 'compute' | 'unused';
  /**
   * What becomes of its data, where the service loses them. `left`: nobody uses them from then on, and they go with the
   * environment. `empty`: it begins without those of the resource of its name that had another class.
   */
  data?: 'left' | 'empty';
}

/** @param records the resources of the environment, by their uids */
export function plannedResources(
  service: string,
  workload: ScoreWorkload,
  records: ReadonlyMap<string, Resource>,
): PlannedResource[] {
  const planned = Object.entries(workload.resources ?? {}).map(([name, declared]): PlannedResource => {
    const { uid, type, class: className } = resourceIdentity(workload.metadata.name, name, declared);
    const action = !findResourceType(type)?.owned ? 'compute' : records.has(uid) ? 'keep' : 'make';
    return { name, uid, type, class: className, action };
  });
  const used = new Set(planned.map(({ uid }) => uid));
  const unused = [...records.values()].filter(
    ({ uid, services }) => services.includes(service) && !used.has(uid),
  );
  const losing = unused.filter(
    (one) =>
      dataOf({ resources: [resourceFacts(one)] }).length > 0 &&
      one.services.every((name) => name === service),
  );
  const isAnew = ({ uid, type }: PlannedResource): boolean =>
    losing.some((one) => one.type === type && uid.endsWith(`#${one.id}`));
  return [
    ...planned.map((one) =>
      one.action === 'make' && isAnew(one) ? { ...one, data: 'empty' as const } : one,
    ),
    ...unused.map(
      (record): PlannedResource => ({
        name: record.id,
        uid: record.uid,
        type: record.type,
        class: record.class,
        action: 'unused',
        ...(losing.includes(record) && { data: 'left' }),
      }),
    ),
  ];
}
