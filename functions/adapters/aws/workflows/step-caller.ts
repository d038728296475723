/** Steps that belong to no execution, run by the functions that Step Functions calls. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { isProblemCode, Problem, TransientError } from '../../../core/problem.ts';
import type { Workflows } from '../../../ports/workflows.ts';
import { sent } from '../sdk-errors.ts';

export interface StepCallerOptions {
  client: LambdaClient;
  /** The ARN of the function's alias that runs a step. @throws where there is no such step */
  stepArn(step: string): string;
}

export const createStepCaller =
  ({ client, stepArn }: StepCallerOptions): Workflows['runStep'] =>
  async (step, input, abortSignal) => {
    const command = new InvokeCommand({ FunctionName: stepArn(step), Payload: JSON.stringify(input) });
    const { FunctionError, Payload } = await sent(client.send(command, { abortSignal }));
    if (FunctionError !== undefined) throw errorOf(step, Payload?.transformToString() ?? '');
  };

/** The error of a function, as Lambda tells it: by its name it is one of Berth's own again. */
function errorOf(step: string, payload: string): Error {
  const { errorType = 'Error', errorMessage = '' } = JSON.parse(payload) as Record<string, string>;
  const detail = `${step}: ${errorMessage}`;
  const code = errorType.replace(/^Berth\./, '');
  if (isProblemCode(code)) return new Problem(code, detail, { hint: 'Look at the operation.' });
  if (code === 'Transient') return new TransientError(detail);
  return Object.assign(new Error(detail), { name: errorType });
}
