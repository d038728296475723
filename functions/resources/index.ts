/** The resource types that a workload may ask for. */
import { Problem } from '../core/problem.ts';
import { dns } from './dns.ts';
import { environment } from './environment.ts';
import { postgres } from './postgres/postgres.ts';
import { route } from './route.ts';
import { servicePort } from './service-port.ts';
import type { ResourceType } from './type.ts';
import { volume } from './volume.ts';

export const resourceTypes: Readonly<Record<string, ResourceType>> = Object.fromEntries(
  [dns, environment, postgres, route, servicePort, volume].map((type) => [type.type, type]),
);

/** @throws Problem unknown_resource_type */
export function resourceType(type: string): ResourceType {
  // Own keys only: `constructor` is no resource type.
  const found = Object.hasOwn(resourceTypes, type) ? resourceTypes[type] : undefined;
  if (found !== undefined) return found;
  throw new Problem(
    'unknown_resource_type',
    `The resource type "${type.slice(0, 80)}" can not be used: Berth does not know it.`,
    { hint: `Use one of ${Object.keys(resourceTypes).join(', ')}.` },
  );
}
