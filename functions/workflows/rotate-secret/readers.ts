/** Has what serves take credentials: deploys again what holds others, and waits for deployments that others began. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedeployment } from '../../commands/deployments/deployments.ts';
import { environmentUse } from '../../commands/environments/environments.ts';
import {
  type Deployment,
  type DeploymentDetail,
  type Environment,
  type Instance,
  isTerminal,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict, type Write } from '../../ports/store.ts';
import { instancesOf } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { environmentOf } from '../environment-state.ts';
import type { RotationOperation } from './rotated.ts';

/** How long to wait before unfinished deployments are looked at again, milliseconds. */
export const LOOK_MS = 300;

/** Tells whether a deployment has to be replaced. */
type IsStale = (deployment: DeploymentDetail) => boolean;

/**
 * Looks at every service once.
 * @returns whether nothing that serves or is on its way is stale
 * @throws Problem rotation_failed
 */
export async function settleReaders(
  ports: Ports,
  operation: RotationOperation,
  environment: Environment,
  isStale: IsStale,
): Promise<boolean> {
  let done = true;
  for (const instance of instancesOf(environment))
    done = (await settle(ports, operation, environment, instance, isStale)) && done;
  return done;
}

/**
 * Deployments that others began meanwhile take the credentials of today by themselves; but nobody knows which they
 * took before they have ended, also where nothing serves yet.
 */
async function settle(
  ports: Ports,
  operation: RotationOperation,
  { state }: Environment,
  instance: Instance,
  isStale: IsStale,
): Promise<boolean> {
  const { newest: number, current: serving } = instance;
  const newest = number === 0 ? undefined : (await getDeployment(ports.store, instance, number)).data;
  if (newest && !isTerminal(newest.status)) return false;
  // What is stopped reads nothing, and takes what is current then when it is started.
  if (serving === undefined || instance.state !== undefined) return true;
  const { data: current } = await getDeploymentDetail(ports.store, instance, serving);
  if (!isStale(current)) return !(await servesStale(ports, instance, isStale));
  // Nothing can be deployed into it, and what sleeps needs its credentials when it wakes.
  if (state !== 'ready') return false;
  if (newest?.rotation === operation.id && newest.status !== 'succeeded') throw failed(newest);
  await createRedeployment(ports, { actor: operation.createdBy }, instance, operation.id);
  return false;
}

/**
 * What served before a deployment that failed is put back by being declared: until it is ready again, the one that
 * failed still serves, with what it has pinned.
 */
async function servesStale(ports: Ports, instance: Instance, isStale: IsStale): Promise<boolean> {
  const { serving } = (await ports.workloads.status(instance)) ?? {};
  if (serving === undefined || serving === instance.current) return false;
  return isStale((await getDeploymentDetail(ports.store, instance, serving)).data);
}

const failed = ({ service, number, error, status }: Deployment): Problem =>
  new Problem(
    'rotation_failed',
    `"${service}" does not run with the new credentials: deployment ${number} ${status}${error ? `: ${error.cause}` : '.'}`,
    { hint: error?.hint ?? `Look at deployment ${number}, mend what it says, and rotate again.` },
  );

/**
 * Commits what follows from a look at the environment, unless something was accepted since the look. The environment
 * is written too, so that whoever read it before and accepts a deployment later has to read what it pins anew.
 * @returns false when it has to be looked at again
 */
export async function commitAsSeen(ports: Ports, seen: Item<Environment>, writes: Write[]): Promise<boolean> {
  try {
    await ports.store.transact([environmentUse(seen, seen.data), ...writes]);
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}

/**
 * Looks until no reader is stale, and what then follows is committed.
 * @param tries how often at most
 * @param writes undefined where it has to be looked at again
 * @returns false when the tries or the signal ended it
 * @throws Problem rotation_failed | environment_not_ready
 */
export async function untilSettled(
  { ports, operation, signal }: { ports: Ports; operation: RotationOperation; signal: AbortSignal },
  isStale: () => Promise<IsStale>,
  writes: () => Promise<Write[] | undefined>,
  tries = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  // However little time there is, it is looked once.
  for (let look = 1; !(signal.reason instanceof Problem); look++) {
    const seen = await getEnvironment(ports.store, environmentOf(operation));
    if (await settleReaders(ports, operation, seen.data, await isStale())) {
      const following = await writes();
      if (following && (await commitAsSeen(ports, seen, following))) return true;
    }
    if (look >= tries || signal.aborted) return false;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
