/** A proxy in front of an implementation of AWS, in which requests can fail as they do over a network. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ProxyRequest {
  method: string;
  path: string;
  /** The last part of `x-amz-target`, or the query protocol's `Action`, or empty. */
  action: string;
  body: Buffer;
}

/**
 * What becomes of a request: an answer without asking the other side; `forward`; `lose`, which asks and then
 * cuts the connection, as a time-out after the effect does; `cut`, which does not even ask; or `after`, which
 * looks at what the other side answers.
 */
export type Outcome =
  | { status: number; body: string | Uint8Array; headers?: Record<string, string> }
  | 'forward'
  | 'lose'
  | 'cut'
  | { after(answer: Buffer): void };

export interface FaultProxy {
  url: string;
  stop(): Promise<void>;
}

export async function startProxy(
  target: () => string,
  decide: (request: ProxyRequest) => Outcome | Promise<Outcome>,
): Promise<FaultProxy> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const { method = 'GET', url = '/' } = request;
    const named =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const action = named || (new URLSearchParams(body.toString('latin1')).get('Action') ?? '');
    const outcome = await decide({ method, path: url, action, body });
    if (outcome === 'cut') return void response.destroy();
    if (typeof outcome === 'object' && 'status' in outcome) {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        // Tells support/record.ts that nobody else has answered.
        'x-amzn-requestid': 'played',
        ...outcome.headers,
      };
      return void response.writeHead(outcome.status, headers).end(outcome.body);
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined && !/^(connection|content-length|transfer-encoding|expect)$/.test(name))
        headers.set(name, String(value));
    const answer = await fetch(`${target()}${url}`, {
      method,
      headers,
      ...(body.byteLength > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const content = Buffer.from(await answer.arrayBuffer());
    if (typeof outcome === 'object') outcome.after(content);
    if (outcome === 'lose') return void response.destroy();
    const back = Object.fromEntries(
      [...answer.headers].filter(
        ([name]) => !/^(connection|content-length|content-encoding|transfer-encoding)$/.test(name),
      ),
    );
    response.writeHead(answer.status, back).end(content);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** An error as the JSON protocols of AWS tell it. */
export const awsError = (status: number, type: string): Outcome => ({
  status,
  body: JSON.stringify({ __type: type, message: `injected ${type}` }),
  headers: { 'x-amzn-errortype': type },
});
