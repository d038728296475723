/** A proxy in front of an implementation of AWS, which does to requests what networks and clouds do. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ProxyRequest {
  method: string;
  path: string;
  /** The last part of `x-amz-target`, or the query protocol's `Action`, or empty. */
  action: string;
  body: Buffer;
}

export interface PlayedAnswer {
  status: number;
  body: string | Uint8Array;
  headers?: Record<string, string>;
}

/** What becomes of a request. The first two never reach the other side; all others do, and have their effect. */
export type Outcome =
  | PlayedAnswer
  /** The connection breaks before anything is done. */
  | 'cut'
  | 'forward'
  /** The connection breaks where the answer should come. */
  | 'lose'
  /** The answer breaks off in its middle. */
  | 'break'
  /** No answer ever comes. */
  | 'silence'
  /** A 500 in the answer's place. */
  | 'error'
  /** Looks at the answer, which then goes its way, or meets `next`. */
  | { after(answer: Buffer): void | Promise<void>; next?: Exclude<Outcome, PlayedAnswer> };

export interface FaultProxy {
  url: string;
  stop(): Promise<void>;
}

/** An error as the JSON protocols of AWS tell it. */
export const awsError = (status: number, type: string, extra: object = {}): PlayedAnswer => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws#${type}`, message: `injected ${type}`, ...extra }),
  headers: { 'x-amzn-errortype': type },
});

export async function startProxy(
  target: () => string,
  decide: (request: ProxyRequest) => Outcome | Promise<Outcome>,
): Promise<FaultProxy> {
  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    let outcome = await decide(describe(incoming, body));
    if (outcome === 'cut') return void incoming.socket.destroy();
    if (typeof outcome === 'object' && 'status' in outcome) return play(response, outcome);
    const reply = await forward(target(), incoming, body);
    if (typeof outcome === 'object') {
      await outcome.after(reply.body);
      outcome = outcome.next ?? 'forward';
    }
    if (outcome === 'silence') return;
    if (outcome === 'lose') return void incoming.socket.destroy();
    if (outcome === 'error') return play(response, awsError(500, 'InternalServerError'));
    if (outcome !== 'break') return void response.writeHead(reply.status, reply.headers).end(reply.body);
    response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
    response.write(reply.body.subarray(0, reply.body.length / 2));
    setTimeout(() => incoming.socket.destroy(), 5);
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
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

function describe({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): ProxyRequest {
  const target = String(headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const action = target || (new URLSearchParams(body.toString('latin1')).get('Action') ?? '');
  return { method, path: url, action, body };
}

function play(response: ServerResponse, { status, body, headers }: PlayedAnswer): void {
  // The request id tells support/record.ts that nobody else has answered.
  const own = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'played' };
  response.writeHead(status, { ...own, ...headers }).end(body);
}

/** The limit for servers on this machine, milliseconds. */
const PATIENCE_MS = 60_000;

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method, url = '/' } = incoming;
    const { 'transfer-encoding': _chunked, expect: _expect, connection: _, ...headers } = incoming.headers;
    const length =
      body.length > 0 || method === 'PUT' || method === 'POST' ? { 'content-length': body.length } : {};
    const outgoing = request(
      new URL(url, target),
      // A connection a request: one that the other side closes meanwhile is no fault that anybody asked for.
      { method, headers: { ...headers, ...length }, agent: false },
      (reply) => {
        buffer(reply).then((answer) => {
          const { 'transfer-encoding': _too, connection: _close, ...rest } = reply.headers;
          resolve({ status: reply.statusCode ?? 502, headers: rest, body: answer });
        }, reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error('The other side is silent')));
    outgoing.end(body);
  });
}

export interface FaultRule {
  fault: Exclude<Outcome, 'forward' | { after: unknown }>;
  /** Only requests of this action. */
  action?: string;
  /** How many requests; 1 unless told. */
  times?: number;
  /** Runs between the effect and what becomes of the answer. */
  between?: () => Promise<void>;
}

export interface RuledProxy extends FaultProxy {
  add(rule: FaultRule): void;
  /** Forgets rules and counts. */
  clear(): void;
  /** In the order of their requests, those hit by faults included. */
  actions: string[];
  /** All that ever came, also before `clear`. */
  seen: Set<string>;
}

/** A proxy that gets its faults while it runs. */
export async function startRuledProxy(target: string): Promise<RuledProxy> {
  let rules: (FaultRule & { left: number })[] = [];
  const actions: string[] = [];
  const seen = new Set<string>();
  const proxy = await startProxy(
    () => target,
    ({ action }) => {
      actions.push(action);
      seen.add(action);
      const rule = rules.find((each) => each.left > 0 && (each.action ?? action) === action);
      if (!rule) return 'forward';
      rule.left--;
      const { fault, between } = rule;
      if (!between || fault === 'cut' || typeof fault === 'object') return fault;
      return { after: between, next: fault };
    },
  );
  return {
    ...proxy,
    add: (rule) => void rules.push({ ...rule, left: rule.times ?? 1 }),
    clear() {
      rules = [];
      actions.length = 0;
    },
    actions,
    seen,
  };
}

/** An error as the query protocol of AWS tells it, in XML. */
export const queryError = (status: number, code: string): Outcome => ({
  status,
  body: `<ErrorResponse><Error><Code>${code}</Code><Message>injected</Message></Error></ErrorResponse>`,
  headers: { 'content-type': 'text/xml' },
});
