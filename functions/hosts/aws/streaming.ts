/**
 * Event streams through Lambda's response streaming: each has a time limit, and ends when it can no longer be
 * written.
 */
import type { Context } from 'aws-lambda';
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';

/** The app that answers a request. */
export interface StreamingApp {
  fetch(request: Request): Response | Promise<Response>;
}

type Handler = ReturnType<typeof awslambda.streamifyResponse>;
type ResponseStream = awslambda.HttpResponseStream;

/** Aborts when the response can no longer be written. It belongs to the invocation and stands beside its context. */
interface Invocation extends Context {
  gone: AbortSignal;
}

/**
 * Streams end by themselves this long before Lambda would end them, milliseconds; clients go on with Last-Event-ID.
 */
const MARGIN_MS = 10_000;

/**
 * Lambda reads a response to its end also when the client has left, and does not say so: only the function's own time
 * limit ends a stream that nobody reads. Where the connection to Lambda itself breaks, it ends at once.
 * @param app gets the request with its signal, and a token in the header `authorization`
 */
export function createStreamHandler(app: StreamingApp): Handler {
  const edge = new Hono<{ Bindings: { context: Invocation } }>();
  edge.all('*', ({ req, env: { context } }) => {
    const headers = new Headers(req.raw.headers);
    // CloudFront signs the request in the header that carries people's tokens, so the token comes in another one.
    const token = headers.get('x-berth-authorization');
    headers.delete('authorization');
    headers.delete('x-berth-authorization');
    if (token !== null) headers.set('authorization', token);
    const time = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS));
    const signal = AbortSignal.any([time, context.gone]);
    return app.fetch(new Request(req.raw, { headers, signal }));
  });
  // The handler writes the response stream itself, so there is nothing for middy to wrap.
  const send = streamHandle(edge) as unknown as (
    event: unknown,
    stream: ResponseStream,
    context: Invocation,
  ) => Promise<void>;
  return awslambda.streamifyResponse(async (event: unknown, stream: ResponseStream, context: Context) => {
    const gone = new AbortController();
    // Otherwise the stream of events would wait for its next event, and would count as open.
    stream.once('close', () => gone.abort());
    stream.on('error', () => gone.abort());
    await send(event, stream, Object.assign(context, { gone: gone.signal }));
  });
}
