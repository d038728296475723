/** Puts back what served before a deployment that did not succeed. */
import { environmentKey } from '../../core/keys.ts';
import type { Environment, InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceIn } from '../../records/instances.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { workloadSpec } from '../../resources/score/workload-spec.ts';

const SLEEPING: ReadonlySet<string> = new Set(['hibernating', 'hibernated']);

/**
 * Removes the processes that may run of a service and that a deployment does not have.
 * @throws Problem fenced
 */
export async function removeOthers(
  { workloads }: Ports,
  instance: InstanceRef,
  { processes = {} }: Pick<InstanceRef, 'processes'>,
  fence: number,
): Promise<void> {
  for (const name of Object.keys(instance.processes ?? {}))
    if (!Object.hasOwn(processes, name)) await workloads.remove(instance, fence, name);
}

/** Declares the last good deployment again, under the fence of the one that failed. */
export async function putBack(ports: Ports, ref: InstanceRef, fence: number): Promise<void> {
  try {
    const environment = await ports.store.get<Environment>(environmentKey(ref));
    const instance = environment && instanceIn(environment.data, ref.service);
    const { current, state } = instance ?? {};
    const all = { ...ref, processes: { ...instance?.processes, ...ref.processes } };
    if (current === undefined) return await ports.workloads.remove(all, fence);
    // People stopped what was there before, or it sleeps with its environment: waking it declares it anew.
    if (state === 'stopped' || SLEEPING.has(environment?.data.state ?? ''))
      return await ports.workloads.scale(all, 0, fence);
    const { data } = await getDeploymentDetail(ports.store, ref, current);
    try {
      await ports.workloads.apply(await workloadSpec(ports, data, fence));
    } finally {
      // Of what only the failed one has, no record tells from then on, whether or not the rest can be declared anew.
      await removeOthers(ports, all, data, fence);
    }
  } catch (error) {
    // A newer deployment has taken over, the place is gone, or what served can not be declared anew (one of its
    // secrets is gone, so it goes on as it is): in each case the operation ends with its own error.
    if (error instanceof Problem && error.status < 500) return;
    throw error;
  }
}
