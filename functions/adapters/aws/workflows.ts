/**
 * Workflows in Step Functions, Standard: an execution is named by its operation, so that a start which is asked
 * for twice, also after a time-out, is one execution. What it tells of an execution may lag behind its start by
 * a moment; whoever finds none and starts it again changes nothing.
 */

import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { isProblemCode, Problem, TransientError } from '../../core/problem.ts';
import type { WorkflowStatus, Workflows } from '../../ports/workflows.ts';
import { sent, unless } from './sdk-errors.ts';

export interface StepFunctionsOptions {
  client: SFNClient;
  /** The ARN of a workflow. @throws where there is no such workflow */
  stateMachineArn(workflow: string): string;
  /** Lambda, and the ARN of the function's alias that runs a step. @throws where there is no such step */
  steps: { client: LambdaClient; arn(step: string): string };
}

const STATUS: Record<string, WorkflowStatus> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'stopped',
};

/** Step Functions' limit, characters. */
const CAUSE_MAX_LENGTH = 32_768;

/** The error of a function, as Lambda tells it: by its name it is one of Berth's own again. */
function errorOf(step: string, payload: string): Error {
  const { errorType = 'Error', errorMessage = '' } = JSON.parse(payload) as Record<string, string>;
  const detail = `${step}: ${errorMessage}`;
  const code = errorType.replace(/^Berth\./, '');
  if (isProblemCode(code)) return new Problem(code, detail, { hint: 'Look at the operation.' });
  if (code === 'Transient') return new TransientError(detail);
  return Object.assign(new Error(detail), { name: errorType });
}

export function createStepFunctions({ client, stateMachineArn, steps }: StepFunctionsOptions): Workflows {
  const executionArn = (workflow: string, name: string): string =>
    `${stateMachineArn(workflow).replace(':stateMachine:', ':execution:')}:${name}`;

  const describe = async (workflow: string, name: string): Promise<WorkflowStatus | undefined> => {
    const command = new DescribeExecutionCommand({
      executionArn: executionArn(workflow, name),
      // Input and output are left out: nobody here needs them.
      includedData: 'METADATA_ONLY',
    });
    const found = await unless(['ExecutionDoesNotExist'], client.send(command));
    return found?.status === undefined ? undefined : (STATUS[found.status] ?? 'running');
  };

  return {
    pauses: true,
    async start(workflow, name, input) {
      const command = new StartExecutionCommand({
        stateMachineArn: stateMachineArn(workflow),
        name,
        input: JSON.stringify(input),
      });
      await unless(['ExecutionAlreadyExists'], client.send(command));
    },

    async stop(workflow, name, cause) {
      // A stop would give an execution that has ended another end time.
      if ((await describe(workflow, name)) !== 'running') return;
      const command = new StopExecutionCommand({
        executionArn: executionArn(workflow, name),
        error: 'Berth.canceled',
        cause: cause.slice(0, CAUSE_MAX_LENGTH),
      });
      await unless(['ExecutionDoesNotExist'], client.send(command));
    },

    describe,

    async runStep(step, input, abortSignal) {
      const command = new InvokeCommand({ FunctionName: steps.arn(step), Payload: JSON.stringify(input) });
      const { FunctionError, Payload } = await sent(steps.client.send(command, { abortSignal }));
      if (FunctionError !== undefined) throw errorOf(step, Payload?.transformToString() ?? '');
    },

    close: async () => undefined,
  };
}
