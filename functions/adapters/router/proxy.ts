/** Passes requests to replicas, and streams both ways. */
import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { limits } from '../../core/limits.ts';
import type { Backend } from '../../ports/traffic.ts';
import { CLOSED, type Failure, failureOf, INTERIM, oddityOf, silent, UNASKED } from './failure.ts';
import { requestHeaders, responseHeaders } from './headers.ts';

export type Outcome =
  | 'done'
  /** Nothing was sent, or nothing but what may be sent again, so that another replica may be tried. */
  | 'refused'
  | Failure;

export interface Proxy {
  /**
   * @param gone aborts when the client has left
   * @param extra fields of the answer beside those of the replica, as a flat list
   */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    backend: Backend,
    gone: AbortSignal,
    extra: readonly string[],
  ): Promise<Outcome>;
  /** As `forward`. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    backend: Backend,
    gone: AbortSignal,
    extra: readonly string[],
  ): Promise<Outcome>;
  close(): void;
}

/** Shorter than what servers give an idle connection (Node: 5 s), so that we close it first. */
const IDLE_CONNECTION_MS = 4000;
const FREE_CONNECTIONS = 32;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/**
 * Counts the replica as busy until an outcome is known; the first one that is told holds.
 * @param start begins, and returns what ends it early: when the replica or the client goes
 */
function exchange(
  backend: Backend,
  gone: AbortSignal,
  start: (end: (outcome: Outcome) => void) => () => void,
): Promise<Outcome> {
  const release = backend.acquire();
  const over = new AbortController();
  return new Promise<Outcome>((resolve) => {
    const cancel = start(resolve);
    // What has been answered to a client that left may never be written, so that no event would tell its end.
    const leave = (): void => {
      cancel();
      resolve('done');
    };
    backend.closed.addEventListener('abort', cancel, { signal: over.signal });
    gone.addEventListener('abort', leave, { signal: over.signal });
    if (gone.aborted) leave();
  }).finally(() => {
    release();
    over.abort();
  });
}

/** Answers before the answer, as 103, are not passed on; a program that sends no end of them is never silent. */
function boundInterim(upstream: ClientRequest, fail: (failure: Failure) => void): void {
  let count = 0;
  upstream.on('information', () => {
    count += 1;
    if (count > limits.interimAnswers.value) fail(INTERIM);
  });
}

/**
 * Before there is a connection nothing has been sent, so that any request may be tried elsewhere. A replica that is gone may
 * refuse it, or say nothing: the network between drops what is sent to an address that nobody has any more.
 * @param late is called where there is none in time
 * @returns whether there is one
 */
function boundConnect(upstream: ClientRequest, connectMs: number, late: () => void): () => boolean {
  let isConnected = false;
  upstream.once('socket', (socket) => {
    isConnected = !socket.connecting;
    if (isConnected) return;
    const timer = setTimeout(late, connectMs);
    socket.once('connect', () => {
      isConnected = true;
      clearTimeout(timer);
    });
    upstream.once('close', () => clearTimeout(timer));
  });
  return () => isConnected;
}

export interface ProxyLimits {
  /** How long a workload may be silent within one request, milliseconds. */
  silenceMs: number;
  /** How long a connection may take; shorter than an idle one is kept, whose time runs from its beginning. */
  connectMs: number;
}

