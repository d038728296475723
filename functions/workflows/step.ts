/** What a workflow step is, and the wrapper that every step runs in. */

import { deploymentFence, environmentGone } from '../commands/deployments/deployment-fence.ts';
import { runStop } from '../commands/runs/run-stop.ts';
import { environmentKey, OPERATIONS_QUEUE, operationKey } from '../core/keys.ts';
import {
  type Environment,
  endInWords,
  isFor,
  isTerminal,
  type Operation,
  type OperationStep,
  type StepName,
} from '../core/model/index.ts';
import { declaredSteps, operationKinds } from '../core/operations/index.ts';
import { Problem, TransientError } from '../core/problem.ts';
import type { Units } from '../core/units.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, StoreConflict } from '../ports/store.ts';
import { retryOnConflict } from '../records/commit.ts';
import { getOperation } from '../records/read.ts';
import { errorOf } from './end-operation.ts';
import { costSoFar, meterFrom, meterStep } from './step-cost.ts';
import { watchForStop } from './watch-for-stop.ts';

/** What a workflow passes to each step: a reference, and in the Catch path the error. */
export interface StepInput {
  operation: string;
  /** What was used by the request that accepted the operation and by the steps before this one. */
  used?: Units;
  error?: { Error: string; Cause: string };
}

export interface StepContext<Of extends Operation = Operation> {
  ports: Ports;
  /** The operation as it was when the step started. */
  operation: Of;
  /** Aborts when the operation is to stop (its reason is the Problem) or when the step's time is over. */
  signal: AbortSignal;
  /** The step was called before and handed over: what it began goes on. Its record has no new attempt. */
  isLook: boolean;
  /** The error that led to a compensation. */
  error?: { Error: string; Cause: string };
}

/** The code of a step, for operations of the kinds that declare it (core/operations). */
export interface Step<Of extends Operation = Operation> {
  /**
   * `work` ends early when the operation was canceled, superseded or has ended. `finish` does too, but has no record
   * of its start, since it ends the operation in the same write. `recover` always runs.
   */
  role: 'work' | 'finish' | 'recover';
  /** The step watches for cancellation while it runs, and not only before: for steps that take long. */
  watched?: boolean;
  /**
   * The step is not run again once this other step has started, which shows that it was done: for users' code that
   * may not be repeatable.
   */
  doneWhenStarted?: StepName;
  run(context: StepContext<Of>): Promise<void>;
}

/** The step needs more time than one invocation has, or is to take; the workflow calls it again. */
export class StillProgressing extends TransientError {
  override name = 'Berth.StillProgressing';
}

/** A call looks at least once, whatever that takes; after this time it is over, seconds. */
const LOOK_SECONDS = 1;

/** The signal, which aborts also when a call has waited for long enough. */
function patienceOf(signal: AbortSignal, seconds: number | undefined): { signal: AbortSignal; end(): void } {
  if (seconds === undefined) return { signal, end: () => undefined };
  const inner = new AbortController();
  const pass = (): void => inner.abort(signal.reason);
  signal.addEventListener('abort', pass, { once: true });
  if (signal.aborted) pass();
  const timer = setTimeout(() => inner.abort(new StillProgressing()), seconds * 1000);
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  };
  return { signal: inner.signal, end };
}

/**
 * Runs a step as a task of a workflow. The step's error is kept with the operation before it goes to the workflow's
 * Catch.
 * @returns what the operation has used so far, for the next step
 * @throws Problem | TransientError (retried) | StillProgressing (called again)
 */
export function runStep(
  ports: Ports,
  name: StepName,
  step: Step,
  input: StepInput,
  signal: AbortSignal,
): Promise<Units> {
  return meterStep(ports, { ...input, step: name, role: step.role }, () =>
    executeStep(ports, name, step, input, signal),
  );
}

/**
 * Runs a step outside of a workflow.
 * @throws Error when the operation is of a kind that has no such step: the step is written for those that have it
 */
