import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTracer, type Tracer } from '../../../functions/adapters/router/tracer.ts';
import { limits } from '../../../functions/core/limits.ts';
import type { Span, SpanSource } from '../../../functions/ports/traces.ts';

const web = { project: 'demo', environment: 'dev', service: 'web' };
const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags: string): string => `00-${parent.traceId}-${parent.spanId}-${flags}`;

let server: Server;
let clock = 0;
let kept: { source: SpanSource; span: Span }[] = [];
let tracer: Tracer;

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());
beforeEach(() => {
  clock = Date.UTC(2026, 0, 1);
  kept = [];
  const receive = (source: SpanSource, spans: readonly Span[]) => {
    kept.push(...spans.map((span) => ({ source, span })));
    return { rejected: 0 };
  };
  tracer = createTracer({ receive }, { now: () => clock });
});

/** A request as the server has it. */
async function incoming(headers: Record<string, string | string[]> = {}): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const asked = request({ host: '127.0.0.1', port, path: '/a?secret=1', headers });
  const got = once(server, 'request');
  asked.end();
  const [message, response] = await got;
  response.end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  return message;
}

/** What becomes of a request: the fields that its workload gets, by their names in lower case. */
function pass(
  message: IncomingMessage,
  status = 200,
  service = 'web',
  tookMs = 12.25,
): Record<string, string> {
  const instance = { ...web, service };
  tracer.begin(message, instance);
  tracer.begin(message, instance);
  const fields = tracer.fields(message, message.rawHeaders);
  tracer.end(message, instance, { host: 'web.localhost', path: '/a', status, tookMs, deployment: 7 });
  const pairs = fields.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), fields[at + 1] as string]] : [],
  );
  expect(pairs.filter(([name]) => name === 'traceparent')).toHaveLength(1);
  return Object.fromEntries(pairs);
}

it('begins a trace, tells the workload of it, and keeps a span without the query', async () => {
  const fields = pass(await incoming({ accept: 'x', tracestate: 'a=1' }));
  expect(fields.tracestate).toBeUndefined();
  expect(fields.accept).toBe('x');
  expect(kept).toEqual([
    {
      source: { ...web, from: 'router', deployment: 7 },
      span: {
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        name: 'GET /a',
        kind: 'server',
        startUs: clock * 1000 - 12_250,
        durationUs: 12_250,
        status: 'unset',
        attributes: {
          'http.request.method': 'GET',
          'server.address': 'web.localhost',
          'url.path': '/a',
          'http.response.status_code': 200,
        },
        events: [],
        links: [],
      },
    },
  ]);
  const { traceId, spanId } = kept[0]!.span;
  expect(fields.traceparent).toBe(`00-${traceId}-${spanId}-01`);
});

it('continues the trace that a client brings, and begins another where it brings none that can be read', async () => {
  const fields = pass(await incoming({ traceparent: traceparent('01'), tracestate: 'a=1' }));
  expect(fields).toMatchObject({ traceparent: expect.stringContaining(parent.traceId), tracestate: 'a=1' });
  expect(kept[0]?.span).toMatchObject({ traceId: parent.traceId, parentId: parent.spanId });
  for (const broken of ['nonsense', traceparent('01').toUpperCase()]) {
    const other = pass(await incoming({ traceparent: broken, tracestate: 'a=1' }));
    expect(other.traceparent).not.toContain(parent.traceId);
    expect(other.tracestate).toBeUndefined();
  }
  expect(kept).toHaveLength(3);
});

it('keeps so many a second of each service, spread over them, and as many that failed', async () => {
  const message = await incoming();
  const most = limits.tracesPerSecond.value;
  const second = (count: number, status = 200, service = 'web', headers = {}): number => {
    const before = kept.length;
    let told = 0;
    for (let each = 0; each < count; each++) {
      // Each is a request of its own for the tracer.
      const own = Object.assign(Object.create(message), { headers: { ...message.headers, ...headers } });
      if (pass(own, status, service).traceparent?.endsWith('-01')) told++;
    }
    // The workload is told to trace what is kept, but for what turned out to have failed.
    if (status < 500) expect(told).toBe(kept.length - before);
    return kept.length - before;
  };
  expect(second(100)).toBe(most);
  expect(second(2, 200, 'other')).toBe(2);
  clock += 1000;
  // One in twenty of a hundred.
  expect(second(21)).toBe(2);
  clock += 1000;
  expect(second(100, 500)).toBe(2 * most);
  clock += 5000;
  // What a client says is a wish, which has half of the places: its trace may be full. Of the others Berth begins traces.
  expect(second(20, 200, 'web', { traceparent: traceparent('01') })).toBe(most);
  const wished = kept.slice(-most).map(({ span }) => span);
  expect(wished.filter(({ traceId }) => traceId === parent.traceId)).toHaveLength(Math.floor(most / 2));
  for (const { traceId, parentId, links } of wished.slice(2)) {
    expect(traceId).not.toBe(parent.traceId);
    expect(parentId).toBeUndefined();
    expect(links).toEqual([parent]);
  }
  clock += 5000;
  expect(second(20, 200, 'web', { traceparent: traceparent('00') })).toBe(0);
  expect(second(1, 503, 'web', { traceparent: traceparent('00') })).toBe(1);
});

it('has a span of what took longer than a span may have taken', async () => {
  pass(await incoming(), 200, 'web', 3 * 3_600_000);
  const { startUs, durationUs } = kept[0]!.span;
  expect(startUs + durationUs).toBe(clock * 1000);
  expect(startUs).toBeGreaterThan((clock - limits.spanLateSeconds.value * 1000) * 1000);
});
