/**
 * Every path of every workflow, in our interpreter and in Moto's: the same states in the same order, each with the
 * same attempts and the same input, and the same end. The files are those of production, their waits included, but for
 * looks at what takes long: there are 12 at most here, a second apart. What keeps this short is that all paths run at
 * the same time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, paginateGetExecutionHistory, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepFunctions } from '../../../functions/adapters/aws/workflows/workflows.ts';
import {
  createLocalWorkflows,
  type LocalWorkflows,
} from '../../../functions/adapters/local/workflows/workflows.ts';
import type { Workflows } from '../../../functions/ports/workflows.ts';
import { loadStateMachine, type StateMachine, stepsOf, workflowNames } from '../../../state-machines/load.ts';
import { type AslPath, aslParts, aslPaths } from '../../support/asl-paths.ts';
import { functionArn, type LambdaServer, serveLambda } from '../support/aws/lambda.ts';
import { interpretStateMachines, makeStateMachine } from '../support/aws/step-functions.ts';
import { clientOptions, withMoto } from './support.ts';

/** Of the slowest path, which is out of tries for a rollout that goes on, and of a machine that is busy. */
const LONGEST_MS = 180_000;
const MESSAGE = 'injected';

interface Call {
  state: string;
  attempt: number;
  input: unknown;
}

interface Run {
  path: AslPath;
  machine: StateMachine;
  operation: string;
}

const LOOKS_MAX = 12;

function machineOf(name: string, resource: (step: string) => string): StateMachine {
  const machine = loadStateMachine(
    name,
    Object.fromEntries(stepsOf(name).map((step) => [step, resource(step)])),
  );
  for (const state of Object.values(machine.definition.States)) {
    if (state.Type !== 'Task') continue;
    state.Retry = state.Retry.map(({ MaxDelaySeconds, ...retrier }) => {
      if (!retrier.ErrorEquals.includes('Berth.StillProgressing'))
        return { ...retrier, ...(MaxDelaySeconds !== undefined && { MaxDelaySeconds }) };
      const MaxAttempts = Math.min(Number(retrier.MaxAttempts), LOOKS_MAX);
      return { ...retrier, IntervalSeconds: 1, BackoffRate: 1, MaxAttempts };
    });
  }
  return machine;
}

const machines = workflowNames().map((name) => machineOf(name, (step) => step));
const runs: Run[] = machines.flatMap((machine) =>
  aslPaths(machine.definition).map((path, at) => ({ path, machine, operation: `${machine.name}-${at}` })),
);

/** The answer of a step, which the next steps get. */
const resultOf = (state: string) => ({ [state]: 1 });

/** Steps that end as the paths say, with a record of their calls. */
function createSteps() {
  const calls = new Map<string, Call[]>(runs.map(({ operation }) => [operation, []]));
  return {
    calls,
    async run(step: string, input: Record<string, unknown>): Promise<unknown> {
      const operation = String(input.operation);
      const run = runs.find((each) => each.operation === operation);
      const seen = calls.get(operation);
      if (!run || !seen) throw new Error(`No run ${operation}`);
      const { tasks } = run.machine;
      const state = Object.keys(tasks).find((name) => tasks[name] === step) ?? `a state of ${step}`;
      const attempt = seen.filter((call) => call.state === state).length + 1;
      seen.push({ state, attempt, input });
      const name = run.path.errors[state]?.[attempt - 1];
      if (name !== undefined) throw Object.assign(new Error(MESSAGE), { name });
      return resultOf(state);
    },
  };
}

/**
 * A Cause is the message here; on AWS it is what Lambda tells of the error, as JSON. Ours is only for people.
 */
function plain({ state, attempt, input }: Call): Call {
  const { error, ...rest } = input as { error?: { Error: string; Cause: string } };
  if (!error) return { state, attempt, input };
  const { Error: name, Cause, ...more } = error;
  const cause = Cause.startsWith('{') ? (JSON.parse(Cause) as { errorMessage: string }).errorMessage : Cause;
  return { state, attempt, input: { ...rest, error: { Error: name, Cause: cause, ...more } } };
}

