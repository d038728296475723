/** What a workload or a receiver sends is bytes of a stranger: whatever they are, Berth goes on. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSending } from '../../../functions/adapters/outgoing/outgoing.ts';
import { createReceivers } from '../../../functions/adapters/outgoing/receivers.ts';
import { runProbe } from '../../../functions/adapters/processes/programs/probe.ts';
import { createRouter, type Router } from '../../../functions/adapters/router/router.ts';
import { createTraffic } from '../../../functions/adapters/router/traffic.ts';
import { eventually } from '../../contracts/workloads/workloads-spec.ts';
import { type AnsweringServer, malformedAnswers, serveAnswers, watchUncaught } from './malformed-answers.ts';

const answers = malformedAnswers();
const unasked = answers.findIndex(({ bytes }) =>
  bytes.startsWith('HTTP/1.1 101 Unasked\r\nConnection: Upgrade\r\n'),
);
const AT_ONCE = 25;
const TOUCH_MS = 20;
const uncaught = watchUncaught();
let peer: AnsweringServer;

/** Calls for every answer, some at a time. */
async function forEachAnswer(call: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < answers.length) await call(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

beforeAll(async () => {
  peer = await serveAnswers(answers);
});
afterAll(() => peer.close());

describe('An answer that is not HTTP', () => {
  const front = createServer();
  let router: Router;
  let inFlight = 0;
  let touched = 0;

  beforeAll(async () => {
    const traffic = createTraffic({ baseHost: () => 'localhost' });
    const closed = new AbortController().signal;
    const acquire = () => {
      inFlight++;
      return () => void inFlight--;
    };
    traffic.declare({
      instance: { project: 'demo', environment: 'dev', service: 'web' },
      routes: [],
      condition: () => ({ state: 'ready' }),
      tracks: () => [
        {
          weight: 100,
          backends: [{ deployment: 1, hostname: '127.0.0.1', port: peer.port, closed, acquire }],
        },
      ],
    });
    router = createRouter({
      traffic,
      activity: { record: () => undefined, touch: () => void touched++ },
      fallback: (_, response) => response.end('berth'),
      wake: async () => 'waking',
      limits: { touchMs: TOUCH_MS },
    });
    front.on('request', router.request).on('upgrade', router.upgrade).listen(0, '127.0.0.1');
    await once(front, 'listening');
  });
  afterAll(() => {
    front.closeAllConnections();
    front.close();
    router.close();
  });

  /** Sends the text, and reads until the connection ends. */
  async function send(text: string): Promise<string> {
    const socket = connect((front.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1'))).on('error', () => undefined);
    socket.write(text);
    await once(socket, 'close');
    return answer;
  }
  const head = (method: string, path: string, ...lines: string[]): string =>
    `${[`${method} ${path} HTTP/1.1`, 'Host: web.dev.demo.localhost', ...lines].join('\r\n')}\r\n\r\n`;

  async function expectNothingLeft(): Promise<void> {
    await eventually(
      () => inFlight,
      (count) => count === 0,
    );
    await eventually(
      () => peer.open(),
      (count) => count === 0,
    );
    touched = 0;
    await new Promise((resolve) => setTimeout(resolve, TOUCH_MS * 4));
    expect(touched).toBe(0);
    expect(uncaught).toEqual([]);
  }

  it.each([
    ['a request', (path: string): string => head('GET', path, 'Connection: close')],
    [
      'an upload',
      (path: string): string => `${head('POST', path, 'Connection: close', 'Content-Length: 2')}hi`,
    ],
    ['a WebSocket', (path: string): string => head('GET', path, 'Connection: Upgrade', 'Upgrade: websocket')],
  ])('ends %s with an answer, and leaves nothing that counts as active', async (_what, request) => {
    await forEachAnswer(async (at) => {
      const answer = await send(request(`/${at}`));
      expect(answer, JSON.stringify(answers[at]).slice(0, 200)).toMatch(/^HTTP\/1\.1 [1-9]\d\d /);
    });
    await expectNothingLeft();
  });

  it.each([
    ['HTTP/1.1 099 Odd\r\n\r\n', 'the status 99 is not one of an answer'],
    ['HTTP/1.1 200 O\x01K\r\n\r\n', 'a control character in the status line'],
    ['HTTP/1.1 1000 Much\r\n\r\n', 'Invalid response status'],
  ])('is a 502 that says what is wrong with it: %j', async (start, why) => {
    const at = answers.findIndex(({ bytes }) => bytes.startsWith(start));
    const answer = await send(head('GET', `/${at}`, 'Connection: close'));
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
      code: 'upstream_unavailable',
      detail: `web gave no answer: what it sent is not valid HTTP/1.1 (${why}).`,
    });
  });

  it.each(['Long: ', 'More0: '])(
    'is a 502 that says so when its header is larger than Node takes: %j',
    async (field) => {
      const at = answers.findIndex(({ bytes }) => bytes.startsWith(`HTTP/1.1 200 OK\r\n${field}`));
      const answer = await send(head('GET', `/${at}`, 'Connection: close'));
      expect(answer).toMatch(/^HTTP\/1\.1 502 /);
      expect(answer).toContain('web gave no answer: the header of its answer is larger than 64 KiB.');
    },
  );

  it('has all its header fields passed on, as many as there are within that size', async () => {
    const at = answers.findIndex(({ bytes }) => bytes.startsWith('HTTP/1.1 200 OK\r\nMany0: '));
    const answer = await send(head('GET', `/${at}`, 'Connection: close'));
    expect(answer.match(/^Many\d+:/gm)).toHaveLength(1500);
  });

  it('is a 502 when interim answers have no end, for a WebSocket too', async () => {
    const at = answers.findIndex(({ bytes }) => bytes.startsWith('HTTP/1.1 102'));
    for (const more of ['Connection: close', 'Connection: Upgrade\r\nUpgrade: websocket']) {
      const answer = await send(head('GET', `/${at}`, more));
      expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(answer).toContain('more interim answers (1xx) than a request may have');
    }
  });

  it('is a 502 when it is a 101 that nobody asked for, and the request ends', async () => {
    const answer = await send(head('GET', `/${unasked}`, 'Connection: close'));
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
    expect(answer).toContain('which the request had not asked for');
    await expectNothingLeft();
  });

  it('or a silent one leaves nothing of a WebSocket whose client resets its connection', async () => {
    for (const host of ['web.dev.demo.localhost', 'none.dev.demo.localhost', 'localhost']) {
      const socket = connect((front.address() as AddressInfo).port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `GET /silent HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.resetAndDestroy();
    }
    await expectNothingLeft();
  });

  it('leaves nothing of requests behind it on the same connection when the client goes', async () => {
    const good = answers.findIndex(({ bytes }) => bytes.startsWith('HTTP/1.1 200 OK\r\nA: b\r\n\r\n'));
    const socket = connect((front.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(head('GET', '/silent') + head('GET', `/${good}`).repeat(20));
    await eventually(
      () => inFlight,
      (count) => count === 21,
    );
    socket.destroy();
    await expectNothingLeft();
  });
});

describe('A probe', () => {
  const probe = (at: number) => {
    const get = { path: `/${at}`, port: 80, scheme: 'HTTP' as const, headers: [] };
    const target = { port: () => peer.port, hosts: () => ['127.0.0.1'], exec: async () => undefined };
    return runProbe({ httpGet: get }, target, 60_000);
  };

  it('that is answered 101 has failed, and the next one is made', async () => {
    for (let turn = 0; turn < 2; turn++) {
      expect(await probe(unasked)).toBe(
        `GET /${unasked} on port 80 answered 101, which it had not been asked for`,
      );
    }
  });

  it('comes to an end, whatever it is answered', async () => {
    await forEachAnswer(async (at) => {
      const finding = await probe(at);
      if (finding !== undefined)
        expect(finding).toMatch(/^GET \/\d+ on port 80 (?:answered \d+|failed: .|got no answer)/);
      const isWell = /^HTTP\/1\.[01] (?:2|3)\d\d/.test(answers[at]?.bytes ?? '');
      if (!isWell) expect([answers[at], finding]).toEqual([answers[at], expect.any(String)]);
    });
    expect(uncaught).toEqual([]);
  });
});

describe('A request to an address that a user names', () => {
  it('comes to an end, whatever it is answered', async () => {
    const origin = `http://127.0.0.1:${peer.port}`;
    const send = createSending({ trusted: [origin], timeoutMs: 60_000 });
    let settled = 0;
    await forEachAnswer(async (at) => {
      const answer = await send(new URL(`${origin}/${at}`), { method: 'GET', headers: {} }).catch(
        () => undefined,
      );
      answer?.destroy();
      settled++;
    });
    expect(settled).toBe(answers.length);
    expect(uncaught).toEqual([]);
  });
});

describe('The delivery of an event', () => {
  it('comes to an end with a status or a reason, whatever it is answered, and leaves no connection', async () => {
    const origin = `http://127.0.0.1:${peer.port}`;
    const receivers = createReceivers({ trusted: [origin], timeoutMs: 60_000 });
    const message = { headers: { 'content-type': 'application/json' }, body: '{}' };
    await forEachAnswer(async (at) => {
      const receipt = await receivers.post(`${origin}/${at}`, message);
      const { bytes } = answers[at]!;
      if ('status' in receipt) expect(bytes).toMatch(/^HTTP/);
      else expect(receipt.fault, bytes.slice(0, 200)).toMatch(/^(?:a redirect|the (?:connection|answer) )/);
      if ('status' in receipt && receipt.status >= 200 && receipt.status < 300)
        expect(bytes).toMatch(/HTTP\/1\.[01] 2\d\d/);
    });
    await eventually(
      () => peer.open(),
      (count) => count === 0,
    );
    expect(uncaught).toEqual([]);
  });

  it('that is answered by no HTTP fails with that reason', async () => {
    const origin = `http://127.0.0.1:${peer.port}`;
    const at = answers.findIndex(({ bytes }) => bytes.startsWith('HTTP/1.1 1000 Much'));
    const receivers = createReceivers({ trusted: [origin] });
    expect(await receivers.post(`${origin}/${at}`, { headers: {}, body: '{}' })).toEqual({
      fault: 'the answer is not valid HTTP/1.1',
    });
  });
});
