/**
 * Workflows on one machine: `aws-local-stepfunctions` interprets the same ASL files that Step Functions runs.
 * Its runs live in memory only, so each start is kept in a table first, and what had not ended when the
 * process died is run again from its first state by `resume`: every step can run twice. Nothing runs before `resume`,
 * so that no run changes a place that is still being brought back as it was.
 */
import { DatabaseSync } from 'node:sqlite';
import type { WorkflowStatus, Workflows } from '../../../ports/workflows.ts';
import { storeProblem } from '../store/store-errors.ts';
import { loadInterpreter } from './interpreter.ts';

/** The part of a state machine definition that this adapter reads. */
export interface LocalStateMachine {
  name: string;
  definition: { StartAt: string; States: Record<string, { Type: string; TimeoutSeconds?: number }> };
  /** Step by the name of the Task state that runs it. */
  tasks: Record<string, string>;
}

export interface LocalWorkflowsOptions {
  /** File of the table of runs; `:memory:` keeps none. */
  path: string;
  machines: readonly LocalStateMachine[];
  /** Runs a step; its error's name is what Retry and Catch match. */
  runStep(step: string, input: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
  now(): number;
  /** Is told of every run that failed, with the error that it ended with: that of a step, or of the Fail state. */
  onFailure?(run: { workflow: string; name: string; error: unknown }): void;
}

export interface LocalWorkflows extends Workflows {
  /** Runs again what had not ended, and what was started since; later starts run at once. Resolves to how many. */
  resume(): Promise<number>;
}

interface Run {
  name: string;
  workflow: string;
  input: string;
  status: WorkflowStatus;
}

interface Execution {
  abort(): void;
  ended: Promise<void>;
}

/** How long ended runs are remembered, milliseconds: as long as operations are. */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

export function createLocalWorkflows(options: LocalWorkflowsOptions): LocalWorkflows {
  const table = openTable(options.path, options.now() - RETENTION_MS);
  const machines = new Map(options.machines.map((machine) => [machine.name, machine]));
  for (const machine of options.machines) checkTasks(machine);
  const executions = new Map<string, Execution>();
  /** Ends that could not be written yet, as on a full disk. */
  const unwritten = new Map<string, WorkflowStatus>();
  let closed = false;
  let resumed = false;

  function machineOf(workflow: string): LocalStateMachine {
    const machine = machines.get(workflow);
    if (!machine) throw new Error(`No state machine "${workflow}"`);
    return machine;
  }

  function execute({ name, workflow, input }: Pick<Run, 'name' | 'workflow' | 'input'>): void {
    const cancel = new AbortController();
    const ended = interpret(machineOf(workflow), JSON.parse(input), options, cancel.signal)
      .then(
        () => settle(name, 'succeeded'),
        (error: unknown) => {
          settle(name, cancel.signal.aborted ? 'stopped' : 'failed');
          if (!cancel.signal.aborted) options.onFailure?.({ workflow, name, error });
        },
      )
      .finally(() => executions.delete(name));
    executions.set(name, { abort: () => cancel.abort(), ended });
  }

  function settle(name: string, status: WorkflowStatus): void {
    // A run that is cut off because the process ends is to be resumed, so its row stays as it is.
    if (closed) return;
    unwritten.set(name, status);
    for (const [run, end] of unwritten) {
      try {
        table.end(run, end, options.now());
        unwritten.delete(run);
      } catch {
        // An end that could not be written is written with the end of another run. A restart before that runs it
        // again, and every step can run twice.
      }
    }
  }

  return {
    async start(workflow, name, input) {
      machineOf(workflow);
      const run = { name, workflow, input: JSON.stringify(input) };
      if (closed || !table.insert(run)) return;
      if (resumed) execute(run);
    },
    async stop(_workflow, name) {
      const execution = executions.get(name);
      execution?.abort();
      await execution?.ended;
    },
    async describe(_workflow, name) {
      return unwritten.get(name) ?? table.status(name);
    },
    async runStep(step, input, signal) {
      await options.runStep(step, input, signal);
    },
    async resume() {
      resumed = true;
      const runs = table.unfinished().filter((run) => !executions.has(run.name));
      for (const run of runs) execute(run);
      return runs.length;
    },
    async close() {
      if (closed) return;
      closed = true;
      const running = [...executions.values()];
      for (const execution of running) execution.abort();
      await Promise.all(running.map((execution) => execution.ended));
      table.close();
    },
  };
}

/** A Task without a handler of ours would be sent to AWS by the interpreter; none may ever be. */
function checkTasks({ name, definition, tasks }: LocalStateMachine): void {
  for (const [state, { Type }] of Object.entries(definition.States)) {
    const local = Type === 'Fail' || (Type === 'Task' && Object.hasOwn(tasks, state));
    if (!local) throw new Error(`${name}: state "${state}" (${Type}) can not run on one machine`);
  }
}

async function interpret(
  machine: LocalStateMachine,
  input: Record<string, unknown>,
  options: LocalWorkflowsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { StateMachine } = await loadInterpreter();
  signal.throwIfAborted();
  const inFlight = new Set<Promise<unknown>>();
  const handlers = Object.entries(machine.tasks).map(([state, step]) => {
    const seconds = machine.definition.States[state]!.TimeoutSeconds!;
    const handler = async (stateInput: unknown): Promise<never> => {
      // An abort cuts the interpreter's waits short, and it would go on to a Retry or a Catch that is not wanted.
      if (signal.aborted) throw new Stopped();
      const limit = new AbortController();
      const onAbort = (): void => limit.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      const overdue = Promise.withResolvers<never>();
      const warning = setTimeout(() => limit.abort(new StepTimeout()), seconds * 1000 - handOverMs(seconds));
      const timer = setTimeout(() => overdue.reject(new StepTimeout()), seconds * 1000 - TIMER_LEAD_MS);
      const running = options
        .runStep(step, stateInput as Record<string, unknown>, limit.signal)
        .finally(() => {
          clearTimeout(warning);
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          inFlight.delete(running);
        });
      inFlight.add(running);
      return ((await Promise.race([running, overdue.promise])) ?? null) as never;
    };
    return [state, handler] as const;
  });
  // The loader has checked the definition more strictly than the interpreter's own validation would.
  const definition = machine.definition as unknown as ConstructorParameters<typeof StateMachine>[0];
  const execution = new StateMachine(definition, { validationOptions: { noValidate: true } }).run(
    input as Parameters<InstanceType<typeof StateMachine>['run']>[0],
    { overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) } },
  );
  const abort = (): void => execution.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await execution.result;
  } catch (error) {
    // The interpreter puts its own error around the one that the run ended with, whose name tells why.
    throw error instanceof Error && error.name === 'ExecutionError' ? (error.cause ?? error) : error;
  } finally {
    signal.removeEventListener('abort', abort);
    // The interpreter lets go of a step that timed out or was aborted; nothing may run past the end of its run.
    if (signal.aborted) await Promise.allSettled(inFlight);
  }
}

