/** A program with OpenTelemetry's SDK, told of Berth by its environment alone, has its spans beside those of the router. */
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';

const SERVER = `
import { createServer } from 'node:http';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ParentBasedSampler, AlwaysOnSampler, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const provider = new TracerProvider({
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
const tracer = provider.getTracer('program');
createServer((request, response) => {
  const [, traceId, spanId, flags] = request.headers.traceparent.split('-');
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  const parent = trace.setSpanContext(ROOT_CONTEXT, remote);
  const span = tracer.startSpan('handle', { kind: SpanKind.SERVER }, parent);
  const query = tracer.startSpan('SELECT', { kind: SpanKind.CLIENT }, trace.setSpan(parent, span));
  query.setStatus({ code: SpanStatusCode.ERROR, message: 'no such table' });
  query.end();
  span.setAttribute('service.name', 'somebody-else');
  span.setAttribute('token', process.env.OTEL_EXPORTER_OTLP_HEADERS);
  span.end();
  console.log('handled in trace ' + traceId);
  console.log(process.env.OTEL_EXPORTER_OTLP_HEADERS);
  response.statusCode = request.url === '/broken' ? 500 : 200;
  response.end(process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

const BASE = '/v1/projects/shop';
const HOST = 'web.dev.shop.localhost';
let subject: TestBerth;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: SERVER, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    write: false,
  });
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  const provisioning = subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  const source = await program('traced', { server: outputFiles[0]?.text ?? '' });
  const { result } = await subject.operation('POST', `${BASE}/services/web/builds`, source);
  expect(await provisioning).toMatchObject({ status: 'succeeded' });
  const deployments = `${BASE}/environments/dev/services/web/deployments`;
  const deployed = await subject.operation('POST', deployments, { version: result.version });
  expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
});
afterAll(() => subject?.close());

/** Traces that have so many spans; programs send them when they are done. */
async function tracesWith(spans: number, query = ''): Promise<Json[]> {
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await subject.api('GET', `${BASE}/environments/dev/traces${query}`);
    if (body.items.length > 0 && body.items.every((trace: Json) => trace.spans === spans)) return body.items;
    await sleep(50);
  }
  throw new Error(`No trace has ${spans} spans`);
}

const read = async (id: string): Promise<Json> =>
  (await subject.api('GET', `${BASE}/environments/dev/traces/${id}`)).body;

it('has the spans of a program below the one of the router, and finds its lines', async () => {
  expect((await subject.workload(HOST, '/greet?name=ada')).status).toBe(200);
  const [trace] = await tracesWith(3);
  expect(trace).toMatchObject({ name: 'GET /greet', service: 'web', errors: 1, services: ['web'] });
  const { items, logs } = await read(trace?.id);
  const [router, handle, query] = items;
  expect(items).toMatchObject([
    { from: 'router', name: 'GET /greet', deployment: 1, attributes: { 'http.response.status_code': 200 } },
    { from: 'workload', name: 'handle', service: 'web', deployment: 1, parent: router.id },
    { from: 'workload', name: 'SELECT', parent: handle.id, status: 'error', statusMessage: 'no such table' },
  ]);
  expect(router.durationMs).toBeGreaterThanOrEqual(query.durationMs);
  const found = await subject.api('GET', `${BASE}/environments/dev/logs?${new URLSearchParams(logs)}`);
  expect(found.body.items.map(({ message }: Json) => message)).toEqual([`handled in trace ${trace?.id}`]);
});

it('shows the token of a workload nowhere', async () => {
  const [trace] = await tracesWith(3);
  const whole = JSON.stringify([
    await read(trace?.id),
    (await subject.api('GET', `${BASE}/environments/dev/logs`)).body,
  ]);
  expect(whole).toContain('authorization=Bearer%20••••');
  expect(whole).not.toMatch(/Bearer%20[A-Za-z0-9_-]{8}/);
});

it('finds a request that failed, and continues the trace of its client', async () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${id}-b7ad6b7169203331-01` };
  expect((await subject.workload(HOST, '/broken', { headers })).status).toBe(500);
  const [trace] = await tracesWith(3, '?order=failing&limit=1');
  expect(trace).toMatchObject({ id, errors: 2 });
  expect((await read(id)).items[0]).toMatchObject({ parent: 'b7ad6b7169203331', status: 'error' });
});

it('takes no spans once the environment is gone, and has none of it in another of its name', async () => {
  const endpoint = (await subject.workload(HOST)).text;
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await subject.operation('DELETE', `${BASE}/environments/dev`);
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  expect((await subject.api('GET', `${BASE}/environments/dev/traces`)).body.items).toEqual([]);
  const forged = { method: 'POST', body: '{}', headers: { authorization: 'Bearer x' } };
  expect((await fetch(`${endpoint}/v1/traces`, forged)).status).toBe(401);
});
