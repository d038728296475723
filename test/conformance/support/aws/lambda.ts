/** Lambda's own protocol in front of functions of a suite, for what invokes them, as Moto's Step Functions does. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { createStepCaller } from '../../../../functions/adapters/aws/workflows/step-caller.ts';
import type { Workflows } from '../../../../functions/ports/workflows.ts';
import { clientOptions, REGION } from '../../aws/support.ts';

const ACCOUNT = '123456789012';

export const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

export interface Invocation {
  /** The ARN by which the function was called. */
  functionArn: string;
  input: Record<string, unknown>;
}

export interface LambdaServer {
  port: number;
  /** Runs steps by it. @param name of the function of a step */
  runStep(name: (step: string) => string): Workflows['runStep'];
  close(): void;
}

/** @param invoke its error is the function's, by name and message */
export async function serveLambda(
  invoke: (invocation: Invocation) => Promise<unknown>,
): Promise<LambdaServer> {
  const server = createServer(async (request, response) => {
    const arn = decodeURIComponent(request.url ?? '').split('/')[3] ?? '';
    const send = (value: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value ?? null));
    try {
      const input = (await json(request)) as Record<string, unknown>;
      send(await invoke({ functionArn: arn, input }));
    } catch (error) {
      const { name, message } = error as Error;
      send({ errorType: name, errorMessage: message }, { 'x-amz-function-error': 'Unhandled' });
    }
  });
  // Moto looks for it under this name.
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new LambdaClient(clientOptions(`http://localhost:${port}`));
  return {
    runStep: (name) => createStepCaller({ client, stepArn: (step) => functionArn(name(step)) }),
    port,
    close() {
      client.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}
