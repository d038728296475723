/** Clones: environments that begin as other ones. How a clone goes on is in advance-clone.ts. */
import { inOrder } from '../../core/clones/clone-step.ts';
import { cloneKey, DELIVERIES_QUEUE, environmentKey } from '../../core/keys.ts';
import {
  type Clone,
  type Environment,
  type EnvironmentRef,
  HOME,
  isUnderWay,
} from '../../core/model/index.ts';
import type { ProvisionWithDataInput } from '../../core/operations/kinds/provision-with-data.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, mustGet, NotTogether } from '../../records/commit.ts';
import { getEnvironment } from '../../records/read.ts';
import {
  type Accepted,
  createEnvironment,
  type NewEnvironment,
  notReady,
  RUNS_IN,
} from '../environments/environments.ts';
import { secretsOf, servingIn } from './begin-as.ts';
import { copyable, maskingOf, readMasking } from './masking.ts';

export interface CloneRequest
  extends Pick<NewEnvironment, 'name' | 'kind' | 'ttlSeconds' | 'idleAfterSeconds'> {
  /** Whether secrets come along; by default they do, but for those of a protected environment. */
  secrets?: boolean;
  withData: boolean;
}

/** What the caller may do in the environment that is cloned. */
export interface CloneRights {
  revealSecrets: boolean;
  /** Why they may not have its data as they are, and why not even masked; undefined where they may. */
  plainData?: Problem | undefined;
  maskedData?: Problem | undefined;
}

/**
 * The write of a clone's record: looked at again while it goes on, and kept with its environment after.
 * @param version of the record that it replaces; absent for the first one
 */
export function cloneWrite(ports: Ports, clone: Clone, version?: number, afterMs = 0): Write {
  const due = isUnderWay(clone)
    ? { due: { queue: DELIVERIES_QUEUE, at: ports.effects.now() + afterMs } }
    : {};
  const put = { ...cloneKey(clone), data: clone, ...due };
  return version === undefined ? { put } : { put, if: { version } };
}

/** @throws Problem not_found */
export const getClone = (store: Store, ref: EnvironmentRef): Promise<Item<Clone>> =>
  mustGet<Clone>(
    store,
    cloneKey(ref),
    `origin of environment "${ref.environment}" in project "${ref.project}"`,
    'Only an environment that was cloned from another one has an origin.',
  );

/**
 * Accepts an environment that begins as another one: in the same place, with its variables, its secrets, and the versions
 * that serve there.
 * @param ref of the environment that is cloned
 * @throws Problem forbidden (its secrets) | not_found | environment_not_ready | already_exists, and as a new environment
 */
export async function cloneEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  request: CloneRequest,
  rights: CloneRights,
): Promise<Accepted> {
  const { data: from } = await getEnvironment(ports.store, ref);
  if (!RUNS_IN.includes(from.state)) throw notReady(from, RUNS_IN);
  const { secrets: wanted = from.protection === undefined, withData, ...input } = request;
  if (wanted && !rights.revealSecrets) await refuseSecrets(ports, from);
  // There are none now, and what is put there meanwhile is not for their eyes either.
  const secrets = wanted && rights.revealSecrets;
  const data = withData ? await dataFor(ports, from, rights) : undefined;
  const services = inOrder(await servingIn(ports.store, from));
  const together = ({ environment, operation }: Accepted): Write[] => {
    const clone: Clone = {
      project: environment.project,
      environment: environment.name,
      environmentId: environment.id,
      from: from.name,
      fromId: from.id,
      operation: operation.id,
      secrets,
      withData,
      state: 'preparing',
      services,
      createdAt: environment.createdAt,
      createdBy: caller.actor,
      ...(caller.person !== undefined && { person: caller.person }),
    };
    // The condition that the environment is new is that the record is.
    return [cloneWrite(ports, clone), { check: environmentKey(ref), if: 'present' }];
  };
  const cloned = {
    ...input,
    project: ref.project,
    placement: from.placement ?? HOME,
    ...(data && { data }),
    clone: { from: from.name, services: services.map(({ service }) => service), secrets, withData },
  };
  try {
    return await createEnvironment(ports, { ...caller, together }, cloned);
  } catch (error) {
    // It was destroyed meanwhile.
    if (error instanceof NotTogether) await getEnvironment(ports.store, ref);
    throw error;
  }
}

/** @throws Problem masking_required | forbidden */
async function dataFor(
  { store }: Ports,
  from: Environment,
  { plainData, maskedData }: CloneRights,
): Promise<ProvisionWithDataInput> {
  const { rules } = await readMasking(store, from.project);
  const masking = maskingOf(rules, from);
  const statements = (await copyable(store, from)).map(({ uid }) => masking(uid));
  // Where nothing is copied now, something may be by then.
  const masked = rules.length > 0 || from.protection !== undefined;
  const refused = masked && statements.every((some) => some !== undefined) ? maskedData : plainData;
  if (refused) throw refused;
  return { from: from.name, fromId: from.id, masked };
}

/** @throws Problem forbidden, where there are any */
async function refuseSecrets(ports: Ports, from: Environment): Promise<void> {
  const names = (await secretsOf(ports.store, from)).map(({ name }) => name);
  if (names.length === 0) return;
  const shown = names.slice(0, 10).join(', ');
  throw new Problem(
    'forbidden',
    `The secrets of environment "${from.name}" can not come along, since you may not see them: ${shown}${names.length > 10 ? ', …' : ''}.`,
    {
      hint: 'Have somebody clone it who may reveal them, or clone it with "secrets": false: then put your own in it, and deploy the services that need them.',
    },
  );
}
