/** Long changes of an environment's state: hibernate, wake, destroy. Each is one transaction and one operation. */
import type { TypedData } from '../../core/events/event-types.ts';
import { deploymentKey } from '../../core/keys.ts';
import {
  type Deployment,
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  isTerminal,
} from '../../core/model/index.ts';
import type { KindOn, OperationRequest } from '../../core/operations/index.ts';
import { Problem } from '../../core/problem.ts';
import { broughtBack } from '../../core/schedule/expiry-steps.ts';
import { afterHoursLook, heldAwake } from '../../core/schedule/office-hours.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment, getOperation } from '../../records/read.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import { type Accepted, environmentWrite, isOfAge, notReady } from './environments.ts';

interface Transition {
  /** The operation that carries out the change. */
  operation: {
    [Kind in KindOn<'environment'>]: Pick<OperationRequest<Kind>, 'kind' | 'input'>;
  }[KindOn<'environment'>];
  from: readonly EnvironmentState[];
  to: EnvironmentState;
  /** The event that reports the change; the operation's input has the same data. */
  event: TypedData & { type: 'environment.hibernating' | 'environment.waking' | 'environment.destroying' };
  /** What else changes of the environment with it; throws to refuse. */
  change?: (environment: Environment) => Environment;
  /** Runs within each try, before the write; throws to refuse. */
  guard?: (item: Item<Environment>) => Promise<void>;
  ifMatch?: string;
  /** Handles a state that is none of `from`; by default the change is refused. */
  otherwise?: (environment: Environment) => Promise<Accepted | undefined>;
}

/** Accepts what changes an environment's state, and starts it. */
export async function transition(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  plan: Transition,
): Promise<Accepted> {
  const accepted = await changingEnvironment(ports.store, ref, async () => {
    const item = await getEnvironment(ports.store, ref);
    checkIfMatch(item, plan.ifMatch);
    if (!plan.from.includes(item.data.state)) {
      const existing = await plan.otherwise?.(item.data);
      if (existing) return existing;
      throw notReady(item.data, plan.from);
    }
    await plan.guard?.(item);
    const generation = item.data.generation + 1;
    const operation = newOperation(ports, caller.actor, {
      ...plan.operation,
      ...ref,
      environmentId: item.data.id,
      generation,
    });
    const changed = plan.change?.(item.data) ?? item.data;
    const environment = { ...changed, state: plan.to, generation, operation: operation.id };
    const result = { environment, operation };
    await commit(ports, caller, {
      writes: [environmentWrite(environment, { version: item.version }), ...acceptWrites(ports, operation)],
      events: [{ ...ref, operation: operation.id, ...plan.event }],
      result,
    });
    return result;
  });
  await startOperation(ports, accepted.operation);
  return accepted;
}

/** The operation that is changing the environment's state, if it has not ended. */
export async function ongoing(
  ports: Ports,
  environment: Environment,
  kind: KindOn<'environment'>,
): Promise<Accepted | undefined> {
  if (!environment.operation) return undefined;
  const operation = (await getOperation(ports.store, environment.operation)).data;
  return operation.kind === kind && !isTerminal(operation.status) ? { environment, operation } : undefined;
}

/** A service with a deployment in the environment that has not ended, if there is one. */
async function busyService(ports: Ports, environment: Environment): Promise<string | undefined> {
  for (const instance of instancesOf(environment)) {
    const newest = await ports.store.get<Deployment>(deploymentKey(instance, instance.newest));
    if (newest && !isTerminal(newest.data.status)) return instance.service;
  }
  return undefined;
}

/**
 * Stops an environment's workloads and keeps their data.
 * @param expected what a cleanup decision was based on: nothing happens when it no longer holds (I8)
 * @param why of a decision
 * @throws Problem environment_not_ready | operation_in_progress | conflict
 */
