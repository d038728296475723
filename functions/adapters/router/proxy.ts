/** Passes requests to replicas, and streams both ways. */
import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import type { Backend } from '../../ports/traffic.ts';
import { requestHeaders, responseHeaders } from './headers.ts';

export type Outcome =
  | 'done'
  /** Nothing of the body was read and nothing answered, so that another replica may be tried. */
  | 'refused'
  /** The replica ended without an answer. */
  | 'failed'
  | 'timeout';

export interface Proxy {
  forward(request: IncomingMessage, response: ServerResponse, backend: Backend): Promise<Outcome>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, backend: Backend): Promise<Outcome>;
  close(): void;
}

/** Shorter than what servers give an idle connection (Node: 5 s), so that we close it first. */
const IDLE_CONNECTION_MS = 4000;
const FREE_CONNECTIONS = 32;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

export function createProxy(silenceMs: number): Proxy {
  // Connections to a replica that is gone are closed with its agent.
  const agents = new WeakMap<AbortSignal, Agent>();
  const live = new Set<Agent>();

  function agentOf({ closed }: Backend): Agent {
    const present = agents.get(closed);
    if (present) return present;
    const agent = new Agent({
      keepAlive: true,
      maxFreeSockets: FREE_CONNECTIONS,
      timeout: IDLE_CONNECTION_MS,
      scheduling: 'lifo',
    });
    agents.set(closed, agent);
    live.add(agent);
    closed.addEventListener('abort', () => {
      agent.destroy();
      live.delete(agent);
    });
    return agent;
  }

  function open(
    incoming: IncomingMessage,
    backend: Backend,
    headers: string[],
    agent: Agent | false,
  ): ClientRequest {
    return request({
      hostname: backend.hostname,
      port: backend.port,
      method: incoming.method,
      path: incoming.url,
      headers,
      agent,
      setHost: false,
    });
  }

  return {
    forward(incoming, response, backend) {
      const body = hasBody(incoming);
      const headers = requestHeaders(incoming);
      if (incoming.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
      // The replica may close a kept connection just as it is used, and nobody can tell whether it carried the
      // request out. Only a request that is safe and short is tried again; any other gets a new connection.
      const repeatable = !body && SAFE.has(incoming.method ?? '');
      const upstream = open(incoming, backend, headers, repeatable ? agentOf(backend) : false);
      const release = backend.acquire();
      return new Promise((resolve) => {
        let late = false;
        let started = false;
        const finish = (outcome: Outcome): void => {
          release();
          backend.closed.removeEventListener('abort', cancel);
          response.off('close', cancel);
          resolve(outcome);
        };
        const cancel = (): void => void upstream.destroy();
        response.once('close', cancel);
        backend.closed.addEventListener('abort', cancel);
        upstream.setTimeout(silenceMs, () => {
          late = true;
          upstream.destroy();
        });
        upstream.on('error', (error: NodeJS.ErrnoException) => {
          if (response.headersSent) response.destroy();
          if (late) return finish('timeout');
          const retry = !started && (error.code === 'ECONNREFUSED' || (upstream.reusedSocket && repeatable));
          finish(retry && !response.destroyed ? 'refused' : 'failed');
        });
        upstream.on('response', (answer) => {
          started = true;
          response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', responseHeaders(answer));
          // Server-sent events must not wait for the first byte of a body.
          response.flushHeaders();
          pipeline(answer, response, () => finish('done'));
        });
        if (!body) return void upstream.end();
        upstream.once('socket', (socket) =>
          socket.once('connect', () => {
            started = true;
            incoming.pipe(upstream);
            incoming.once('error', cancel);
          }),
        );
        upstream.flushHeaders();
      });
    },

    upgrade(incoming, socket, head, backend) {
      const headers = requestHeaders(incoming);
      headers.push('Connection', 'Upgrade', 'Upgrade', incoming.headers.upgrade ?? 'websocket');
      const upstream = open(incoming, backend, headers, false);
      const release = backend.acquire();
      return new Promise((resolve) => {
        let peer: Duplex | undefined;
        const end = (outcome: Outcome): void => {
          release();
          backend.closed.removeEventListener('abort', cancel);
          socket.destroy();
          peer?.destroy();
          upstream.destroy();
          resolve(outcome);
        };
        const cancel = (): void => end('done');
        const writeHead = (answer: IncomingMessage, extra: string[]): void => {
          const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
          const fields = [...responseHeaders(answer), ...extra];
          for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
          socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
        };
        backend.closed.addEventListener('abort', cancel);
        socket.once('close', cancel);
        upstream.once('error', () => {
          // Once an answer has begun there is nothing left to say. Before that the router answers.
          release();
          backend.closed.removeEventListener('abort', cancel);
          socket.off('close', cancel);
          resolve(peer ? 'done' : 'failed');
        });
        upstream.once('response', (answer) => {
          // Refused: the answer is passed on, and the connection ends with it.
          writeHead(answer, ['Connection', 'close']);
          pipeline(answer, socket, cancel);
        });
        upstream.once('upgrade', (answer, tunnel, rest) => {
          peer = tunnel;
          writeHead(answer, ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? 'websocket']);
          tunnel.setTimeout(0);
          if (rest.length > 0) socket.write(rest);
          if (head.length > 0) tunnel.write(head);
          for (const side of [socket, tunnel]) {
            side.on('error', cancel);
            side.on('close', cancel);
          }
          socket.pipe(tunnel).pipe(socket);
        });
        upstream.setTimeout(silenceMs, () => upstream.destroy());
        upstream.end();
      });
    },

    close() {
      for (const agent of live) agent.destroy();
      live.clear();
    },
  };
}
