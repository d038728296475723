/** The activator between clients, a Berth that is a few lines, and a workload that begins to listen. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivator } from '../../../functions/hosts/activator/activator.ts';
import { createAsk } from '../../../functions/hosts/activator/ask-berth.ts';

const listening = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

const closing = (server: Server): void => {
  server.closeAllConnections();
  server.close();
};

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const tokenFile = join(mkdtempSync(join(tmpdir(), 'berth-activator-')), 'token');
writeFileSync(tokenFile, 'token-of-the-account\n');

describe('The activator', () => {
  let berth: Server;
  let workload: Server;
  let activator: ReturnType<typeof createActivator>;
  let port: number;
  let workloadPort: number;
  /** What Berth answers, by what it is asked. */
  let answer: (asked: {
    service: string;
  }) => [status: number, body: object, headers?: Record<string, string>];
  const asked: { authorization: string | undefined; body: object }[] = [];

  beforeEach(async () => {
    asked.length = 0;
    berth = createServer(async (incoming, response) => {
      const body = JSON.parse(await text(incoming));
      asked.push({ authorization: incoming.headers.authorization, body });
      const [status, told, headers = {}] = answer(body);
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(told));
    });
    workload = createServer(async (incoming, response) => {
      const body = await text(incoming);
      response.writeHead(200, { 'set-cookie': 'a=b' });
      response.end(
        JSON.stringify({ url: incoming.url, method: incoming.method, headers: incoming.rawHeaders, body }),
      );
    });
    workload.on('upgrade', (_incoming, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    // A port that is free, and where nothing listens yet.
    workloadPort = await listening(workload);
    await new Promise((resolve) => workload.close(resolve));
    activator = createActivator({
      ask: createAsk({ url: `http://127.0.0.1:${await listening(berth)}`, tokenFile, againMs: 500 }),
      hostOf: () => '127.0.0.1',
      limits: { holdMs: 15_000, heldPerEnvironment: 250 },
      followMs: 200,
    });
    port = await listening(activator.server);
  });
  afterEach(() => {
    activator.close();
    for (const server of [berth, workload, activator.server]) closing(server);
  });

  const sleeper = (service = 'web') => `demo/dev/${service}:${workloadPort}`;
  const ask = (path = '/', headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          path,
          agent: false,
          method: body === undefined ? 'GET' : 'POST',
          headers: { host: 'web.example.com', 'berth-sleeper': sleeper(), ...headers },
        },
        async (response) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: await text(response),
          }),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  /** Berth wakes it, and it listens a moment later. */
  const waking = () => {
    let isBegun = false;
    answer = () => {
      if (!isBegun) setTimeout(() => workload.listen(workloadPort, '127.0.0.1'), 150);
      isBegun = true;
      return [200, { state: workload.listening ? 'awake' : 'waking' }];
    };
  };

  it('holds what comes while it sleeps, asks once for a storm of it, and gives it all', async () => {
    waking();
    const from = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ask('/size', {}, `body ${index}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.map(({ body }) => JSON.parse(body).body)).toEqual(
      answers.map((_, index) => `body ${index}`),
    );
    expect(asked[0]).toEqual({
      authorization: 'Bearer token-of-the-account',
      body: { project: 'demo', environment: 'dev', service: 'web' },
    });
    expect(asked.length).toBeLessThanOrEqual(1 + (performance.now() - from) / 500);
  });

  it('leaves what the gateway says of the client, and takes away what is for itself alone', async () => {
    waking();
    const { status, body } = await ask('/a?b=c', {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
    });
    expect(status).toBe(200);
    const { url, headers } = JSON.parse(body) as { url: string; headers: string[] };
    expect(url).toBe('/a?b=c');
    const told = headers.map((each) => each.toLowerCase());
    expect(told.filter((each) => each === 'x-forwarded-for')).toHaveLength(1);
    expect(told).toEqual(expect.arrayContaining(['203.0.113.7', 'https', 'web.example.com']));
    expect(told).not.toContain('berth-sleeper');
  });

  it('gives nothing to replicas that are about to end, while it falls asleep', async () => {
    await new Promise<void>((done) => workload.listen(workloadPort, '127.0.0.1', () => done()));
    let isAwake = false;
    answer = () => [200, { state: isAwake ? 'awake' : 'waking' }];
    const page = { accept: 'text/html' };
    expect((await ask('/', page)).status).toBe(503);
    isAwake = true;
    expect((await ask()).status).toBe(200);
  });

  it('keeps a WebSocket until there is somebody to talk to', async () => {
    waking();
    const socket = connect({ host: '127.0.0.1', port });
    const head = `GET /socket HTTP/1.1\r\nHost: web.example.com\r\nBerth-Sleeper: ${sleeper()}\r\n`;
    socket.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`);
    const heard = await new Promise<string>((resolve) => {
      let all = '';
      socket.on('data', (chunk) => {
        all += chunk.toString();
        if (all.endsWith('ping')) resolve(all);
        else if (all.includes('\r\n\r\n')) socket.write('ping');
      });
    });
    expect(heard).toMatch(/^HTTP\/1.1 101 /);
    socket.destroy();
  });

  it('shows a browser a page that loads again, while others wait', async () => {
    answer = () => [200, { state: 'waking' }];
    const page = await ask('/', { accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(page.body).toContain('http-equiv="refresh"');
    expect(page.body).toContain('web is starting');
  });

  it.each<[string, [number, object, Record<string, string>?], number, RegExp]>([
    ['it is not there', [200, { state: 'absent' }], 404, /nothing is deployed/],
    ['people stopped it', [200, { state: 'stopped' }], 503, /web is stopped/],
    [
      'it did not come back',
      [200, { state: 'awake', error: { cause: 'Not all came back: web.', hint: 'Look.' } }],
      503,
      /Not all came back: web\./,
    ],
    [
      'it was woken too often',
      [429, { detail: 'Woken too often.', hint: 'Wait.' }, { 'retry-after': '30' }],
      503,
      /often/,
    ],
    ['Berth does not know the token', [401, {}], 503, /answered 401/],
    ['Berth answers nonsense', [200, { state: 'dancing' }], 503, /answered 200/],
  ])('says why where %s, and asks no second time for what comes next', async (_, told, status, words) => {
    answer = () => told;
    for (let time = 0; time < 3; time++) {
      const found = await ask();
      expect(found.status).toBe(status);
      expect(JSON.parse(found.body).detail).toMatch(words);
    }
    expect(asked).toHaveLength(1);
  });

  it('says why a wake that requests wait for has failed', async () => {
    let isOver = false;
    answer = () =>
      isOver
        ? [200, { state: 'awake', error: { cause: 'Not all came back: web.', hint: 'Look.' } }]
        : [200, { state: 'waking' }];
    setTimeout(() => {
      isOver = true;
    }, 500);
    const found = await ask('/', {}, 'x');
    expect([found.status, JSON.parse(found.body).detail]).toEqual([503, 'Not all came back: web.']);
  });

  it('holds so many requests of an environment and no more', async () => {
    answer = () => [200, { state: 'waking' }];
    let refused = 0;
    const answers = Array.from({ length: 300 }, () =>
      ask().then(({ status, body }) => {
        if (status === 503 && body.includes('too many requests wait')) refused++;
        if (refused === 50 && !workload.listening) {
          answer = () => [200, { state: 'awake' }];
          workload.listen(workloadPort, '127.0.0.1');
        }
        return status;
      }),
    );
    expect((await Promise.all(answers)).filter((status) => status === 200)).toHaveLength(250);
    expect(refused).toBe(50);
  });

  it('answers an authority what the route has told, at the path of its challenge alone', async () => {
    answer = () => [200, { state: 'waking' }];
    const nobody = { 'berth-sleeper': '' };
    const told = { ...nobody, 'berth-challenge': 'token.print' };
    expect(await ask('/.well-known/acme-challenge/token', told)).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      body: 'token.print',
    });
    const probe = { ...told, 'berth-probe': 'yes' };
    expect((await ask('/.well-known/acme-challenge/token', probe)).status).toBe(204);
    expect((await ask('/.well-known/acme-challenge/token', nobody)).status).toBe(404);
    expect((await ask('/other', told)).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('answers nobody’s requests itself, and reaches no address that is not a service’s', async () => {
    answer = () => [200, { state: 'waking' }];
    for (const name of [
      '',
      'demo/dev/web',
      'demo/dev/web:0',
      'a/b/c/d:80',
      'Demo/dev/web:80',
      '../dev/web:80',
    ])
      expect((await ask('/', { 'berth-sleeper': name })).status, name).toBe(404);
    expect((await ask('/healthz', { 'berth-sleeper': '' })).status).toBe(200);
    expect(asked).toEqual([]);
  });
});
