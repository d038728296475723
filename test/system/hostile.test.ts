/**
 * Requests that a stranger may send to the port of a running Berth: each is refused in words, and leaves nothing
 * behind.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../functions/api/http/schemas.ts';
import { HEADERS_TIMEOUT_MS } from '../../functions/hosts/machine/unreadable-requests.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { archive } from '../support/programs.ts';

let subject: TestBerth;
/** A repository of ES modules, with the data directory in it. */
let repository: string;
const rejections: unknown[] = [];
const onRejection = (error: unknown): void => void rejections.push(error);

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'berth-repository-'));
  await writeFile(join(repository, 'package.json'), '{"type":"module"}');
  subject = await startBerth({ parent: repository });
  process.on('unhandledRejection', onRejection);
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
});

afterAll(async () => {
  process.off('unhandledRejection', onRejection);
  await subject?.close();
  await rm(repository, { recursive: true, force: true });
});

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(subject.berth.url).port), '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends bytes and reads until the server ends the connection. */
async function raw(text: string | Uint8Array, limitMs = 60_000): Promise<string> {
  const socket = await open();
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  let stillOpen = false;
  const timer = setTimeout(() => {
    stillOpen = true;
    socket.destroy();
  }, limitMs);
  socket.on('end', () => socket.end());
  await ended;
  clearTimeout(timer);
  if (stillOpen) throw new Error(`The connection stayed open after: ${answer.slice(0, 200)}`);
  return answer;
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
const get = (path: string, ...headers: string[]): string =>
  `GET ${path} HTTP/1.1\r\n${[...headers, 'Connection: close'].map((line) => `${line}\r\n`).join('')}\r\n`;
const post = (path: string, body: string, ...headers: string[]): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${subject.token}\r\nContent-Type: application/json\r\n` +
  `Connection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`;

function expectProblem(answer: string, status: number): void {
  expect(statusOf(answer), answer.slice(0, 300)).toBe(status);
  expect(answer).toMatch(/content-type: application\/problem\+json/i);
  const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  expect(problemSchema.safeParse(problem).error).toBeUndefined();
  expect(problem).toMatchObject({
    status,
    hint: expect.stringMatching(/\S/),
    detail: expect.stringMatching(/\S/),
  });
}

describe('What is no HTTP, or bends it', () => {
  it.each([
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a bare line feed', 'GET /healthz HTTP/1.1\nHost: x\n\n', 400],
    ['a folded header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a control character in a header', get('/healthz', 'Host: x', 'A: b\x01'), 400],
    ['a NUL in the path', get('/\x00', 'Host: x'), 400],
    ['a path beyond ASCII', get('/v1/projects/\xf0\x9f\x98\x80', 'Host: x'), 400],
    ['a large header', get('/', 'Host: x', `A: ${'a'.repeat(80_000)}`), 431],
    ['many headers', get('/', 'Host: x', ...Array.from({ length: 12_000 }, (_, at) => `a${at}: b`)), 431],
    ['a long path', get(`/${'a'.repeat(9000)}`, 'Host: x'), 414],
    ['CONNECT', 'CONNECT a.b.c.localhost:80 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['TRACE', 'TRACE /v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['OPTIONS', 'OPTIONS /v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['a host with a blank', get('/', 'Host: a b.localhost'), 400],
    ['a host with a path', get('/', 'Host: a.b.c.localhost/../x'), 400],
    ['a host that is not ASCII', get('/', 'Host: \xff\xfe'), 400],
    ['two hosts', get('/healthz', 'Host: x', 'Host: y'), 400],
    ['two hosts of a workload', get('/', 'Host: a.b.c.localhost', 'host: x'), 400],
    [
      'a WebSocket to two hosts',
      get('/', 'Host: x', 'HOST: x', 'Upgrade: websocket', 'Connection: Upgrade'),
      400,
    ],
    ['two hosts and a body', `POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 9\r\n\r\n`, 400],
    ['a large header to a workload', get('/', 'Host: a.b.c.localhost', `A: ${'a'.repeat(80_000)}`), 431],
    ['a workload that is not there', get('/', 'Host: a.b.c.localhost:1'), 404],
    ['the same in capitals', get('/', 'Host: A.B.C.LOCALHOST'), 404],
    ['an encoded line break in a name', get('/v1/projects/%0a', 'Host: x'), 401],
    ['a bad encoding in a name', get('/v1/projects/%zz', 'Host: x'), 401],
  ])('%s is a problem', async (_what, text, status) => {
    expectProblem(await raw(text), status);
  });

  it('HTTP/1.0 without a host is answered, and HTTP/1.1 without one is not', async () => {
    expect(statusOf(await raw('GET /healthz HTTP/1.0\r\n\r\n'))).toBe(200);
    expect(statusOf(await raw(get('/healthz')))).toBe(400);
  });

  it('requests in one packet are answered in order', async () => {
    const answer = await raw(
      get('/healthz', 'Host: x').replace('Connection: close\r\n', '').repeat(50) + get('/v1/me', 'Host: x'),
    );
    expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(50);
    expect(answer.match(/HTTP\/1\.1 401 /g)).toHaveLength(1);
  });

  it('an Upgrade is no more than a request to Berth itself, and a problem where no workload is', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const request = (path: string, host: string) =>
      `GET ${path} HTTP/1.0\r\n${[`Host: ${host}`, ...upgrade].join('\r\n')}\r\n\r\n`;
    expect(statusOf(await raw(request('/healthz', 'localhost')))).toBe(200);
    expect(statusOf(await raw(request('/v1/me', 'localhost')))).toBe(401);
    expectProblem(await raw(request('/', 'a.b.c.localhost')), 404);
  });
});

describe('Bodies', () => {
  it.each([
    [
      'two lengths',
      (): string => post('/v1/projects', 'hello', 'Content-Length: 5', 'Content-Length: 6'),
      400,
    ],
    [
      'a length and chunks',
      (): string => post('/v1/projects', '0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['a length below zero', (): string => post('/v1/projects', 'hello', 'Content-Length: -5'), 400],
    [
      'a broken chunk',
      (): string => post('/v1/projects', 'zz\r\n{}\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'),
      400,
    ],
    [
      'a long chunk extension',
      (): string =>
        post('/v1/projects', `2;${'a'.repeat(80_000)}\r\n{}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked'),
      413,
    ],
    ['half a JSON document', (): string => post('/v1/projects', '{"name"', 'Content-Length: 7'), 400],
    [
      '10 MiB of JSON',
      (): string =>
        post('/v1/projects', `"${'a'.repeat(10 * 2 ** 20)}"`, `Content-Length: ${10 * 2 ** 20 + 2}`),
      413,
    ],
    [
      'JSON in gzip',
      (): string => post('/v1/projects', '{}', 'Content-Length: 2', 'Content-Encoding: gzip'),
      415,
    ],
  ])('with %s are a problem', async (_what, text, status) => {
    const answer = await raw(text());
    expectProblem(answer, status);
  });

  it('that unpack to far more than they are fail as a build, and leave no file', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(200 * 2 ** 20), { level: 1 }));
    const operation = await subject.operation('POST', '/v1/projects/shop/services/web/builds', bomb);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'invalid_archive' } });
  });
});

