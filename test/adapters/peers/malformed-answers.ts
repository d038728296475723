/** Answers that no HTTP server should give, the same ones in each run, and a server that gives them. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';

export interface MalformedAnswer {
  /** Latin-1. */
  bytes: string;
  /** How the connection ends after them. */
  end: 'close' | 'reset';
}

/** A generator of numbers from 0 up to below `limit`. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const statusLines = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 099 Odd',
  'HTTP/1.1 000 None',
  'HTTP/1.1 1000 Much',
  'HTTP/1.1 20 Short',
  'HTTP/1.1 -1 Less',
  'HTTP/1.1 200 O\x01K',
  'HTTP/1.1 204 O\x7fK',
  'HTTP/1.1 200 \x00',
  'HTTP/1.1 200',
  'HTTP/1.1 999 Last',
  'HTTP/1.1 101 Unasked',
  'HTTP/1.1 103 Early',
  'HTTP/9.9 200 OK',
  'HTTP/1.0 200 OK',
  'ICY 200 OK',
  '',
  '\x16\x03\x01\x02\x00\x01\x00',
];
const fields = [
  '',
  'A: b',
  'A: b\x01',
  'A\x01: b',
  ': empty',
  'No colon',
  ' A: folded',
  'Content-Length: 2',
  'Content-Length: 2\r\nContent-Length: 3',
  'Content-Length: -2',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 2',
  'Transfer-Encoding: gzip',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'Connection: close, A\x00',
  'Set-Cookie: a=b; Domain=\xff',
  `Long: ${'x'.repeat(80_000)}`,
  Array.from({ length: 1500 }, (_, at) => `Many${at}: b`).join('\r\n'),
  Array.from({ length: 8000 }, (_, at) => `More${at}: b`).join('\r\n'),
];
const bodies = [
  '',
  'hi',
  '2\r\nhi\r\n0\r\n\r\n',
  'zz\r\nhi',
  '2\r\nhi',
  '2;x=\x01\r\nhi\r\n0\r\nA: b\x01\r\n\r\n',
  '\x00',
];

/** Every status line with every field, valid answers that end at every byte, and some with bytes changed. */
export function malformedAnswers(): MalformedAnswer[] {
  const next = seeded(10);
  const of = <Item>(items: readonly Item[]): Item => items[next(items.length)] as Item;
  const end = () => of(['close', 'reset'] as const);
  const whole = statusLines.flatMap((line) =>
    fields.map((field) => `${line}\r\n${field}${field === '' ? '' : '\r\n'}\r\n${of(bodies)}`),
  );
  const valid = 'HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
  const cut = Array.from({ length: valid.length }, (_, at) => valid.slice(0, at));
  const changed = Array.from({ length: 150 }, () => {
    const at = next(valid.length);
    return `${valid.slice(0, at)}${String.fromCharCode(next(256))}${valid.slice(at + 1)}`;
  });
  return [
    { bytes: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000), end: 'close' },
    ...[...whole, ...changed].map((bytes) => ({ bytes, end: end() })),
    ...cut.flatMap((bytes) => [
      { bytes, end: 'close' as const },
      { bytes, end: 'reset' as const },
    ]),
  ];
}

export interface AnsweringServer {
  port: number;
  /** Connections that are open. */
  open(): number;
  close(): void;
}

/** Gives the answer that the path of the request numbers: `/3`, `/v2/3/tags`. To any other path it says nothing. */
export async function serveAnswers(answers: readonly MalformedAnswer[]): Promise<AnsweringServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.once('data', (request) => {
      const answer =
        answers[Number(/^[A-Z]+ (?:[a-z.]+|\/v2)?[:/](\d+)[ /:]/.exec(request.toString('latin1'))?.[1])];
      if (!answer) return;
      socket.write(answer.bytes, 'latin1', () => {
        if (answer.end === 'reset') socket.resetAndDestroy();
        else socket.end();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What nobody caught during the present test: it would end Berth. */
export function watchUncaught(): unknown[] {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  beforeEach(() => {
    uncaught.length = 0;
    process.on('uncaughtException', note).on('unhandledRejection', note);
  });
  afterEach(() => void process.off('uncaughtException', note).off('unhandledRejection', note));
  return uncaught;
}
