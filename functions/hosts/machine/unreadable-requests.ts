/** Answers with a problem to requests that Node would refuse with a bare status line, or without a word. */

import {
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { problemAnswer, send } from '../../adapters/router/answers.ts';
import { limits } from '../../core/limits.ts';
import { Problem, type ProblemCode, toProblem } from '../../core/problem.ts';

/** The longest time for a client that sends its header drop by drop, milliseconds. */
export const HEADERS_TIMEOUT_MS = limits.headerSeconds.value * 1000;

export const serverOptions: ServerOptions = {
  maxHeaderSize: limits.header.value,
  headersTimeout: HEADERS_TIMEOUT_MS,
  /** An upload may be large and its line slow. */
  requestTimeout: limits.requestSeconds.value * 1000,
  connectionsCheckingInterval: 1_000,
};

const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

const texts: Partial<Record<ProblemCode, readonly [detail: string, hint: string]>> = {
  headers_too_large: [
    'The header can not be read: it is too large.',
    `Send less than ${limits.header.value / 1024} KiB of header.`,
  ],
  payload_too_large: ['The body can not be read: its chunk extensions are too large.', 'Send none.'],
  request_timeout: ['The request took too long to arrive.', 'Send it again, on a better line.'],
};

const LINGER_MS = 1_000;

/** The Problem for an error of Node's HTTP parser. */
function parserProblem(error: NodeJS.ErrnoException): Problem {
  const code = codes[error.code ?? ''] ?? 'malformed_request';
  const [detail, hint] = texts[code] ?? [
    'The request can not be read: it is not valid HTTP/1.1.',
    'Send a valid request; a library for HTTP does that by itself.',
  ];
  return new Problem(code, detail, { hint, cause: error });
}

const documentOf = ({ code, title, status, message, hint }: Problem): string =>
  JSON.stringify({ type: `/problems/${code}`, title, status, code, detail: message, hint });

/** Answers on a socket that has no response object, and ends it. */
function refuse(socket: Duplex, problem: Problem): void {
  const body = documentOf(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // The answer is given a moment to be read, then the socket is destroyed: the client need not close its side, and
  // its data is not wanted.
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

export function answerWithProblems(server: Server): void {
  // Fields are not counted: their size is what a header costs, here as at the gateway of a cluster.
  server.maxHeadersCount = 0;
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => responses.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = responses.get(socket);
    // In the middle of an answer, another answer would be taken for a part of it.
    const answering = response?.headersSent && !response.writableFinished;
    if (!socket.writable || answering || error.code === 'ECONNRESET') return void socket.destroy();
    refuse(socket, parserProblem(error));
  });
  server.on('connect', (_request, socket) => {
    socket.on('error', () => undefined);
    const hint = 'Send the request itself, with the host in the Host header.';
    refuse(socket, new Problem('method_not_allowed', 'Berth is no proxy: it takes no CONNECT.', { hint }));
  });
}

/** Node goes by the first Host header, and another reader may go by the last: such a request has no host. */
export const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length > 1;

export function refuseTwoHosts(request: IncomingMessage, response: ServerResponse): void {
  const why = 'The request can not be read: it has more than one Host header.';
  send(response, problemAnswer(request, 'malformed_request', why, 'Send one Host header.'));
}

/** The Problem for a request that Node accepts and a URL parser does not. */
export function unreadableRequest(error: unknown): Response {
  const problem =
    error instanceof RequestError
      ? new Problem('malformed_request', 'The request can not be read: its target or host is no URL.', {
          hint: 'Send the path alone, and a plain host in the Host header.',
          cause: error,
        })
      : toProblem(error);
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return new Response(documentOf(problem), { status: problem.status, headers });
}
