/** Ends operations: the record, what the operation changed, and the event, in one transaction. */

import { environmentWrite } from '../commands/environments/environments.ts';
import type { TypedData } from '../core/events/event-types.ts';
import { deploymentKey, environmentKey } from '../core/keys.ts';
import {
  type Deployment,
  type Environment,
  type InstanceRef,
  isFor,
  isTerminal,
  type Operation,
  type OperationOn,
  type RunStatus,
} from '../core/model/index.ts';
import { Problem, type ProblemDetail } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Write } from '../ports/store.ts';
import { mayClockHaveJumped } from '../records/clock.ts';
import { commit, retryOnConflict } from '../records/commit.ts';
import { changingEnvironment } from '../records/environment-changes.ts';
import { endedOperationWrites } from '../records/operation-summaries.ts';
import { getOperation } from '../records/read.ts';
import type { StepContext } from './step.ts';
import { costAtEnd } from './step-cost.ts';

/** The end of an operation that does not succeed. */
export interface FailedEnding {
  status: Exclude<RunStatus, 'queued' | 'running' | 'succeeded'>;
  error: ProblemDetail;
}

export type Ending = { status: 'succeeded'; result?: Record<string, unknown> } | FailedEnding;

/** The status that an error leads to: an overtaken operation has not failed. */
export function endingOf(error: ProblemDetail): FailedEnding {
  if (error.code === 'canceled') return { status: 'canceled', error };
  const overtaken = ['superseded', 'fenced', 'environment_gone'].includes(error.code);
  return { status: overtaken ? 'superseded' : 'failed', error };
}

/** Steps that run programs of users, whose output is in a log. */
const printing: ReadonlySet<string> = new Set(['buildImage', 'runRelease', 'runCommand', 'awaitRollout']);

/** The reason for a compensation: the error that was kept, or else what the workflow knows of it. */
export function errorOf({ operation, error }: Pick<StepContext, 'operation' | 'error'>): ProblemDetail {
  if (operation.error) return operation.error;
  const lastStep = operation.steps.at(-1)?.name ?? 'start';
  if (error?.Error === 'States.Timeout' || error?.Error === 'Berth.StillProgressing') {
    return {
      code: 'deadline_exceeded',
      cause: `The step "${lastStep}" took longer than it may.`,
      hint: printing.has(lastStep)
        ? 'Look at its log for what it waited for, then try again.'
        : 'This step prints no log. Try again; if it is late again, the log of Berth itself says what it waited for.',
    };
  }
  if (error?.Error === 'Berth.Transient') {
    return {
      code: 'unavailable',
      cause: `The step "${lastStep}" could not reach what it needs, also after several tries.`,
      hint: 'Try again in a few minutes.',
    };
  }
  if (error?.Error === 'Berth.storage_full') {
    return {
      code: 'storage_full',
      cause: `The disk was full in the step "${lastStep}".`,
      hint: 'Make room on the disk that holds the data directory, then try again.',
    };
  }
  return {
    code: 'internal',
    cause: `Something failed inside Berth in the step "${lastStep}".`,
    hint: 'Try again; if it stays, look for the operation in the log of Berth itself.',
  };
}

export interface EndPlan {
  ending: Ending;
  event: TypedData;
  /** Further writes, made anew for each try. */
  writes?: () => Promise<Write[]>;
  /** What follows from them, and is told beside the event. */
  also?: () => readonly TypedData[];
}

/**
 * Ends an operation; an operation that has ended already is left as it is.
 * @throws Problem conflict after 50 tries
 * @throws Problem operation_ended where it is put back meanwhile, and who ends it does not know
 */
export async function endOperation(
  ports: Ports,
  { id, project, environment, service, compensating }: Operation,
  plan: EndPlan,
): Promise<void> {
  const end = async (): Promise<void> => {
    const item = await getOperation(ports.store, id);
    const operation = item.data;
    if (isTerminal(operation.status)) return;
    if (operation.compensating && !compensating)
      throw new Problem('operation_ended', 'The operation is put back already: this step was too late.', {
        hint: 'Nothing is left to do.',
      });
    const others = (await plan.writes?.()) ?? [];
    const events = [plan.event, ...(plan.also?.() ?? [])].map((event) => ({
      project,
      ...(environment && { environment }),
      ...(service && { service }),
      operation: id,
      ...event,
    }));
    const { error: _kept, ...rest } = operation;
    const ended: Operation = {
      ...rest,
      ...plan.ending,
      endedAt: new Date(ports.effects.now()).toISOString(),
    };
    // The operation and its line, and the events.
    const cost = costAtEnd(operation, others.length + 2 + events.length);
    const writes = [...endedOperationWrites(ports, { ...ended, cost }, item.version), ...others];
    await commit(ports, { actor: operation.createdBy }, { writes, events });
  };
  await (environment
    ? changingEnvironment(ports.store, { project, environment }, end)
    : retryOnConflict(end));
}

/**
 * The write that ends a deployment's record; none when the record is gone or has ended, or belongs to a later
 * environment of the same name.
 */
export async function deploymentEndWrites(
  ports: Ports,
  ref: InstanceRef & Pick<Operation, 'id'>,
  number: number,
  ending: Ending,
): Promise<Write[]> {
  const key = deploymentKey(ref, number);
  const item = await ports.store.get<Deployment>(key);
  if (!item || item.data.operation !== ref.id || isTerminal(item.data.status)) return [];
  const data: Deployment = {
    ...item.data,
    status: ending.status,
    finishedAt: new Date(ports.effects.now()).toISOString(),
    ...('error' in ending && { error: ending.error }),
  };
  return [{ put: { ...key, data }, if: { version: item.version } }];
}

/** The write that changes an environment's record, if the operation is still the one that changes it. */
export async function environmentWrites(
  ports: Ports,
  operation: OperationOn<'environment'>,
  change: (environment: Environment) => Environment,
): Promise<Write[]> {
  const key = environmentKey(operation);
  const item = await ports.store.get<Environment>(key);
  if (!item || item.data.generation !== operation.generation || !isFor(operation, item.data)) return [];
  const { operation: _ended, ...environment } = item.data;
  return [environmentWrite(change(environment), { version: item.version })];
}

/** After the operation's bound, a compensation has this much time for another try, milliseconds. */
const OVERDUE_MS = 120_000;

/**
 * Runs the part of a compensation that changes the place of workloads. While the place can not be reached, it is
 * tried again until the operation's bound is over; then the operation ends without it, since every operation ends
 * (I3). The next deployment or waking puts right what was left as it was. A clock that has jumped ends nothing so.
 */
export async function untilOverdue<T>(
  ports: Ports,
  operation: Operation,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (ports.effects.now() < Date.parse(operation.deadline) + OVERDUE_MS) throw error;
    if (await mayClockHaveJumped(ports)) throw error;
    return undefined;
  }
}
