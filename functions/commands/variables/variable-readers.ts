/** Which services read which variables of an environment. */
import type { Environment } from '../../core/model/index.ts';
import { ENVIRONMENT_TYPE, takenNames, takesAll, withVariables } from '../../core/score/all-variables.ts';
import { usedOfType } from '../../core/score/references.ts';
import type { Ports } from '../../ports/index.ts';
import { instancesOf } from '../../records/instances.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { namesIn } from './taken-variables.ts';

/**
 * The services, by name, whose newest deployment refers to a variable or secret of the environment, or takes all that
 * there are: a list for each name that one of them reads, at the latest from its next deployment or restart on.
 */
export async function readersOf(ports: Ports, environment: Environment): Promise<Map<string, string[]>> {
  const readers = new Map<string, Set<string>>();
  const instances = instancesOf(environment);
  const deployments = await Promise.all(
    instances.map((instance) => getDeploymentDetail(ports.store, instance, instance.newest)),
  );
  const isAsked = deployments.some(({ data }) => takesAll(data.workload));
  const ref = { project: environment.project, environment: environment.name };
  const names = isAsked ? await namesIn(ports, ref) : [];
  for (const { data } of deployments) {
    const taken = takesAll(data.workload) ? takenNames(data.workload, names) : [];
    for (const name of usedOfType(withVariables(data.workload, taken), ENVIRONMENT_TYPE))
      readers.set(name, (readers.get(name) ?? new Set()).add(data.service));
  }
  return new Map([...readers].map(([name, services]) => [name, [...services]]));
}
