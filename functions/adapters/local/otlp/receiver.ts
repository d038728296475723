/**
 * Takes spans of the workloads of this machine: OTLP/HTTP at a port of the loopback interface that does nothing else, so that
 * containers, which reach nothing of this machine, may be led there.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { environmentName } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Traces } from '../../../ports/traces.ts';
import { createRates } from '../traces/span-rates.ts';
import { MalformedSpans, type RequestSpans, spansOf } from './otlp-spans.ts';
import type { Sender, Senders } from './senders.ts';

export interface SpanReceiver {
  port: number;
  close(): Promise<void>;
}

type Encoding = 'json' | 'protobuf';

/** google.rpc.Code, which OTLP's errors have beside the status. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 413: 8, 415: 3, 429: 8 };
const UNKNOWN = 2;

/** A client that still sends is given a moment to read the answer. */
const LINGER_MS = 200;
const BODY_FIRST = 16 * 1024;
const BODY_MAX = limits.spansBody.value;
const unpack = promisify(gunzip);

class Refused extends Error {
  status: number;
  retryAfterSeconds?: number;
  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds;
  }
}

const tooLarge = (): Refused =>
  new Refused(413, `A request with spans has at most ${BODY_MAX} bytes; send fewer at once.`);

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX) throw tooLarge();
  // One buffer: a chunk costs hundreds of bytes however small it is. The answer goes out by the connection of the request.
  let all = Buffer.allocUnsafe(BODY_FIRST);
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const from = size;
    size += chunk.length;
    if (size > BODY_MAX) throw tooLarge();
    if (size > all.length) all = Buffer.concat([all], Math.min(BODY_MAX, 2 ** Math.ceil(Math.log2(size))));
    chunk.copy(all, from);
  }
  const body = all.subarray(0, size);
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding === 'identity') return body;
  if (coding !== 'gzip') throw new Refused(415, 'The body can be packed with gzip, and in no other way.');
  return unpack(body, { maxOutputLength: BODY_MAX }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : new Refused(400, 'The body is no gzip.');
  });
}

function encodingOf({ headers }: IncomingMessage): Encoding | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type === 'application/x-protobuf' ? 'protobuf' : undefined;
}

/** @throws MalformedSpans whatever it is that can not be read */
async function parse(body: Buffer, encoding: Encoding, say: (text: string) => string): Promise<RequestSpans> {
  const decode =
    encoding === 'protobuf'
      ? (await import('./otlp-protobuf.ts')).decodeRequest
      : (bytes: Buffer): unknown => JSON.parse(bytes.toString());
  try {
    return spansOf(decode(body), say);
  } catch (error) {
    throw new MalformedSpans((error as Error).message);
  }
}

function answer(
  response: ServerResponse,
  status: number,
  encoding: Encoding,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed) return;
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
  response.once('finish', () => {
    if (response.req.complete) return;
    response.req.resume();
    setTimeout(() => response.req.destroy(), LINGER_MS).unref();
  });
}

async function refuse(response: ServerResponse, encoding: Encoding, refused: Refused): Promise<void> {
  const { status, message, retryAfterSeconds } = refused;
  const code = RPC_CODES[status] ?? UNKNOWN;
  const body =
    encoding === 'json'
      ? JSON.stringify({ code, message })
      : (await import('./otlp-protobuf.ts')).encodeStatus(code, message);
  answer(response, status, encoding, body, {
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  });
}

async function accept(
  response: ServerResponse,
  encoding: Encoding,
  rejected: number,
  why: string | undefined,
): Promise<void> {
  const partial = { rejectedSpans: String(rejected), errorMessage: why };
  const body =
    encoding === 'json'
      ? JSON.stringify(rejected > 0 ? { partialSuccess: partial } : {})
      : (await import('./otlp-protobuf.ts')).encodeResponse(rejected, why);
  answer(response, 200, encoding, body);
}

/**
 * @param onError is told of what is a fault of ours
 * @param idleMs after which a connection ends on which nothing comes
 */
export async function createSpanReceiver(
  traces: Pick<Traces, 'receive'>,
  senders: Pick<Senders, 'find'>,
  onError: (error: unknown) => void,
  idleMs = limits.headerSeconds.value * 1000,
): Promise<SpanReceiver> {
  const rates = createRates(limits.spansBytesPerSecond.value, () => performance.now());
  const reading = new Map<string, number>();
  let all = 0;

  /** Counts a request of an environment; the result ends it. */
  function enter(environment: string): () => void {
    const own = reading.get(environment) ?? 0;
    if (all >= limits.spansRequests.value || own >= limits.spansRequestsEach.value)
      throw new Refused(429, 'Other requests with spans are being read.', 1);
    all++;
    reading.set(environment, own + 1);
    return () => {
      all--;
      const left = (reading.get(environment) ?? 1) - 1;
      if (left > 0) reading.set(environment, left);
      else reading.delete(environment);
    };
  }

  function senderOf({ headers }: IncomingMessage): Sender {
    const token = /^Bearer +(\S{1,200})$/i.exec(headers.authorization ?? '')?.[1];
    const sender = token === undefined ? undefined : senders.find(token);
    if (sender) return sender;
    throw new Refused(
      401,
      'The token is of no workload that runs here. Send what OTEL_EXPORTER_OTLP_HEADERS holds in the environment of the workload.',
    );
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request);
    if (request.url !== '/v1/traces')
      throw new Refused(404, 'Spans alone are taken here, at /v1/traces; neither metrics nor logs.');
    if (request.method !== 'POST') throw new Refused(405, 'Spans are sent with POST.');
    const sender = senderOf(request);
    if (!encoding) throw new Refused(415, 'Spans are sent as application/x-protobuf or application/json.');
    const environment = environmentName(sender.source);
    const leave = enter(environment);
    try {
      const body = await bodyOf(request);
      if (body.length > 0 && rates.takeAll(environment, body.length) === 0)
        throw new Refused(
          429,
          `An environment may send ${limits.spansBytesPerSecond.value} bytes a second of requests with spans.`,
          1,
        );
      const { spans, over } = await parse(body, encoding, sender.mask());
      const { rejected, why, retryAfterSeconds } = traces.receive(sender.source, spans);
      if (retryAfterSeconds !== undefined && rejected === spans.length)
        throw new Refused(429, why ?? 'Too many spans.', retryAfterSeconds);
      const cut = over > 0 ? `A request may have ${limits.spansOfRequest.value} spans.` : undefined;
      await accept(response, encoding, rejected + over, why ?? cut);
    } finally {
      leave();
    }
  }

  const server = createServer(
    {
      headersTimeout: limits.headerSeconds.value * 1000,
      requestTimeout: limits.spansRequestSeconds.value * 1000,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      // A client that leaves is told by the body that ends.
      response.on('error', () => undefined);
      take(request, response)
        .catch((error: unknown) => {
          if (request.destroyed && !request.complete) return;
          const encoding = encodingOf(request) ?? 'json';
          if (error instanceof Refused) return refuse(response, encoding, error);
          if (error instanceof MalformedSpans)
            return refuse(
              response,
              encoding,
              new Refused(400, `The body can not be read: ${error.message.slice(0, 200)}.`),
            );
          onError(error);
          return refuse(response, encoding, new Refused(500, 'The spans could not be taken.'));
        })
        .catch(onError);
    },
  );
  server.maxConnections = limits.spansConnections.value;
  // The time for a header begins with its first byte.
  server.timeout = idleMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
