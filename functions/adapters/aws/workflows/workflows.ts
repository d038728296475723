/**
 * Workflows in Step Functions, Standard: an execution is named by its operation, so that a start which is asked
 * for twice, also after a time-out, is one execution. What it tells of an execution may lag behind its start by
 * a moment; whoever finds none and starts it again changes nothing.
 */
import {
  DescribeExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { WorkflowStatus, Workflows } from '../../../ports/workflows.ts';
import { unless } from '../sdk-errors.ts';

export interface StepFunctionsOptions {
  client: SFNClient;
  /** The ARN of a workflow. @throws where there is no such workflow */
  stateMachineArn(workflow: string): string;
  /** Runs steps that belong to no execution, where the others run. */
  runStep: Workflows['runStep'];
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

export function createStepFunctions({ client, stateMachineArn, runStep }: StepFunctionsOptions): Workflows {
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

    runStep,

    close: async () => undefined,
  };
}
