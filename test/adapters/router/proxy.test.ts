/** Replicas that take no connection, in front of real sockets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRouter, type Router } from '../../../functions/adapters/router/router.ts';
import type { Backend } from '../../../functions/ports/traffic.ts';

/** Listens and never takes what comes, as its loop stands still: once its queue is full, the kernel drops what asks. */
const DEAF = `
  const server = require('node:net').createServer();
  server.listen(0, '127.0.0.1', 1, () => {
    require('node:fs').writeSync(1, String(server.address().port) + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });`;

const instance = { project: 'demo', environment: 'dev', service: 'web' };
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = async (server: Server): Promise<Server> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

describe('A replica that says nothing to a connection', () => {
  const queued: Socket[] = [];
  let deaf: ChildProcess;
  let healthy: Server;
  let front: Server;
  let router: Router;
  let backends: Backend[];

  const backend = (port: number): Backend => ({
    deployment: 1,
    hostname: '127.0.0.1',
    port,
    closed: new AbortController().signal,
    acquire: () => () => undefined,
  });

  beforeAll(async () => {
    deaf = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(deaf.stdout ?? process.stdin, 'data');
    const gone = backend(Number(String(line)));
    for (let count = 0; count < 4; count++)
      queued.push(connect(gone.port, gone.hostname).on('error', () => undefined));
    healthy = createServer((incoming, response) => {
      incoming
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => response.end(`${incoming.method} ${chunks.join('')}`));
    });
    healthy.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.end();
    });
    await listening(healthy);
    const there = backend(portOf(healthy));
    let turn = 0;
    backends = [gone, there];
    router = createRouter({
      traffic: {
        domain: () => 'localhost',
        nextChange: () => new Promise(() => undefined),
        target: () => ({ instance, state: 'ready', next: () => backends[turn++ % backends.length] }),
      },
      activity: { record: () => undefined },
      address: (incoming) => ({ host: incoming.headers.host ?? '', path: '/', place: undefined }),
      fallback: (_, response) => response.end(),
      wake: async () => 'waking',
      limits: { connectMs: 150 },
    });
    front = createServer({ shouldUpgradeCallback: () => true });
    front.on('request', router.request).on('upgrade', router.upgrade);
    await listening(front);
    // The queue of the kernel is full once a connection is left waiting.
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  afterAll(() => {
    for (const socket of queued) socket.destroy();
    deaf.kill('SIGKILL');
    for (const server of [front, healthy]) {
      server.closeAllConnections();
      server.close();
    }
    router.close();
  });

  function ask(method: string, body?: string): Promise<[number | undefined, string]> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ port: portOf(front), method, headers: { host: 'web' } }, async (response) =>
        resolve([response.statusCode, (await response.setEncoding('utf8').toArray()).join('')]),
      );
      outgoing.on('error', reject).end(body);
    });
  }

  it.each(['GET', 'POST'])('keeps no %s that another one can answer', async (method) => {
    const body = method === 'POST' ? 'all of it' : undefined;
    for (let nth = 0; nth < 3; nth++)
      expect(await ask(method, body)).toEqual([200, `${method} ${body ?? ''}`]);
  });

  it('keeps no WebSocket that another one can open', async () => {
    const outgoing = request({
      port: portOf(front),
      headers: { host: 'web', connection: 'upgrade', upgrade: 'websocket' },
    });
    outgoing.end();
    const [answer] = await once(outgoing, 'upgrade');
    expect(answer.statusCode).toBe(101);
  });

  it('is told as one that takes no connection where there is no other', async () => {
    backends = backends.slice(0, 1);
    const [status, body] = await ask('POST', 'x');
    expect([status, JSON.parse(body)]).toMatchObject([
      502,
      { code: 'upstream_unavailable', detail: expect.stringContaining('it took no connection') },
    ]);
  });
});
