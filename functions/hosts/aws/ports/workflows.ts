import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createStepFunctions } from '../../../adapters/aws/workflows.ts';
import { declaredSteps, isStepName } from '../../../core/operations/index.ts';
import type { Workflows } from '../../../ports/workflows.ts';
import type { AwsConfig } from '../aws-config.ts';

/** Who calls bounds the time. */
const PATIENT = { connectionTimeout: 3_000 };

export const createWorkflows = ({ region, stateMachinePrefix, stepFunctions }: AwsConfig): Workflows =>
  createStepFunctions({
    client: new SFNClient(sdkOptions({ region })),
    stateMachineArn: (workflow) => `${stateMachinePrefix}${workflow}`,
    steps: {
      // A step that is called twice does its work twice: the next pass of the sweep is the second try.
      client: new LambdaClient({ ...sdkOptions({ region }), maxAttempts: 1, requestHandler: PATIENT }),
      arn(step) {
        if (!isStepName(step)) throw new Error(`There is no step "${step}"`);
        const name = stepFunctions?.[declaredSteps[step].runsOn];
        if (name === undefined) throw new Error('This function has not been told of those that run steps');
        return `${name}:${step}`;
      },
    },
  });
