/** Changes of the standing of a service, by the deployment that is its newest. */
import { environmentUse } from '../commands/environments/environments.ts';
import { deploymentKey, environmentKey } from '../core/keys.ts';
import {
  type Deployment,
  type Environment,
  type InstanceRef,
  isFor,
  type Standing,
} from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { Write } from '../ports/store.ts';
import { changingEnvironment } from '../records/environment-changes.ts';
import { instanceIn, withStanding } from '../records/instances.ts';

type Newest = InstanceRef & { number: number; environmentId?: string };
type Change = { [Field in keyof Standing]?: Standing[Field] | undefined };

/** The write of a standing; none when something newer has changed it, or the environment is gone. */
export async function standingWrites(ports: Ports, ref: Newest, change: Change): Promise<Write[]> {
  const item = await ports.store.get<Environment>(environmentKey(ref));
  if (!item || !isFor(ref, item.data)) return [];
  if (instanceIn(item.data, ref.service)?.newest !== ref.number) return [];
  return [environmentUse(item, withStanding(item.data, ref, change))];
}

/**
 * The write for what was put back. A scale that was not reached is not what later deployments take over, whichever
 * operation was the last to come before it was reached. A newer one has taken it already.
 */
export async function putBackWrites(ports: Ports, ref: Newest, change: Change = {}): Promise<Write[]> {
  const item = await ports.store.get<Environment>(environmentKey(ref));
  if (!item || !isFor(ref, item.data)) return [];
  const { current, replicas, processes } = instanceIn(item.data, ref.service) ?? {};
  const served =
    current === undefined ? undefined : await ports.store.get<Deployment>(deploymentKey(ref, current));
  const reached = served ? served.data.replicas : replicas;
  const whole = {
    ...change,
    ...(reached !== replicas && { replicas: reached }),
    ...(processes && { processes: served?.data.processes }),
  };
  return Object.keys(whole).length === 0 ? [] : standingWrites(ports, ref, whole);
}

/** Changes a standing at once, for what is done next by it. */
export const changeStanding = (ports: Ports, ref: Newest, change: Change): Promise<void> =>
  changingEnvironment(ports.store, ref, async () => {
    const writes = await standingWrites(ports, ref, change);
    if (writes.length > 0) await ports.store.transact(writes);
  });