/**
 * The interpreter's own time-out can not be caught by States.ALL, unlike that of Step Functions, so a step is
 * timed out here, this much before, with the error that both know.
 */
const TIMER_LEAD_MS = 20;

class StepTimeout extends Error {
  override name = 'States.Timeout';
}

/** The run was stopped: no Retry of ours names it, so that nothing of the run begins any more. */
class Stopped extends Error {
  override name = 'Berth.Stopped';
}

/** A step is told this long before its time is over, so that it can hand over or end in order. */
const handOverMs = (seconds: number): number => Math.min(5_000, seconds * 100);

/** @throws Problem unavailable (damaged) | storage_full */
function openTable(path: string, forgetBefore: number) {
  try {
    return tableOf(new DatabaseSync(path), forgetBefore);
  } catch (error) {
    throw storeProblem(error, path);
  }
}

function tableOf(database: DatabaseSync, forgetBefore: number) {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS runs (
      name TEXT PRIMARY KEY, workflow TEXT NOT NULL, input TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'running', ended_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS unfinished ON runs (name) WHERE ended_at IS NULL;
  `);
  database.prepare('DELETE FROM runs WHERE ended_at < ?').run(forgetBefore);
  const insert = database.prepare('INSERT OR IGNORE INTO runs (name, workflow, input) VALUES (?, ?, ?)');
  const end = database.prepare('UPDATE runs SET status = ?, ended_at = ? WHERE name = ?');
  const status = database.prepare('SELECT status FROM runs WHERE name = ?');
  const unfinished = database.prepare(
    'SELECT name, workflow, input, status FROM runs WHERE ended_at IS NULL',
  );
  return {
    /** Keeps a start. @returns whether it was new */
    insert: (run: Omit<Run, 'status'>): boolean =>
      insert.run(run.name, run.workflow, run.input).changes === 1,
    end: (name: string, to: WorkflowStatus, at: number): void => void end.run(to, at, name),
    status: (name: string) => (status.get(name) as Pick<Run, 'status'> | undefined)?.status,
    unfinished: () => unfinished.all() as unknown as Run[],
    close: () => database.close(),
  };
}
