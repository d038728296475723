import { SFNClient } from '@aws-sdk/client-sfn';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createStepFunctions } from '../../../adapters/aws/workflows/workflows.ts';
import { declaredSteps, isStepName } from '../../../core/operations/index.ts';
import type { Workflows } from '../../../ports/workflows.ts';
import type { AwsConfig } from '../aws-config.ts';
import { once } from '../lazy.ts';

/** Who calls bounds the time. */
const PATIENT = { connectionTimeout: 3_000 };

export function createWorkflows({ region, stateMachinePrefix, stepFunctions }: AwsConfig): Workflows {
  const stepArn = (step: string): string => {
    if (!isStepName(step)) throw new Error(`There is no step "${step}"`);
    const name = stepFunctions?.[declaredSteps[step].runsOn];
    if (name === undefined) throw new Error('This function has not been told of those that run steps');
    return `${name}:${step}`;
  };
  // The sweep alone needs it, and seldom.
  const caller = once(async () => {
    const [{ LambdaClient }, { createStepCaller }] = await Promise.all([
      import('@aws-sdk/client-lambda'),
      import('../../../adapters/aws/workflows/step-caller.ts'),
    ]);
    // A step that is called twice does its work twice: the next pass of the sweep is the second try.
    const client = new LambdaClient({ ...sdkOptions({ region }), maxAttempts: 1, requestHandler: PATIENT });
    return createStepCaller({ client, stepArn });
  });
  return createStepFunctions({
    client: new SFNClient(sdkOptions({ region })),
    stateMachineArn: (workflow) => `${stateMachinePrefix}${workflow}`,
    runStep: async (...step) => (await caller())(...step),
  });
}