export async function executeStep(
  ports: Ports,
  name: StepName,
  step: Step,
  input: StepInput,
  signal: AbortSignal,
): Promise<void> {
  const loaded = await ports.store.get<Operation>(operationKey(input.operation));
  if (!loaded)
    throw new Problem('not_found', `Operation "${input.operation}" is gone.`, { hint: 'Start it again.' });
  const { kind } = loaded.data;
  if (!Object.hasOwn(operationKinds[kind].steps, name)) throw new Error(`"${kind}" has no step "${name}"`);
  meterFrom(loaded.data);
  const extra = input.error ? { error: input.error } : {};
  if (step.role === 'recover') {
    const begun = await beginCompensation(ports, loaded, input.error);
    // A late run, for an operation that something else has ended, changes nothing.
    if (isTerminal(begun.status)) return;
    const operation = await ofItsEnvironment(ports, begun);
    await step.run({ ports, operation, signal, isLook: false, ...extra });
    return;
  }
  // The step did its work and its answer was lost, so the run has not failed.
  if (step.role === 'finish' && loaded.data.status === 'succeeded') return;
  const waitsSeconds = ports.workflows.pauses ? declaredSteps[name].waitsSeconds : undefined;
  const last = loaded.data.steps.at(-1);
  // A look is no new attempt, and writes nothing.
  const isLook = waitsSeconds !== undefined && last?.name === name;
  const since = isLook ? Date.parse(last.startedAt) : ports.effects.now();
  const left = (waitsSeconds ?? 0) - (ports.effects.now() - since) / 1000;
  const patience = patienceOf(signal, waitsSeconds && Math.min(Math.max(left, LOOK_SECONDS), waitsSeconds));
  try {
    const isStart = step.role === 'work' && !isLook;
    const item = isStart ? await recordStart(ports, name, loaded) : await checked(ports, loaded);
    if (item.data.steps.some((started) => started.name === step.doneWhenStarted)) return;
    const run = (until: AbortSignal) =>
      step.run({ ports, operation: item.data, signal: until, isLook, ...extra });
    if (step.watched) await watchForStop(ports, item.data, patience.signal, stopReason, run);
    else await run(patience.signal);
  } catch (error) {
    // What has gone on for so long goes on all the same where it can not be seen now: a later look may see it. Where the operation
    // is put back already, the error is that for which it is, and ends the run.
    const goesOn = isLook && left <= 0 && !loaded.data.compensating;
    if (goesOn && isUnseen(error)) throw new StillProgressing(undefined, { cause: error });
    if (!(error instanceof Problem)) throw error;
    // The place only knows that there is a newer deployment; the records say which one.
    const told = error.code === 'fenced' ? ((await stopReason(ports, loaded.data)) ?? error) : error;
    await keepError(ports, input.operation, told);
    throw told;
  } finally {
    patience.end();
  }
}

const isUnseen = (error: unknown): boolean =>
  error instanceof TransientError || (error instanceof Problem && error.code === 'unavailable');

/** Why an operation must not go on; undefined where it may. */
export async function stopReason(ports: Ports, operation: Operation): Promise<Problem | undefined> {
  if (isTerminal(operation.status)) {
    return new Problem(
      'operation_ended',
      `The operation has ended already: it ${endInWords(operation.status)}.`,
      {
        hint: 'Nothing is left to do.',
      },
    );
  }
  // Berth ended while it was put back, and the workflow runs anew from its beginning.
  if (operation.compensating && operation.error) {
    const { code, cause, hint } = operation.error;
    return new Problem(code, cause, { hint });
  }
  if (operation.cancelRequested) {
    return new Problem('canceled', 'It was canceled on request.', {
      hint: 'Start it again when you want it.',
    });
  }
  if (operation.environment === undefined) return undefined;
  if (operation.kind === 'run') return runStop(ports, operation);
  if (operation.number !== undefined) return deploymentFence(ports, operation);
  const item = await ports.store.get<Environment>(environmentKey(operation));
  if (item?.data.generation === operation.generation && isFor(operation, item.data)) return undefined;
  return new Problem('superseded', 'The environment was changed by a later operation.', {
    hint: `Look at environment "${operation.environment}" for the operation that changes it now.`,
  });
}