describe('Connections', () => {
  it('that send a header drop by drop, or nothing, are ended in time', async () => {
    const slow = await open();
    const silent = await open();
    const from = performance.now();
    const ended = Promise.all(
      [slow, silent].map(
        (socket) =>
          new Promise<string>((resolve) => {
            let answer = '';
            socket.on('error', () => undefined);
            socket.on('data', (chunk) => (answer += String(chunk)));
            socket.on('close', () => resolve(answer));
            socket.on('end', () => socket.end());
          }),
      ),
    );
    slow.write('GET / HTTP/1.1\r\n');
    const drops = setInterval(() => slow.write('A: b\r\n'), 200);
    const [answer] = await ended;
    clearInterval(drops);
    expect(performance.now() - from).toBeLessThan(HEADERS_TIMEOUT_MS + 30_000);
    expectProblem(answer!, 408);
  });

  it('a thousand of them keep nobody out, and cost little', async () => {
    const before = process.memoryUsage.rss();
    const sockets = await Promise.all(Array.from({ length: 1000 }, open));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    }
    expect((await subject.api('GET', '/v1/me')).status).toBe(200);
    await sleep(300);
    for (const socket of sockets) socket.destroy();
    expect(process.memoryUsage.rss() - before).toBeLessThan(250 * 2 ** 20);
  });
});

describe('Names', () => {
  it.each(['dev\n', 'dev\u0000', '😀', 'a%2fb', '-a', 'a-', 'A', 'a_b', 'a'.repeat(41), '..', ''])(
    '%j is none of ours',
    async (name) => {
      for (const path of ['/v1/projects', '/v1/projects/shop/services', '/v1/projects/shop/environments']) {
        expect(await subject.api('POST', path, { name })).toMatchObject({
          status: 400,
          body: { code: 'invalid_request' },
        });
      }
    },
  );

  it('of Berth’s own are taken: a project "operations" would share its log with every build', async () => {
    const answer = await subject.api('POST', '/v1/projects', { name: 'operations' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.detail).toMatch(/reserved.*another name/);
    expect((await subject.api('POST', '/v1/projects/shop/services', { name: 'operations' })).status).toBe(
      201,
    );
  });
});

describe('A program without a package.json', () => {
  it('is CommonJS, wherever the data directory lies', async () => {
    await subject.operation('POST', '/v1/projects/shop/environments', { name: 'dev' });
    const source = await archive({
      'main.js': `require('node:http').createServer((_, response) => response.end(typeof module)).listen(process.env.PORT);`,
      Procfile: 'web: node main.js',
    });
    const built = await subject.operation('POST', '/v1/projects/shop/services/web/builds', source);
    await subject.operation('POST', '/v1/projects/shop/environments/dev/services/web/deployments', {
      version: built.result.version,
    });
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('object');
  });
});

it('Nothing of all that was a fault of ours, and it still serves', async () => {
  expect(rejections).toEqual([]);
  expect(
    (await subject.api('GET', '/v1/projects')).body.items.map(({ name }: { name: string }) => name),
  ).toEqual(['shop']);
});
