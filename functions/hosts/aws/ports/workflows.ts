import { SFNClient } from '@aws-sdk/client-sfn';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createStepFunctions } from '../../../adapters/aws/workflows.ts';
import type { Workflows } from '../../../ports/workflows.ts';
import type { AwsConfig } from '../aws-config.ts';

export const createWorkflows = ({ region, stateMachinePrefix }: AwsConfig): Workflows =>
  createStepFunctions({
    client: new SFNClient(sdkOptions({ region })),
    stateMachineArn: (workflow) => `${stateMachinePrefix}${workflow}`,
  });
