/**
 * Workflows over Step Functions: moto interprets the state machine, and invokes the steps as Lambda functions,
 * which are served here in Lambda's own protocol.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll } from 'vitest';
import { createStepFunctions } from '../../../functions/adapters/aws/workflows/workflows.ts';
import { type ContractSteps, contractMachine, workflowsContract } from '../../contracts/workflows.ts';
import { functionArn, type LambdaServer, serveLambda } from '../support/aws/lambda.ts';
import { interpretStateMachines, makeStateMachine } from '../support/aws/step-functions.ts';
import { clientOptions, withMoto } from './support.ts';

/** A function's time in these suites, a little less than its state's TimeoutSeconds of 2. */
const FUNCTION_TIMEOUT_MS = 1_900;

const subjects = new Map<string, ContractSteps>();
/** Ends the steps of a subject, as one does that finds its operation canceled. */
const endings = new Map<string, PromiseWithResolvers<void>>();
let lambda: LambdaServer | undefined;
afterAll(() => lambda?.close());

async function startLambda(): Promise<Record<string, string>> {
  lambda = await serveLambda(async ({ functionArn: arn, input }) => {
    const [, subject = '', step = ''] = arn.match(/:(\d+)-(\w+)$/) ?? [];
    const run = subjects.get(subject)?.[step];
    if (!run) throw new Error(`no step ${step} of ${subject}`);
    // Moto calls a stopped run failed if its step fails after that, which AWS does not.
    const ended = endings.get(subject)?.promise;
    return Promise.race([run(input, AbortSignal.timeout(FUNCTION_TIMEOUT_MS)), ended]);
  });
  // Where moto looks for the functions that a state machine invokes.
  return { MOTO_PORT: String(lambda.port) };
}

await withMoto((url) => {
  let count = 0;
  workflowsContract('Step Functions', async (steps) => {
    await interpretStateMachines(url());
    const client = new SFNClient(clientOptions(url()));
    const subject = String(count++);
    subjects.set(subject, steps);
    const ending = Promise.withResolvers<void>();
    endings.set(subject, ending);
    const definition = structuredClone(contractMachine.definition);
    for (const state of Object.values(definition.States))
      if (state.Type === 'Task') state.Resource = functionArn(`${subject}-${state.Resource}`);
    const arn = await makeStateMachine(client, `contract-${subject}`, definition);
    const workflows = createStepFunctions({
      client,
      stateMachineArn: () => arn,
      runStep: lambda!.runStep((step) => `${subject}-${step}`),
    });
    return {
      workflows: {
        ...workflows,
        async stop(workflow, name, cause) {
          await workflows.stop(workflow, name, cause);
          ending.resolve();
        },
      },
      stopTellsStep: false,
      async ended(name) {
        while ((await workflows.describe('contract', name)) === 'running') await sleep(50);
      },
      close: async () => client.destroy(),
    };
  });
}, startLambda);
