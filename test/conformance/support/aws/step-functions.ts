/** Moto's Step Functions, told to run what it is given. */
import { CreateStateMachineCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { StateMachineDefinition } from '../../../../state-machines/load.ts';

/** Without it Moto only notes executions. */
export async function interpretStateMachines(moto: string): Promise<void> {
  await fetch(`${moto}/moto-api/config`, {
    method: 'POST',
    body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
  });
}

/** @returns its ARN */
export async function makeStateMachine(
  client: SFNClient,
  name: string,
  definition: StateMachineDefinition,
): Promise<string> {
  const roleArn = 'arn:aws:iam::123456789012:role/steps';
  const command = new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn });
  return (await client.send(command)).stateMachineArn ?? '';
}
