/** Environments: create, hibernate, wake, extend, destroy. Each is one transaction and, if long, one operation. */
import { deploymentKey, ENVIRONMENTS_QUEUE, environmentKey, projectKey } from '../core/keys.ts';
import {
  type Deployment,
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  isTerminal,
  type Operation,
  type OperationKind,
} from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Due, Item, Write } from '../ports/store.ts';
import { StoreConflict } from '../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from './change.ts';
import { instancesOf } from './instances.ts';
import { acceptWrites, newOperation, startOperation } from './operations.ts';
import { getEnvironment, getOperation, getProject } from './records.ts';

/** When the sweep next has to look at an environment; undefined when nothing is due. */
export function environmentDue(environment: Environment): Due | undefined {
  const times: number[] = [];
  if (environment.expiresAt) times.push(Date.parse(environment.expiresAt));
  if (environment.idleAfterSeconds !== undefined && environment.state === 'ready') {
    times.push(Date.parse(environment.lastActivityAt) + environment.idleAfterSeconds * 1000);
  }
  if (environment.state === 'destroying' || times.length === 0) return undefined;
  return { queue: ENVIRONMENTS_QUEUE, at: Math.min(...times) };
}

/** The write that replaces an environment's record, with its due time. */
export function environmentWrite(environment: Environment, condition: 'absent' | { version: number }): Write {
  const due = environmentDue(environment);
  const key = environmentKey({ project: environment.project, environment: environment.name });
  return { put: { ...key, data: environment, ...(due && { due }) }, if: condition };
}

export interface NewEnvironment {
  project: string;
  name: string;
  kind: 'persistent' | 'ephemeral';
  ttlSeconds?: number;
  idleAfterSeconds?: number;
}

export interface Accepted {
  environment: Environment;
  operation: Operation;
}

/** @throws Problem not_found (project) | already_exists */
export async function createEnvironment(
  ports: Ports,
  caller: Caller,
  input: NewEnvironment,
): Promise<Accepted> {
  await getProject(ports.store, input.project);
  const now = ports.effects.now();
  const operation = newOperation(ports, caller.actor, {
    kind: 'provision-environment',
    project: input.project,
    environment: input.name,
    generation: 1,
  });
  const at = new Date(now).toISOString();
  const environment: Environment = {
    project: input.project,
    name: input.name,
    id: ports.effects.id(),
    kind: input.kind,
    state: 'provisioning',
    generation: 1,
    ...(input.idleAfterSeconds !== undefined && { idleAfterSeconds: input.idleAfterSeconds }),
    ...(input.ttlSeconds !== undefined && {
      expiresAt: new Date(now + input.ttlSeconds * 1000).toISOString(),
    }),
    lastActivityAt: at,
    operation: operation.id,
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
      ],
      events: [
        {
          project: input.project,
          environment: input.name,
          operation: operation.id,
          type: 'environment.created',
        },
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

interface Transition {
  kind: OperationKind;
  from: readonly EnvironmentState[];
  to: EnvironmentState;
  event: string;
  /** Runs inside each try, before the write; throws to refuse. */
  guard?: (item: Item<Environment>) => Promise<void>;
  ifMatch?: number;
  data?: Record<string, string>;
  /** What becomes of a state that is none of `from`; by default it is refused. */
  otherwise?: (environment: Environment) => Promise<Accepted | undefined>;
}

async function transition(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  plan: Transition,
): Promise<Accepted> {
  const accepted = await retryOnConflict(async () => {
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
      kind: plan.kind,
      ...ref,
      generation,
      ...(plan.data && { input: plan.data }),
    });
    const environment = { ...item.data, state: plan.to, generation, operation: operation.id };
    const result = { environment, operation };
    await commit(ports, caller, {
      writes: [environmentWrite(environment, { version: item.version }), ...acceptWrites(ports, operation)],
      events: [{ ...ref, operation: operation.id, type: plan.event, ...(plan.data && { data: plan.data }) }],
      result,
    });
    return result;
  });
  await startOperation(ports, accepted.operation);
  return accepted;
}

/** The error for an environment in a state in which something can not be done. */
export function notReady(environment: Environment, wanted: readonly EnvironmentState[]): Problem {
  const hints: Partial<Record<EnvironmentState, string>> = {
    provisioning: 'Wait until its operation has ended.',
    hibernating: 'Wait until it hibernates, then wake it.',
    hibernated: 'Wake it with POST .../wake, or by a request to one of its services.',
    waking: 'Wait until its operation has ended.',
    destroying: 'It is going away; create another one.',
    failed: 'Look at its operation for the cause, then destroy it and create it again.',
  };
  return new Problem(
    'environment_not_ready',
    `Environment "${environment.name}" is ${environment.state}, and this needs it to be ${wanted.join(' or ')}.`,
    { hint: hints[environment.state] ?? 'Look at its state and operation.' },
  );
}

