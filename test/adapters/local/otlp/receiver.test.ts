/** Spans are taken from OpenTelemetry's own SDK, and from nobody else than workloads. */
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSpanReceiver, type SpanReceiver } from '../../../../functions/adapters/local/otlp/receiver.ts';
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
let receiver: SpanReceiver;
let url: string;
let token: string;

beforeAll(async () => {
  const receive = (source: SpanSource, spans: readonly Span[]): Received => {
    taken.push({ source, spans });
    return answer;
  };
  receiver = await createSpanReceiver({ receive }, senders, (error) => errors.push(error));
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
/** As many scopes with these spans. */
const listsOf = (spans: string, count: number): string =>
  `{"resourceSpans":[{"scopeSpans":[${Array(count).fill(`{"spans":${spans}}`).join(',')}]}]}`;
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
  [
    'values deep within each other',
    400,
    jsonOf([{ ...span, attributes: [{ key: 'k', value: 'deep' }] }]).replace(
      '"deep"',
      `${'{"arrayValue":{"values":['.repeat(9000)}${']}}'.repeat(9000)}`,
    ),
    {},
  ],
  ['more parts than are looked at', 400, listsOf('[]', limits.spansMessages.value), {}],
  [
    'as much in protobuf',
    400,
    Buffer.alloc(2 * limits.spansMessages.value + 2, '0a00', 'hex'),
    { 'content-type': 'application/x-protobuf' },
  ],
  [
    'a message of protobuf that passes its end',
    400,
    Buffer.from('0a02120a1200', 'hex'),
    { 'content-type': 'application/x-protobuf' },
  ],
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

it('looks at no more spans, attributes and events than are kept, and counts the others', async () => {
  taken.length = 0;
  const most = limits.spansOfRequest.value;
  const many = jsonOf([span]).replace('}]}]}]}', `},${Array(400_000).fill('0').join(',')}]}]}]}`);
  const sent = await post(gzipSync(many), { 'content-encoding': 'gzip' });
  expect(sent.text).toBe(
    `{"partialSuccess":{"rejectedSpans":"${400_001 - most}","errorMessage":"A request may have ${most} spans."}}`,
  );
  expect(taken[0]?.spans).toHaveLength(most);
  const list = Array(70).fill({ key: 'k' });
  await post(jsonOf([{ ...span, attributes: list, events: list, links: list, droppedLinksCount: 1e308 }]));
  const found = taken[1]?.spans[0];
  expect(found?.events).toHaveLength(limits.spanEvents.value);
  expect(found?.dropped).toBe(
    limits.spansMessages.value + 70 - limits.spanAttributes.value + 2 * (70 - limits.spanEvents.value),
  );
});

it('takes a kind and numbers of no known form for none', async () => {
  taken.length = 0;
  const attributes = [{ key: 'k', value: { intValue: { toString: 1 }, doubleValue: [[1]] } }];
  expect(await post(jsonOf([{ ...span, kind: { toString: 1 }, attributes }]))).toMatchObject({ status: 200 });
  expect(taken[0]?.spans[0]).toMatchObject({ kind: 'internal', attributes: { k: 'null' } });
});

/** A connection that sends bytes as they are; the text that came until its end. */
function raw(send: (socket: Socket) => void, to = receiver): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(to.port, '127.0.0.1', () => send(socket));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined).on('close', () => resolve(text));
  });
}
const head = (bearer: string, more: string): string =>
  `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearer}\r\n${more}\r\n\r\n`;

it('refuses a body without a length once it is too large, and takes one in small chunks', async () => {
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
  const large = await raw((socket) =>
    socket.write(
      head(token, 'Transfer-Encoding: chunked') + chunk.repeat(limits.spansBody.value / 65_536 + 2),
    ),
  );
  expect(large).toMatch(/^HTTP\/1.1 413 /);
  const small = await raw((socket) =>
    socket.end(
      `${head(token, 'Transfer-Encoding: chunked\r\nConnection: close')}${'1\r\n \r\n'.repeat(40_000)}2\r\n{}\r\n0\r\n\r\n`,
    ),
  );
  expect(small).toMatch(/^HTTP\/1.1 200 /);
});

it('ends connections that say nothing, and reads two requests of an environment at once', async () => {
  const hasty = await createSpanReceiver(
    { receive: () => answer },
    senders,
    (error) => errors.push(error),
    200,
  );
  expect(await raw(() => undefined, hasty)).toBe('');
  const slow = [3, 4, 5].map((number) =>
    raw((socket) => socket.write(`${head(senders.of(spec(number)).token, 'Content-Length: 9')}{`), hasty),
  );
  const answers = await Promise.all(slow);
  expect(answers.filter((text) => text.startsWith('HTTP/1.1 429 '))).toHaveLength(1);
  await hasty.close();
  expect((await post('{}')).status).toBe(200);
});

it('reads so many bytes a second of an environment, and of others beside it', async () => {
  const busy = senders.of(spec(1, 'busy')).token;
  const body = `{}${' '.repeat(limits.spansBody.value - 2)}`;
  const all: number[] = [];
  for (let count = 0; count < 12; count++)
    all.push(
      (await post(gzipSync(body), { authorization: `Bearer ${busy}`, 'content-encoding': 'gzip' })).status,
    );
  expect(all.slice(0, 10)).toEqual(Array(10).fill(200));
  expect(all).toContain(429);
  expect((await post(body)).status).toBe(200);
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

it('hides what is secret in the latest specification of a deployment', () => {
  const sender = senders.of(spec(7));
  expect(sender.mask()('correct-horse-battery')).toBe('••••');
  expect(senders.of({ ...spec(7), secrets: ['after-the-rotation'] })).toBe(sender);
  expect(sender.mask()('after-the-rotation')).toBe('••••');
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
  const timeout = telemetry.variables(spec(3), new Set(['OTEL_EXPORTER_OTLP_TIMEOUT']));
  expect(timeout).toHaveProperty('OTEL_EXPORTER_OTLP_HEADERS');
  const own = telemetry.variables(
    spec(3),
    new Set(['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_SERVICE_NAME']),
  );
  expect(Object.keys(own)).toEqual(['OTEL_RESOURCE_ATTRIBUTES']);
});
