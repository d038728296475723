/** Spans are taken from OpenTelemetry's own SDK, and from nobody else than workloads. */
import { gzipSync } from 'node:zlib';
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReceiver, type Receiver } from '../../../../functions/adapters/local/otlp/receiver.ts';
import { createSenders } from '../../../../functions/adapters/local/otlp/senders.ts';
import { createWorkloadTelemetry } from '../../../../functions/adapters/local/otlp/workload-variables.ts';
import { limits } from '../../../../functions/core/limits.ts';
import type { Received, Span, SpanSource } from '../../../../functions/ports/traces.ts';
import type { WorkloadSpec } from '../../../../functions/ports/workloads.ts';

const spec = (number: number, environment = 'dev'): WorkloadSpec => ({
  project: 'demo',
  environment,
  service: 'web',
  number,
  fence: number,
  operation: 'o',
  containers: [],
  secrets: ['correct-horse-battery'],
  ports: [],
  routes: [],
  replicas: 1,
  progressDeadlineSeconds: 60,
  minReadySeconds: 0,
  drainSeconds: 1,
});

const taken: { source: SpanSource; spans: readonly Span[] }[] = [];
const errors: unknown[] = [];
let answer: Received = { rejected: 0 };
const senders = createSenders();
let receiver: Receiver;
let url: string;
let token: string;

beforeAll(async () => {
  const receive = (source: SpanSource, spans: readonly Span[]): Received => {
    taken.push({ source, spans });
    return answer;
  };
  receiver = await createReceiver({ receive }, senders, (error) => errors.push(error));
  url = `http://127.0.0.1:${receiver.port}/v1/traces`;
  token = senders.of(spec(3)).token;
});
afterAll(async () => {
  await receiver?.close();
  expect(errors).toEqual([]);
});

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = url,
) {
  const response = await fetch(path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const nanos = (ms: number): string => `${BigInt(ms) * 1_000_000n}`;
const jsonOf = (spans: object[]): string => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const span = {
  traceId: '5B8EFFF798038103D269B633813FC60C',
  spanId: 'EEE19B7EC3C1B174',
  name: 'I am a span',
  startTimeUnixNano: nanos(Date.now()),
  endTimeUnixNano: nanos(Date.now() + 5),
};

it.each([undefined, 'gzip'])('takes what the SDK sends as protobuf, packed by %s', async (compression) => {
  taken.length = 0;
  const exporter = new OTLPTraceExporter({
    url,
    headers: { authorization: `Bearer ${token}` },
    ...(compression && { compression: compression as never }),
  });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('test');
  const outer = tracer.startSpan('outer', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  const within: Context = trace.setSpan(ROOT_CONTEXT, outer);
  const inner = tracer.startSpan(
    'SELECT',
    { kind: SpanKind.CLIENT, links: [{ context: outer.spanContext() }] },
    within,
  );
  inner.setAttributes({
    text: 'password=correct-horse-battery',
    n: -7,
    half: 0.5,
    yes: true,
    list: ['a', 'ß'],
  });
  inner.addEvent('retry', { attempt: 2 });
  inner.setStatus({ code: SpanStatusCode.ERROR, message: 'no rows' });
  inner.end();
  outer.end();
  await provider.forceFlush();
  await provider.shutdown();
  const spans = taken.flatMap((each) => each.spans);
  const { traceId, spanId } = outer.spanContext();
  expect(new Set(taken.map(({ source }) => JSON.stringify(source)))).toEqual(
    new Set([
      JSON.stringify({
        project: 'demo',
        environment: 'dev',
        service: 'web',
        deployment: 3,
        from: 'workload',
      }),
    ]),
  );
  const found = spans.find(({ name }) => name === 'SELECT');
  expect(found).toMatchObject({
    traceId,
    parentId: spanId,
    kind: 'client',
    status: 'error',
    statusMessage: 'no rows',
    // What is secret in output is secret here.
    attributes: { text: 'password=••••', n: -7, half: 0.5, yes: true, list: ['a', 'ß'] },
    events: [{ name: 'retry', attributes: { attempt: 2 } }],
    links: [{ traceId, spanId }],
  });
  expect(Math.abs((found?.startUs ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
  expect(spans.find(({ name }) => name === 'outer')).toMatchObject({
    spanId,
    kind: 'server',
    status: 'unset',
  });
  expect(spans.find(({ name }) => name === 'outer')?.parentId).toBeUndefined();
});

it('takes JSON as the specification has it, whatever it says of its resource', async () => {
  taken.length = 0;
  const attributes = [
    { key: 'int', value: { intValue: '9007199254740993' } },
    {
      key: 'map',
      value: { kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{}] } } }] } },
    },
  ];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'somebody-else' } }] };
  const request = {
    resourceSpans: [
      { resource, scopeSpans: [{ spans: [{ ...span, kind: 'SPAN_KIND_SERVER', attributes, unknown: 1 }] }] },
    ],
  };
  const sent = await post(gzipSync(JSON.stringify(request)), { 'content-encoding': 'gzip' });
  expect(sent).toMatchObject({ status: 200, text: '{}' });
  expect(taken[0]?.source.service).toBe('web');
  expect(taken[0]?.spans).toEqual([
    {
      traceId: span.traceId.toLowerCase(),
      spanId: span.spanId.toLowerCase(),
      name: 'I am a span',
      kind: 'server',
      startUs: Number(BigInt(span.startTimeUnixNano) / 1000n),
      durationUs: expect.any(Number),
      status: 'unset',
      attributes: { int: '9007199254740993', map: '{"a":[null]}' },
      events: [],
      links: [],
    },
  ]);
});

