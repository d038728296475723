/** Which services read which variables of an environment. */
import type { Environment } from '../../core/model/index.ts';
import { usedOutputs } from '../../core/score/references.ts';
import type { Ports } from '../../ports/index.ts';
import { instancesOf } from '../../records/instances.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { findResourceType } from '../../resources/index.ts';

/**
 * The services, by name, whose newest deployment refers to a variable or secret of the environment: a list for each
 * name that one of them refers to.
 */
export async function readersOf(
  { store }: Pick<Ports, 'store'>,
  environment: Environment,
): Promise<Map<string, string[]>> {
  const readers = new Map<string, Set<string>>();
  const instances = instancesOf(environment);
  const deployments = await Promise.all(
    instances.map((instance) => getDeploymentDetail(store, instance, instance.newest)),
  );
  for (const { data } of deployments) {
    for (const [resource, names] of usedOutputs(data.workload)) {
      const type = data.workload.resources?.[resource]?.type;
      if (type === undefined || !findResourceType(type)?.environmentSecrets) continue;
      for (const name of names) readers.set(name, (readers.get(name) ?? new Set()).add(data.service));
    }
  }
  return new Map([...readers].map(([name, services]) => [name, [...services]]));
}
