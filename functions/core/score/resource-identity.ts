/** The identity of a resource that a workload names. */
import type { ScoreResource } from './workload.ts';

export interface ResourceIdentity {
  /** `type.class#id`: two declarations with the same uid are the same resource, across workloads too. */
  uid: string;
  type: string;
  class: string;
  id: string;
}

/**
 * Score's rule. Without an `id` a resource belongs to its workload; with one it is shared in the environment.
 * @example resourceIdentity('guestbook', 'db', { type: 'postgres' }).uid // postgres.default#guestbook.db
 */
export function resourceIdentity(
  workloadName: string,
  resourceName: string,
  resource: Pick<ScoreResource, 'type' | 'class' | 'id'>,
): ResourceIdentity {
  const { type, class: className = 'default', id = `${workloadName}.${resourceName}` } = resource;
  return { uid: `${type}.${className}#${id}`, type, class: className, id };
}
