/** What stays beside what serves ends at its time, and before when a credential that it was started with does. */
import { deploymentKey, environmentKey, STANDBY_QUEUE, standbyKey } from '../../core/keys.ts';
import type { Deployment, Environment, EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
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

/** Where the place does not say what stays, it is asked again so much later, milliseconds. */
const ASKED_AGAIN_MS = 60_000;

/**
 * The write that has the sweep end what stays beside what serves now; none where nothing does. It never fails: an operation
 * ends whether its place answers or not.
 */
export async function standbyWrites(
  { workloads, effects }: Ports,
  { project, environment, environmentId, service }: InstanceRef,
): Promise<Write[]> {
  const ref: InstanceRef = {
    project,
    environment,
    ...(environmentId !== undefined && { environmentId }),
    service,
  };
  if (!workloads.tracks) return [];
  const at = await workloads.status(ref).then(
    (status) => status?.standby && Date.parse(status.standby.until),
    () => effects.now() + ASKED_AGAIN_MS,
  );
  if (at === undefined) return [];
  const due = { queue: STANDBY_QUEUE, at };
  return [{ put: { ...standbyKey(ref), data: ref, due } }];
}

/** Ends what stays beside what serves, if its time has come; what has more time is looked at then. */
export async function endDueStandby(
  ports: Ports,
  { pk, sk, data, version }: Item<InstanceRef>,
): Promise<void> {
  await ports.workloads.tracks?.endStandby(data, ports.effects.now());
  const [later] = await standbyWrites(ports, data);
  await ports.store.transact([
    later ? { ...later, if: { version } } : { delete: { pk, sk }, if: { version } },
  ]);
}
