/** The list of the resource types that a workload may ask for. */
import { Problem } from '../core/problem.ts';
import type { ResourceType } from './type.ts';
import * as types from './types.ts';

/** In the order of their names. */
export const resourceTypes: readonly ResourceType[] = Object.values(types).toSorted((one, other) =>
  one.type < other.type ? -1 : 1,
);

export const findResourceType = (name: string): ResourceType | undefined =>
  resourceTypes.find(({ type }) => type === name);

/** @throws Problem unknown_resource_type */
export function resourceType(name: string): ResourceType {
  const found = findResourceType(name);
  if (found) return found;
  throw new Problem(
    'unknown_resource_type',
    `The resource type "${name.slice(0, 80)}" can not be used: Berth does not know it.`,
    {
      hint: `Use one of ${resourceTypes.map(({ type }) => type).join(', ')}; or one that your platform team adds: GET /v1/recipes.`,
    },
  );
}
