/** Creates and changes environments. Long changes of their state are in transitions.ts. */
import { isAtLeast, permissions, type Role } from '../../core/authorization/roles.ts';
import type { DataOf } from '../../core/events/event-types.ts';
import { changesOf } from '../../core/field-changes.ts';
import { ENVIRONMENTS_QUEUE, environmentKey, projectKey } from '../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  HOME,
  type OperationOn,
  type PlacementWish,
} from '../../core/model/index.ts';
import type { ProvisionWithDataInput } from '../../core/operations/kinds/provision-with-data.ts';
import { Problem } from '../../core/problem.ts';
import { dueExpiryStep, nextExpiryStep, shownState, withEnd } from '../../core/schedule/expiry-steps.ts';
import { type OfficeHours, withHours } from '../../core/schedule/office-hours.ts';
import type { Ports } from '../../ports/index.ts';
import type { Due, Item, Write } from '../../ports/store.ts';
import { StoreConflict } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getEnvironment, getProject } from '../../records/read.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import { placementFor, refuseMove } from '../places/place-environment.ts';

/** When the sweep next has to look at an environment; undefined when nothing is due. */
export function environmentDue(environment: Environment): Due | undefined {
  const { state, lastActivityAt, idleAfterSeconds, destroyAt, hoursDueAt, protection } = environment;
  if (state === 'destroying') return undefined;
  const used = Date.parse(lastActivityAt);
  const expiry = nextExpiryStep(environment);
  const times = expiry ? [expiry.at] : [];
  if (state === 'ready' && destroyAt !== undefined && !protection) times.push(used + EXPIRED_AGAIN_MS);
  if (state === 'ready' && idleAfterSeconds !== undefined) times.push(used + idleAfterSeconds * 1000);
  if (hoursDueAt !== undefined && destroyAt === undefined && (state === 'ready' || state === 'hibernated'))
    times.push(Date.parse(hoursDueAt));
  return times.length === 0 ? undefined : { queue: ENVIRONMENTS_QUEUE, at: Math.min(...times) };
}

/** What has expired and could not be put to sleep is tried again this long after it came back, milliseconds. */
const EXPIRED_AGAIN_MS = 10 * 60_000;

/** Tells whether an environment is to be destroyed for its age. What is protected never is (I8). */
export const isOfAge = (environment: Environment, now: number): boolean =>
  dueExpiryStep(environment, now) === 'destroy';

/** The write that replaces an environment's record, with its due time. */
export function environmentWrite(environment: Environment, condition: 'absent' | { version: number }): Write {
  const due = environmentDue(environment);
  const key = environmentKey({ project: environment.project, environment: environment.name });
  return { put: { ...key, data: environment, ...(due && { due }) }, if: condition };
}

/**
 * The write that replaces the record of an environment in use. The record keeps its earlier due time, since a new one
 * would cost two more writes: the sweep then looks too early, and puts it off. While the environment is destroyed, the
 * due time is that of the next try, which no one else sets.
 */
export function environmentUse(item: Item<Environment>, environment: Environment): Write {
  const write = environmentWrite(environment, { version: item.version });
  if (!('put' in write && item.due)) return write;
  const isTooEarly = write.put.due !== undefined && item.due.at <= write.put.due.at;
  if (!isTooEarly && environment.state !== 'destroying') return write;
  return { ...write, put: { ...write.put, due: item.due } };
}

/** A deployment that comes while its environment sleeps wakes it, and waits until it is awake. */
export const RUNS_IN: readonly EnvironmentState[] = ['ready', 'waking', 'hibernated'];

export interface NewEnvironment {
  project: string;
  name: string;
  kind: 'persistent' | 'ephemeral';
  ttlSeconds?: number;
  idleAfterSeconds?: number;
  /** Where it shall be; in the default place where absent. */
  placement?: PlacementWish;
  /** What it begins as, where it is a clone. */
  clone?: DataOf<'clone.started'>;
  /** Whose data it gets before it is ready. */
  data?: ProvisionWithDataInput;
}

export interface Accepted {
  environment: Environment;
  operation: OperationOn<'environment'>;
}

/**
 * @throws Problem not_found (project) | already_exists | placement_not_found | placement_not_allowed |
 * placement_ambiguous | place_unreachable
 */
export async function createEnvironment(
  ports: Ports,
  caller: Caller,
  input: NewEnvironment,
): Promise<Accepted> {
  await getProject(ports.store, input.project);
  const ref = { project: input.project, environment: input.name };
  const { placement, writes: placing } = await placementFor(ports, input.placement, ref);
  const now = ports.effects.now();
  const id = ports.effects.id();
  const target = {
    project: input.project,
    environment: input.name,
    environmentId: id,
    placement: placement ?? HOME,
    generation: 1,
  };
  const operation = newOperation(
    ports,
    caller.actor,
    input.data
      ? { kind: 'provision-with-data', ...target, input: input.data }
      : { kind: 'provision-environment', ...target },
  );
  const at = new Date(now).toISOString();
  const environment: Environment = {
    project: input.project,
    name: input.name,
    id,
    kind: input.kind,
    state: 'provisioning',
    ...(placement !== undefined && { placement }),
    generation: 1,
    ...(input.idleAfterSeconds !== undefined && { idleAfterSeconds: input.idleAfterSeconds }),
    ...(input.ttlSeconds !== undefined && {
      expiresAt: new Date(now + input.ttlSeconds * 1000).toISOString(),
      expiryKnownAt: at,
    }),
    lastActivityAt: at,
    operation: operation.id,
    services: {},
    createdAt: at,
    createdBy: caller.actor,
  };
  const accepted = { environment, operation };
  try {
    await commit(ports, caller, {
      writes: [
        environmentWrite(environment, 'absent'),
        { check: projectKey(input.project), if: 'present' },
        ...acceptWrites(ports, operation),
        ...placing,
      ],
      events: [
        {
          project: input.project,
          environment: input.name,
          operation: operation.id,
          type: 'environment.created',
        },
        ...(input.clone ? [{ ...ref, type: 'clone.started' as const, data: input.clone }] : []),
      ],
      result: accepted,
    });
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    if (error.failed.includes(0)) {
      throw new Problem(
        'already_exists',
        `Project "${input.project}" already has an environment "${input.name}".`,
        {
          hint: 'Choose another name, or use the one that is there.',
        },
      );
    }
    await getProject(ports.store, input.project);
    throw error;
  }
  await startOperation(ports, operation);
  return accepted;
}

