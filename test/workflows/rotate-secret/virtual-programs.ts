/** What the simulated place runs, and whether its credentials work. */
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';

export interface Program {
  spec: WorkloadSpec;
  role: string;
  verifier: string;
  apiKey: string;
  asleep: boolean;
}

export const instanceKey = ({ environment, service }: InstanceRef): string => `${environment}/${service}`;

/** Why a program's credentials are dead; undefined while they work. */
export function unlive(
  { role, verifier, apiKey }: Program,
  databases: { letsIn(role: string, verifier: string): boolean },
  values: ReadonlyMap<string, { versions: ReadonlyMap<string, string | undefined> }>,
): string | undefined {
  if (!databases.letsIn(role, verifier)) return `its password of ${role} is not good any more`;
  const keys = values.get('shop/dev/env/API_KEY')?.versions.values() ?? [];
  return [...keys].includes(apiKey) ? undefined : 'its API_KEY was revoked';
}