/**
 * Says on record that the operation is put back, and why, before anything is. A step whose time was over may still be at
 * work: its end and this exclude each other, so that nothing is taken away from what has just succeeded.
 */
async function beginCompensation(
  ports: Ports,
  loaded: Item<Operation>,
  error: StepInput['error'],
): Promise<Operation> {
  for (let item = loaded; ; item = await getOperation(ports.store, loaded.data.id)) {
    const operation = item.data;
    if (isTerminal(operation.status) || operation.compensating) return operation;
    const data: Operation = {
      ...operation,
      ...costSoFar(),
      compensating: true,
      ...(!operation.cancelRequested && { error: errorOf({ operation, ...(error && { error }) }) }),
    };
    const put = { ...operationKey(operation.id), data, ...(item.due && { due: item.due }) };
    try {
      await ports.store.transact([{ put, if: { version: item.version } }]);
      return data;
    } catch (thrown) {
      if (!(thrown instanceof StoreConflict)) throw thrown;
    }
  }
}

/** A compensation is not for a later environment of the name: there is nothing of this operation to put back. */
async function ofItsEnvironment(ports: Ports, operation: Operation): Promise<Operation> {
  const { environment } = operation;
  if (environment === undefined) return operation;
  const item = await ports.store.get<Environment>(environmentKey({ ...operation, environment }));
  if (item && isFor(operation, item.data)) return operation;
  return { ...operation, error: environmentGone({ environment }).toDetail() };
}

async function checked(ports: Ports, item: Item<Operation>): Promise<Item<Operation>> {
  const reason = await stopReason(ports, item.data);
  if (reason) throw reason;
  return item;
}

/** The one write of a step: it says which step runs now, and thereby that the steps before it are done. */
async function recordStart(ports: Ports, name: StepName, loaded: Item<Operation>): Promise<Item<Operation>> {
  for (let item = loaded; ; item = await getOperation(ports.store, loaded.data.id)) {
    await checked(ports, item);
    const operation = item.data;
    const attempt = (operation.steps.findLast((step) => step.name === name)?.attempt ?? 0) + 1;
    const startedAt = new Date(ports.effects.now()).toISOString();
    const data: Operation = {
      ...operation,
      status: 'running',
      steps: latest([...operation.steps, { name, startedAt, attempt }]),
      ...costSoFar(),
    };
    // The place in the queue stays as it is, since a new entry of an index costs as much as the record: the sweep
    // puts off operations that take longer.
    const due = item.due ?? { queue: OPERATIONS_QUEUE, at: Date.parse(operation.deadline) };
    try {
      const put = { ...operationKey(operation.id), data, due };
      await ports.store.transact([{ put, if: { version: item.version } }]);
      return { ...item, data, version: item.version + 1 };
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
    }
  }
}

const STEPS_MAX = 20;

/**
 * Retries for hours must not fill the record, so their entries go. The first entry of a step stays, because
 * `doneWhenStarted` needs it.
 */
function latest(steps: OperationStep[]): OperationStep[] {
  if (steps.length <= STEPS_MAX) return steps;
  const repeated = steps.findIndex(({ name }, at) =>
    steps.some((other, later) => later > at && other.name === name),
  );
  return repeated === -1 ? steps : steps.toSpliced(repeated, 1);
}

async function keepError(ports: Ports, id: string, problem: Problem): Promise<void> {
  await retryOnConflict(async () => {
    const item = await ports.store.get<Operation>(operationKey(id));
    // The compensation of a canceled operation explains the cancellation instead.
    if (!item || isTerminal(item.data.status) || item.data.compensating) return;
    if (item.data.cancelRequested && problem.code !== 'canceled') return;
    const data: Operation = { ...item.data, ...costSoFar(), error: problem.toDetail() };
    const put = { ...operationKey(id), data, ...(item.due && { due: item.due }) };
    await ports.store.transact([{ put, if: { version: item.version } }]);
  }).catch((error: unknown) => {
    throw new TransientError('The error could not be kept', { cause: error });
  });
}
