/** What stays warm beside what serves ends when a credential that it was started with does. */
import { deploymentKey, environmentKey } from '../../core/keys.ts';
import type { Deployment, Environment, EnvironmentRef } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { instancesOf } from '../../records/instances.ts';

/** @param holds tells of a deployment whether it was started with what is no good any more */
export async function endWarm(
  ports: Ports,
  ref: EnvironmentRef,
  holds: (deployment: Deployment) => boolean,
): Promise<void> {
  const { tracks } = ports.workloads;
  const environment = tracks && (await ports.store.get<Environment>(environmentKey(ref)));
  if (!environment) return;
  for (const instance of instancesOf(environment.data)) {
    const standby = (await ports.workloads.status(instance))?.standby;
    if (!standby) continue;
    const kept = await ports.store.get<Deployment>(deploymentKey(instance, standby.deployment));
    if (!kept || holds(kept.data)) await tracks.endStandby(instance);
  }
}

/** Whether a deployment has pinned a version of a secret. */
export const pins =
  (path: string, version: string) =>
  ({ outputs = {} }: Pick<Deployment, 'outputs'>): boolean =>
    Object.values(outputs).some(({ secrets }) =>
      Object.values(secrets).some((one) => one.secret === path && one.version === version),
    );
