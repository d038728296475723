/** What the simulated place runs, and whether its credentials work. */
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import type { SimulatedDatabases } from '../../simulation/ports/databases.ts';
import type { SimulatedSecrets } from '../../simulation/ports/secrets.ts';

export interface Program {
  spec: WorkloadSpec;
  role: string;
  password: string;
  apiKey: string;
  asleep: boolean;
}

export const instanceKey = ({ environment, service }: InstanceRef): string => `${environment}/${service}`;

/** Why a program's credentials are dead; undefined while they work. */
export function unlive(
  { role, password, apiKey }: Program,
  databases: Pick<SimulatedDatabases, 'admits'>,
  secrets: Pick<SimulatedSecrets, 'isGood'>,
): string | undefined {
  if (!databases.admits(role, password)) return `its password of ${role} is not good any more`;
  return secrets.isGood(apiKey) ? undefined : 'its API_KEY was revoked';
}
