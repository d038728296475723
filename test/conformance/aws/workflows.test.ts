/**
 * Workflows over Step Functions: moto interprets the state machine, and invokes the steps as Lambda functions,
 * which are served here in Lambda's own protocol.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll } from 'vitest';
import { createStepFunctions } from '../../../functions/adapters/aws/workflows.ts';
import { type ContractSteps, contractMachine, workflowsContract } from '../../contracts/workflows.ts';
import { clientOptions, REGION, withMoto } from './support.ts';

/** A function's time in these suites, a little less than its state's TimeoutSeconds of 2. */
const FUNCTION_TIMEOUT_MS = 1_900;
const SUBJECT = /^\/2015-03-31\/functions\/.*?(\d+)-(\w+)\/invocations/;

const subjects = new Map<string, ContractSteps>();
/** Ends the steps of a subject, as one does that finds its operation canceled. */
const endings = new Map<string, PromiseWithResolvers<void>>();
let lambda: Server | undefined;
afterAll(() => void lambda?.closeAllConnections());
afterAll(() => void lambda?.close());

async function serveLambda(): Promise<number> {
  lambda = createServer(async (request, response) => {
    const [, subject = '', step = ''] = decodeURIComponent(request.url ?? '').match(SUBJECT) ?? [];
    const input = (await json(request)) as Record<string, unknown>;
    const send = (value: unknown, error: boolean) =>
      response
        .writeHead(200, {
          'content-type': 'application/json',
          ...(error ? { 'x-amz-function-error': 'Unhandled' } : {}),
        })
        .end(JSON.stringify(value ?? null));
    try {
      const run = subjects.get(subject)?.[step];
      if (!run) throw new Error(`no step ${step} of ${subject}`);
      // Moto calls a stopped run failed if its step fails after that, which AWS does not.
      const ended = endings.get(subject)?.promise;
      send(await Promise.race([run(input, AbortSignal.timeout(FUNCTION_TIMEOUT_MS)), ended]), false);
    } catch (error) {
      const { name, message } = error as Error;
      send({ errorType: name, errorMessage: message }, true);
    }
  });
  await new Promise<void>((resolve) => lambda?.listen(0, 'localhost', resolve));
  return (lambda.address() as AddressInfo).port;
}

await withMoto(
  (url) => {
    let count = 0;
    workflowsContract('Step Functions', async (steps) => {
      await fetch(`${url()}/moto-api/config`, {
        method: 'POST',
        body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
      });
      const client = new SFNClient(clientOptions(url()));
      const subject = String(count++);
      subjects.set(subject, steps);
      const ending = Promise.withResolvers<void>();
      endings.set(subject, ending);
      const definition = structuredClone(contractMachine.definition);
      for (const state of Object.values(definition.States) as { Type: string; Resource?: string }[])
        if (state.Type === 'Task')
          state.Resource = `arn:aws:lambda:${REGION}:123456789012:function:${subject}-${state.Resource}`;
      const made = await client.send(
        new CreateStateMachineCommand({
          name: `contract-${subject}`,
          definition: JSON.stringify(definition),
          roleArn: 'arn:aws:iam::123456789012:role/steps',
        }),
      );
      const workflows = createStepFunctions({
        client,
        stateMachineArn: () => made.stateMachineArn ?? '',
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
  },
  // Where moto looks for the functions that a state machine invokes.
  async () => ({ MOTO_PORT: String(await serveLambda()) }),
);
