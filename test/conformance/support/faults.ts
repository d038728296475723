/** A proxy that does to requests what networks and clouds do. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request. Those that end in `AfterEffect` reach the server first; the others never do. */
export type Fault =
  | 'reset'
  | 'resetAfterEffect'
  /** The answer breaks off in its middle. */
  | 'cutAfterEffect'
  /** No answer ever comes. */
  | 'silentAfterEffect'
  | 'errorAfterEffect'
  | { status: number; body: unknown };

export interface FaultRule {
  fault: Fault;
  /** Only requests of this operation, as in `x-amz-target: Service.Operation`. */
  operation?: string;
  /** How many requests; 1 unless told. */
  times?: number;
  /** Runs between the effect and what becomes of the answer. */
  between?: () => Promise<void>;
}

export interface FaultProxy {
  url: string;
  add(rule: FaultRule): void;
  /** Forgets rules and counts. */
  clear(): void;
  /** Operations in the order of their requests, those hit by faults included. */
  operations: string[];
  /** All that ever came, also before `clear`. */
  seen: Set<string>;
  stop(): Promise<void>;
}

/** An error as AWS's JSON protocols answer it. */
export const awsError = (type: string, status = 400, extra: object = {}): Fault => ({
  status,
  body: { __type: `com.amazonaws#${type}`, message: 'injected', ...extra },
});

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let rules: (FaultRule & { left: number })[] = [];
  const operations: string[] = [];
  const seen = new Set<string>();

  const take = (operation: string): FaultRule | undefined => {
    const rule = rules.find((each) => each.left > 0 && (each.operation ?? operation) === operation);
    if (rule) rule.left--;
    return rule;
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    operations.push(operation);
    seen.add(operation);
    const rule = take(operation);
    if (rule?.fault === 'reset') return void incoming.socket.destroy();
    if (typeof rule?.fault === 'object') return answer(response, rule.fault.status, rule.fault.body);
    const reply = await forward(target, incoming, body);
    await rule?.between?.();
    switch (rule?.fault) {
      case 'resetAfterEffect':
        return void incoming.socket.destroy();
      case 'silentAfterEffect':
        return;
      case 'errorAfterEffect':
        return answer(response, 500, { __type: 'com.amazonaws#InternalServerError', message: 'injected' });
      case 'cutAfterEffect':
        response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
        response.write(reply.body.subarray(0, reply.body.length / 2));
        return void setTimeout(() => incoming.socket.destroy(), 5);
      default:
        response.writeHead(reply.status, reply.headers).end(reply.body);
    }
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (rule) => void rules.push({ ...rule, left: rule.times ?? 1 }),
    clear() {
      rules = [];
      operations.length = 0;
    },
    operations,
    seen,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'played' };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method, headers, url = '/' } = incoming;
    const outgoing = request(new URL(url, target), { method, headers }, async (reply) => {
      try {
        const { statusCode: status = 502, headers: replyHeaders } = reply;
        resolve({ status, headers: replyHeaders, body: Buffer.concat(await reply.toArray()) });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