export function hibernateEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  expected?: Pick<Environment, 'id' | 'generation' | 'lastActivityAt' | 'destroyAt'>,
  why: 'idle' | 'expired' | 'hours' = 'idle',
): Promise<Accepted> {
  const reason = expected ? why : 'requested';
  return transition(ports, caller, ref, {
    operation: { kind: 'hibernate', input: { reason } },
    from: ['ready'],
    to: 'hibernating',
    change: (environment) => afterHoursLook(environment, ports.effects.now()),
    event: { type: 'environment.hibernating', data: { reason } },
    otherwise: (environment) => ongoing(ports, environment, 'hibernate'),
    guard: async ({ data }) => {
      if (
        expected &&
        (data.id !== expected.id ||
          data.generation !== expected.generation ||
          data.lastActivityAt !== expected.lastActivityAt ||
          data.destroyAt !== expected.destroyAt)
      ) {
        throw new Problem('conflict', 'The environment was used or changed after this was decided.', {
          hint: 'Nothing was done; it is looked at again when it is due.',
        });
      }
      const [run] = Object.entries(data.runs ?? {});
      if (run) {
        throw new Problem('operation_in_progress', `A command of "${run[1]}" runs in this environment.`, {
          hint: `Wait until operation ${run[0]} has ended, or cancel it, then try again.`,
        });
      }
      const busy = await busyService(ports, data);
      if (busy) {
        throw new Problem(
          'operation_in_progress',
          `A deployment of "${busy}" is going on in this environment.`,
          {
            hint: 'Wait until it has ended, or cancel it, then try again.',
          },
        );
      }
    },
  });
}

/**
 * Starts what ran before hibernation. While the environment is waking already, that operation is returned.
 * @param change what else changes of it, or refuses; without, what has expired is brought back, and office hours leave it
 *   awake for some time
 */
export function wakeEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  change: NonNullable<Transition['change']> = (environment) =>
    heldAwake(broughtBack(environment, ports.effects.now()), ports.effects.now()),
): Promise<Accepted> {
  return transition(ports, caller, ref, {
    change,
    operation: { kind: 'wake' },
    from: ['hibernated'],
    to: 'waking',
    event: { type: 'environment.waking' },
    otherwise: (environment) =>
      environment.state === 'waking' ? ongoing(ports, environment, 'wake') : never(),
  });
}

const never = async (): Promise<undefined> => undefined;

/**
 * Removes an environment and everything in it. While it is being destroyed already, that operation is returned.
 * @param options.expired what the sweep's decision was based on: nothing happens when it no longer holds (I8)
 */
export function destroyEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  options: { ifMatch?: string; expired?: Pick<Environment, 'id' | 'generation'> } = {},
): Promise<Accepted> {
  const reason = options.expired ? 'expired' : 'requested';
  return transition(ports, caller, ref, {
    operation: { kind: 'destroy-environment', input: { reason } },
    from: ['provisioning', 'ready', 'hibernating', 'hibernated', 'waking', 'failed'],
    to: 'destroying',
    event: { type: 'environment.destroying', data: { reason } },
    ...(options.ifMatch !== undefined && { ifMatch: options.ifMatch }),
    otherwise: (environment) => ongoing(ports, environment, 'destroy-environment'),
    guard: async ({ data }) => {
      const { expired } = options;
      const isSame = data.id === expired?.id && data.generation === expired.generation;
      if (!expired || (isSame && isOfAge(data, ports.effects.now()))) return;
      throw new Problem('conflict', 'The environment changed after this was decided.', {
        hint: 'Nothing was done; it is looked at again when it is due.',
      });
    },
  });
}

/** Tries again to remove what an earlier destroy could not remove. */
export function retryDestroy(ports: Ports, caller: Caller, ref: EnvironmentRef): Promise<Accepted> {
  return transition(ports, caller, ref, {
    operation: { kind: 'destroy-environment', input: { reason: 'leftovers' } },
    from: ['destroying'],
    to: 'destroying',
    event: { type: 'environment.destroying', data: { reason: 'leftovers' } },
  });
}
