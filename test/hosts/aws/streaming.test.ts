/** Event streams as Lambda calls for them: an event of a Function URL, a response stream, a context. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStreams } from '../../../functions/api/http/sse.ts';
import { createStreamHandler } from '../../../functions/hosts/aws/streaming.ts';

type Handler = (event: unknown, stream: Writable, context: unknown) => Promise<void>;

/** The runtime's part: it marks the handler, and puts the head before the body. */
beforeAll(() => {
  vi.stubGlobal('awslambda', {
    streamifyResponse: (handler: Handler) => handler,
    HttpResponseStream: {
      from: (stream: Writable, head: object) => {
        stream.write(`${JSON.stringify(head)}\0`);
        return stream;
      },
    },
  });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** Collects what is written; once `broken` is set, each write fails. */
class Response extends Writable {
  text = '';
  broken = false;
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (!this.broken) this.text += chunk.toString();
    done(this.broken ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : undefined);
  }
}

const event = (headers: Record<string, string> = {}) => ({
  version: '2.0',
  rawPath: '/v1/projects/harbour/events',
  rawQueryString: '',
  headers: { host: 'example.lambda-url.eu-west-1.on.aws', accept: 'text/event-stream', ...headers },
  requestContext: {
    domainName: 'example.lambda-url.eu-west-1.on.aws',
    http: { method: 'GET', path: '/v1/projects/harbour/events', sourceIp: '192.0.2.1' },
  },
  isBase64Encoded: false,
});
const context = (milliseconds: number) => ({ getRemainingTimeInMillis: () => milliseconds });

/** The streams of the product, on events that come when the test says so. */
function subject(heartbeatMs: number) {
  const streams = createStreams({ perPerson: 1, heartbeatMs });
  const seen: Request[] = [];
  let tell: (data: string) => void = () => undefined;
  async function* events(signal: AbortSignal) {
    while (!signal.aborted) {
      const data = await new Promise<string | undefined>((resolve) => {
        tell = resolve;
        signal.addEventListener('abort', () => resolve(undefined));
      });
      if (data !== undefined) yield { data };
    }
  }
  const app = {
    fetch(request: Request) {
      seen.push(request);
      const body = streams.open({
        person: 'user:ada',
        instance: '/',
        signal: request.signal,
        events,
        stillAllowed: () => Promise.resolve(true),
        onError: () => undefined,
      });
      return new globalThis.Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  };
  const handler = createStreamHandler(app) as unknown as Handler;
  return { streams, seen, handler, tell: (data: string) => tell(data) };
}

describe('A stream through Lambda', () => {
  it('sends what happens as it happens, and ends before Lambda ends it', async () => {
    const { handler, tell, streams, seen } = subject(10_000);
    const response = new Response();
    const done = handler(
      event({ 'x-berth-authorization': 'Bearer t', authorization: 'AWS4' }),
      response,
      context(10_400),
    );
    await vi.waitFor(() => expect(response.text).toContain('\0:\n\n'));
    tell('ahoy');
    await vi.waitFor(() => expect(response.text).toContain('data: "ahoy"\n\n'));
    expect(streams.size).toBe(1);
    await done;
    expect(response.writableFinished).toBe(true);
    // There is more to come: clients connect again.
    expect(response.text).toMatch(/\nretry: \d+\n\n$/);
    expect(streams.size).toBe(0);
    expect(seen[0]!.headers.get('authorization')).toBe('Bearer t');
    expect(JSON.parse(response.text.split('\0')[0]!)).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/event-stream' },
    });
  });

  it('ends at the first heartbeat that can not be written, and leaves none open', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    const { handler, streams } = subject(20);
    const response = new Response();
    const done = handler(event(), response, context(900_000));
    await vi.waitFor(() => expect(response.text).toContain('\0:\n\n'));
    response.broken = true;
    await done;
    expect(streams.size).toBe(0);
    // The next one in the same function is not one too many.
    const next = new Response();
    const again = handler(event(), next, context(10_100));
    await again;
    expect(next.text).toContain('"statusCode":200');
    vi.restoreAllMocks();
  });

  it('ends when the connection is closed, though nothing is written', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    const { handler, streams } = subject(900_000);
    const response = new Response();
    const done = handler(event(), response, context(900_000));
    await vi.waitFor(() => expect(response.text).toContain('\0:\n\n'));
    response.destroy();
    await once(response, 'close');
    await done;
    expect(streams.size).toBe(0);
    vi.restoreAllMocks();
  });
});