it('says what was rejected, and asks a sender that is too fast to wait', async () => {
  answer = { rejected: 1, why: 'It is late.' };
  expect(await post(jsonOf([span, span]))).toMatchObject({
    status: 200,
    text: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"It is late."}}',
  });
  answer = { rejected: 2, why: 'Slow down.', retryAfterSeconds: 3 };
  const slow = await post(jsonOf([span, span]));
  expect(slow.status).toBe(429);
  expect(slow.headers.get('retry-after')).toBe('3');
  answer = { rejected: 0 };
});

it.each([
  ['no token', 401, '{}', { authorization: '' }],
  ['a token of nobody', 401, '{}', { authorization: 'Bearer abc' }],
  ['another form', 415, '{}', { 'content-type': 'text/plain' }],
  ['another packing', 415, '{}', { 'content-encoding': 'br' }],
  ['what is no JSON', 400, '{', {}],
  ['what is no request', 400, '[]', {}],
  ['what is no list of spans', 400, '{"resourceSpans":{}}', {}],
  ['what is not packed', 400, '{}', { 'content-encoding': 'gzip' }],
  ['protobuf that ends early', 400, '\n\x7f', { 'content-type': 'application/x-protobuf' }],
  ['protobuf of other fields', 400, '\x08\x01', { 'content-type': 'application/x-protobuf' }],
  ['too much', 413, 'x'.repeat(limits.spansBody.value + 1), {}],
  [
    'what is too much unpacked',
    413,
    gzipSync(Buffer.alloc(limits.spansBody.value + 1)),
    { 'content-encoding': 'gzip' },
  ],
])('refuses %s with %i, in the form of the sender', async (_, status, body, headers) => {
  taken.length = 0;
  const refused = await post(body as string, headers as Record<string, string>);
  expect(refused.status).toBe(status);
  const isJson = !('content-type' in headers) || headers['content-type'] === 'text/plain';
  if (isJson)
    expect(JSON.parse(refused.text)).toEqual({ code: expect.any(Number), message: expect.any(String) });
  else expect(refused.headers.get('content-type')).toBe('application/x-protobuf');
  expect(taken).toEqual([]);
});

it('does nothing else at its port', async () => {
  expect((await post('{}', {}, url.replace('traces', 'metrics'))).status).toBe(404);
  expect((await fetch(url)).status).toBe(405);
});

it('knows no token any more once its environment is gone', async () => {
  const other = senders.of(spec(1, 'gone'));
  expect(senders.of(spec(1, 'gone'))).toBe(other);
  senders.forget({ project: 'demo', environment: 'gone' });
  expect((await post('{}', { authorization: `Bearer ${other.token}` })).status).toBe(401);
  expect((await post('{}')).status).toBe(200);
});

it('gives its address and a token to workloads that send nowhere else', () => {
  const telemetry = createWorkloadTelemetry(senders, 4318);
  const all = telemetry.variables(spec(3), new Set());
  expect(all).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
    OTEL_SERVICE_NAME: 'web',
  });
  expect(telemetry.secrets(spec(3))).toEqual([token]);
  const own = telemetry.variables(
    spec(3),
    new Set(['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_SERVICE_NAME']),
  );
  expect(Object.keys(own)).toEqual(['OTEL_RESOURCE_ATTRIBUTES']);
});