/** The operation that changes an environment's state now, if it is still going. */
async function ongoing(
  ports: Ports,
  environment: Environment,
  kind: OperationKind,
): Promise<Accepted | undefined> {
  if (!environment.operation) return undefined;
  const operation = (await getOperation(ports.store, environment.operation)).data;
  return operation.kind === kind && !isTerminal(operation.status) ? { environment, operation } : undefined;
}

/** Whether a deployment in the environment has not ended. */
async function busyService(ports: Ports, ref: EnvironmentRef): Promise<string | undefined> {
  for (const instance of await instancesOf(ports.store, ref)) {
    const newest = await ports.store.get<Deployment>(deploymentKey(instance, instance.newest));
    if (newest && !isTerminal(newest.data.status)) return instance.service;
  }
  return undefined;
}

/**
 * Stops an environment's workloads and keeps their data.
 * @param expected what a cleanup decision was based on: nothing happens when it no longer holds (I8)
 * @throws Problem environment_not_ready | operation_in_progress | conflict
 */
export function hibernateEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  expected?: { generation: number; lastActivityAt: string },
): Promise<Accepted> {
  return transition(ports, caller, ref, {
    kind: 'hibernate',
    from: ['ready'],
    to: 'hibernating',
    event: 'environment.hibernating',
    data: { reason: expected ? 'idle' : 'requested' },
    otherwise: (environment) => ongoing(ports, environment, 'hibernate'),
    guard: async ({ data }) => {
      if (
        expected &&
        (data.generation !== expected.generation || data.lastActivityAt !== expected.lastActivityAt)
      ) {
        throw new Problem('conflict', 'The environment was used or changed after this was decided.', {
          hint: 'Nothing was done; it is looked at again when it is due.',
        });
      }
      const busy = await busyService(ports, ref);
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

/** Starts what ran before hibernation. While it is waking already, that operation is given again. */
export function wakeEnvironment(ports: Ports, caller: Caller, ref: EnvironmentRef): Promise<Accepted> {
  return transition(ports, caller, ref, {
    kind: 'wake',
    from: ['hibernated'],
    to: 'waking',
    event: 'environment.waking',
    otherwise: (environment) =>
      environment.state === 'waking' ? ongoing(ports, environment, 'wake') : never(),
  });
}

const never = async (): Promise<undefined> => undefined;

/** Removes an environment and all in it. While that goes on already, that operation is given again. */
export function destroyEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  options: { ifMatch?: number; reason?: string; expectedGeneration?: number } = {},
): Promise<Accepted> {
  return transition(ports, caller, ref, {
    kind: 'destroy-environment',
    from: ['provisioning', 'ready', 'hibernating', 'hibernated', 'waking', 'failed'],
    to: 'destroying',
    event: 'environment.destroying',
    data: { reason: options.reason ?? 'requested' },
    ...(options.ifMatch !== undefined && { ifMatch: options.ifMatch }),
    otherwise: (environment) => ongoing(ports, environment, 'destroy-environment'),
    guard: async ({ data }) => {
      if (options.expectedGeneration === undefined || options.expectedGeneration === data.generation) return;
      throw new Problem('conflict', 'The environment changed after this was decided.', {
        hint: 'Nothing was done; it is looked at again when it is due.',
      });
    },
  });
}

/** Destroys again what an earlier destroy left over. */
export function retryDestroy(ports: Ports, caller: Caller, ref: EnvironmentRef): Promise<Accepted> {
  return transition(ports, caller, ref, {
    kind: 'destroy-environment',
    from: ['destroying'],
    to: 'destroying',
    event: 'environment.destroying',
    data: { reason: 'leftovers' },
  });
}

export interface EnvironmentPatch {
  /** null takes it away. */
  idleAfterSeconds?: number | null;
  /** Seconds from now; null takes it away. */
  ttlSeconds?: number | null;
  ifMatch?: number;
}

/** Changes the idle rule or the time it is destroyed at, or both. */
export function changeEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  patch: EnvironmentPatch,
  event = 'environment.changed',
): Promise<Item<Environment>> {
  return retryOnConflict(async () => {
    const item = await getEnvironment(ports.store, ref);
    checkIfMatch(item, patch.ifMatch);
    if (item.data.state === 'destroying') throw notReady(item.data, ['ready', 'hibernated']);
    const environment: Environment = { ...item.data };
    if (patch.idleAfterSeconds === null) delete environment.idleAfterSeconds;
    else if (patch.idleAfterSeconds !== undefined) environment.idleAfterSeconds = patch.idleAfterSeconds;
    if (patch.ttlSeconds === null) delete environment.expiresAt;
    else if (patch.ttlSeconds !== undefined) {
      environment.expiresAt = new Date(ports.effects.now() + patch.ttlSeconds * 1000).toISOString();
    }
    const changed = { ...item, data: environment, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [environmentWrite(environment, { version: item.version })],
      events: [
        {
          ...ref,
          type: event,
          data: { idleAfterSeconds: environment.idleAfterSeconds, expiresAt: environment.expiresAt },
        },
      ],
      result: changed,
    });
    return changed;
  });
}