const expectedCalls = ({ path, operation }: Run): Call[] =>
  path.calls.map(({ state, attempt, caught, after }) => ({
    state,
    attempt,
    input: {
      operation,
      ...(after !== undefined && { used: resultOf(after) }),
      ...(caught !== undefined && { error: { Error: caught, Cause: MESSAGE } }),
    },
  }));

/** Starts all, which then run at the same time, and awaits their ends. */
async function runAll(workflows: Workflows): Promise<void> {
  for (const { machine, operation } of runs) await workflows.start(machine.name, operation, { operation });
  const waiting = new Set(runs);
  for (const end = Date.now() + LONGEST_MS; waiting.size > 0; await sleep(500)) {
    for (const run of waiting)
      if ((await workflows.describe(run.machine.name, run.operation)) !== 'running') waiting.delete(run);
    const left = [...waiting].map(({ operation }) => operation);
    if (Date.now() > end) throw new Error(`Still running: ${left.join()}`);
  }
}

const remote = createSteps();
let lambda: LambdaServer | undefined;
afterAll(() => lambda?.close());

async function startLambda(): Promise<Record<string, string>> {
  lambda = await serveLambda(({ functionArn: arn, input }) => remote.run(arn.split(':')[7] ?? '', input));
  return { MOTO_PORT: String(lambda.port) };
}

await withMoto((url) => {
  describe('Every path of every workflow', () => {
    const local = createSteps();
    const failures = new Map<string, unknown>();
    const arns = new Map<string, string>();
    let client: SFNClient;
    let workflows: { ours: LocalWorkflows; theirs: Workflows };

    beforeAll(async () => {
      await interpretStateMachines(url());
      // Moto has much to do at once.
      const requestHandler = { connectionTimeout: 30_000, requestTimeout: 30_000 };
      client = new SFNClient({ ...clientOptions(url()), requestHandler });
      for (const name of workflowNames()) {
        const { definition } = machineOf(name, (step) => functionArn(`berth-steps:${step}`));
        arns.set(name, await makeStateMachine(client, `berth-${name}`, definition));
      }
      workflows = {
        ours: createLocalWorkflows({
          path: ':memory:',
          machines,
          runStep: local.run,
          now: Date.now,
          onFailure: ({ name, error }) => failures.set(name, error),
        }),
        theirs: createStepFunctions({
          client,
          stateMachineArn: (name) => arns.get(name) ?? '',
          runStep: () => Promise.reject(new Error('not part of this suite')),
        }),
      };
      await workflows.ours.resume();
      await Promise.all([runAll(workflows.ours), runAll(workflows.theirs)]);
    }, LONGEST_MS + 60_000);
    afterAll(async () => {
      client.destroy();
      await workflows.ours.close();
    });

    /** What Moto notes of an execution: its states in order, and its error. */
    async function history({ machine, operation }: Run) {
      const executionArn = `${arns.get(machine.name)?.replace(':stateMachine:', ':execution:')}:${operation}`;
      const states: string[] = [];
      for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn }))
        for (const { stateEnteredEventDetails } of events)
          if (stateEnteredEventDetails?.name !== undefined) states.push(stateEnteredEventDetails.name);
      const { error } = await client.send(new DescribeExecutionCommand({ executionArn }));
      return { states, error };
    }

    it('takes every state, every Catch and every Retry', () => {
      for (const { name, definition } of machines) {
        const taken = runs.filter(({ machine }) => machine.name === name).flatMap(({ path }) => path.taken);
        expect([...new Set(taken)].sort(), name).toEqual(aslParts(definition).sort());
      }
    });

    it.each(runs.map((run) => [run.machine.name, run.path.name, run] as const))(
      '%s: %s',
      async (_, __, run) => {
        const { machine, operation, path } = run;
        const expected = expectedCalls(run);
        expect(local.calls.get(operation)?.map(plain), 'our interpreter').toEqual(expected);
        expect(remote.calls.get(operation)?.map(plain), "Moto's").toEqual(expected);
        const status = path.error === undefined ? 'succeeded' : 'failed';
        expect(await workflows.ours.describe(machine.name, operation)).toBe(status);
        expect(await workflows.theirs.describe(machine.name, operation)).toBe(status);
        expect((failures.get(operation) as Error | undefined)?.name).toBe(path.error);
        expect(await history(run)).toEqual({ states: path.states, error: path.error });
      },
    );
  });
}, startLambda);