/** The error for an action that the environment's state does not allow. */
export function notReady(environment: Environment, wanted: readonly EnvironmentState[]): Problem {
  const hints: Record<EnvironmentState, string> = {
    provisioning: 'Wait until its operation has ended.',
    ready: 'Look at its state and operation.',
    hibernating: 'Wait until it hibernates, then wake it.',
    hibernated: 'Wake it with POST .../wake.',
    waking: 'Wait until its operation has ended.',
    destroying: 'It is going away; create another one.',
    destroyed: 'Look at its state and operation.',
    failed: 'Look at its operation for the cause, then destroy it and create it again.',
  };
  return new Problem(
    'environment_not_ready',
    `Environment "${environment.name}" is ${shownState(environment)}, and this needs it to be ${wanted.join(' or ')}.`,
    { hint: hints[environment.state] },
  );
}

export interface EnvironmentPatch {
  /** null takes the rule away. */
  idleAfterSeconds?: number | null;
  /** Seconds from now; null takes the time away. */
  ttlSeconds?: number | null;
  /** null takes them away. */
  officeHours?: OfficeHours | null;
  /** Computes the time from the environment, instead of `ttlSeconds`; throws to refuse. */
  expiresAt?: (environment: Environment) => string;
  /** The place that it shall be in; any but its own is refused. */
  placement?: string;
  ifMatch?: string;
}

/**
 * An end is as good as the right to destroy: in a protected environment nobody sets or hastens one with less.
 * @throws Problem forbidden
 */
function refuseSoonerEnd(before: Environment, after: Environment, role: Role): void {
  const { protected: needs = 'administrator' } = permissions['environment.delete'];
  const isSooner =
    after.expiresAt !== undefined && (before.expiresAt === undefined || after.expiresAt < before.expiresAt);
  if (!before.protection || !isSooner || isAtLeast(role, needs)) return;
  throw new Problem(
    'forbidden',
    `You may not have environment "${before.name}" expire sooner, for it is protected: that takes the role ${needs}, and yours is ${role}.`,
    { hint: `Ask an ${needs} of the project.` },
  );
}

/** What people know of is no change. */
const shown = ({
  expiryKnownAt: _known,
  hoursDueAt: _due,
  wokenOutside: _woken,
  ...environment
}: Environment): Partial<Environment> => environment;

/**
 * Changes the idle rule, the office hours or the time it expires at. One that has expired is back with a new time, and sleeps.
 * @param role of the caller in the environment
 * @throws Problem not_found | forbidden (a sooner end of a protected one) | environment_not_ready | placement_fixed
 */
export function changeEnvironment(
  ports: Ports,
  caller: Caller,
  role: Role,
  ref: EnvironmentRef,
  patch: EnvironmentPatch,
  event: 'environment.changed' | 'environment.extended' = 'environment.changed',
): Promise<Item<Environment>> {
  return changingEnvironment(ports.store, ref, async () => {
    const item = await getEnvironment(ports.store, ref);
    checkIfMatch(item, patch.ifMatch);
    if (item.data.state === 'destroying') throw notReady(item.data, ['ready', 'hibernated']);
    if (patch.placement !== undefined) await refuseMove(ports, item.data, patch.placement);
    const { now } = ports.effects;
    let environment: Environment = { ...item.data };
    if (patch.idleAfterSeconds === null) delete environment.idleAfterSeconds;
    else if (patch.idleAfterSeconds !== undefined) environment.idleAfterSeconds = patch.idleAfterSeconds;
    if (patch.ttlSeconds === null) environment = withEnd(environment, undefined, now());
    else if (patch.ttlSeconds !== undefined)
      environment = withEnd(environment, new Date(now() + patch.ttlSeconds * 1000).toISOString(), now());
    if (patch.officeHours !== undefined)
      environment = withHours(environment, patch.officeHours ?? undefined, now());
    if (patch.expiresAt) environment = withEnd(environment, patch.expiresAt(item.data), now());
    refuseSoonerEnd(item.data, environment, role);
    const changed = { ...item, data: environment, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [environmentWrite(environment, { version: item.version })],
      events: [
        {
          ...ref,
          type: event,
          data: { changes: changesOf(shown(item.data), shown(environment)) },
        },
      ],
      result: changed,
    });
    return changed;
  });
}