/** @param headersOf the fields of a request as the workload gets them, but for those of the connection to it */
export function createProxy({ silenceMs, connectMs }: ProxyLimits, headersOf = requestHeaders): Proxy {
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
    const upstream = request({
      hostname: backend.hostname,
      port: backend.port,
      method: incoming.method,
      path: incoming.url,
      headers,
      agent,
      setHost: false,
      maxHeaderSize: limits.header.value,
    });
    // Node leaves out header fields past the thousandth without a word; their size is limited all the same.
    upstream.maxHeadersCount = 0;
    return upstream;
  }

  return {
    async forward(incoming, response, backend, gone, extra) {
      const body = hasBody(incoming);
      const headers = headersOf(incoming);
      if (incoming.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
      // The replica may close a kept connection just as it is used, and nobody can tell whether it carried the
      // request out. Only a request that is safe and short is tried again; any other gets a new connection.
      const repeatable = !body && SAFE.has(incoming.method ?? '');
      return exchange(backend, gone, (end) => {
        const upstream = open(incoming, backend, headers, repeatable ? agentOf(backend) : false);
        let started = false;
        const cancel = (): void => void upstream.destroy();
        const fail = (failure: Failure): void => {
          end(failure);
          cancel();
        };
        upstream.setTimeout(silenceMs, () => fail(silent(silenceMs)));
        boundInterim(upstream, fail);
        const isConnected = boundConnect(upstream, connectMs, () => {
          end('refused');
          cancel();
        });
        upstream.on('error', (error: NodeJS.ErrnoException) => {
          if (response.headersSent) response.destroy();
          const failure = failureOf(error);
          // What can not be read is an answer all the same: only a connection that ended without one is tried again.
          const wasKept = upstream.reusedSocket && repeatable && failure === CLOSED;
          const retry = !isConnected() || (!started && wasKept);
          end(retry && !response.destroyed ? 'refused' : failure);
        });
        upstream.on('response', (answer) => {
          started = true;
          const oddity = oddityOf(answer);
          if (oddity) return fail(oddity);
          const fields = [...responseHeaders(answer), ...extra];
          response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', fields);
          // Server-sent events must not wait for the first byte of a body.
          response.flushHeaders();
          pipeline(answer, response, () => end('done'));
        });
        upstream.on('upgrade', (_answer, tunnel) => {
          tunnel.destroy();
          end(UNASKED);
        });
        upstream.on('close', () => {
          if (!response.headersSent) end(CLOSED);
        });
        if (body) {
          upstream.once('socket', (socket) =>
            socket.once('connect', () => {
              started = true;
              incoming.pipe(upstream);
              incoming.once('error', cancel);
            }),
          );
          upstream.flushHeaders();
        } else upstream.end();
        return cancel;
      });
    },

    async upgrade(incoming, socket, head, backend, gone, extra) {
      const headers = headersOf(incoming);
      headers.push('Connection', 'Upgrade', 'Upgrade', incoming.headers.upgrade ?? 'websocket');
      return exchange(backend, gone, (end) => {
        const upstream = open(incoming, backend, headers, false);
        let peer: Duplex | undefined;
        const cancel = (): void => {
          socket.destroy();
          peer?.destroy();
          upstream.destroy();
          end('done');
        };
        // Once an answer has begun there is nothing left to say. Before that the router answers.
        let begun = false;
        const fail = (failure: Failure): void => {
          end(begun ? 'done' : failure);
          upstream.destroy();
          if (begun) socket.destroy();
        };
        const writeHead = (answer: IncomingMessage, connection: string[]): void => {
          begun = true;
          const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
          const fields = [...responseHeaders(answer), ...extra, ...connection];
          for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
          socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
        };
        upstream.setTimeout(silenceMs, () => fail(silent(silenceMs)));
        boundInterim(upstream, fail);
        const refused = (): void => {
          end('refused');
          upstream.destroy();
        };
        const isConnected = boundConnect(upstream, connectMs, refused);
        upstream.on('error', (error) => (isConnected() ? fail(failureOf(error)) : refused()));
        upstream.on('response', (answer) => {
          const oddity = oddityOf(answer);
          if (oddity) return fail(oddity);
          // Refused: the answer is passed on, and the connection ends with it.
          writeHead(answer, ['Connection', 'close']);
          pipeline(answer, socket, cancel);
        });
        upstream.on('upgrade', (answer, tunnel, rest) => {
          peer = tunnel;
          for (const side of [socket, tunnel]) {
            side.on('error', cancel);
            side.on('close', cancel);
          }
          writeHead(answer, ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? 'websocket']);
          tunnel.setTimeout(0);
          if (rest.length > 0) socket.write(rest);
          if (head.length > 0) tunnel.write(head);
          socket.pipe(tunnel).pipe(socket);
        });
        upstream.on('close', () => {
          if (!begun) end(CLOSED);
        });
        upstream.end();
        return cancel;
      });
    },

    close() {
      for (const agent of live) agent.destroy();
      live.clear();
    },
  };
}
