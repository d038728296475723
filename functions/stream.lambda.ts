/** Sends the event streams of the API: CloudFront -> Function URL -> Lambda with response streaming. */
import type { Context } from 'aws-lambda';
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';
import { createAwsApp } from './lambda/app.ts';

/** Streams end by themselves before Lambda ends them; clients go on where they were with Last-Event-ID. */
const MARGIN_MS = 10_000;

const { app } = createAwsApp(process.env);
const edge = new Hono<{ Bindings: { context: Context } }>();
edge.all('*', ({ req, env }) => {
  const headers = new Headers(req.raw.headers);
  // CloudFront signs the request, with the header that people's tokens come in: the token is in another one.
  const token = headers.get('x-berth-authorization');
  headers.delete('authorization');
  headers.delete('x-berth-authorization');
  if (token !== null) headers.set('authorization', token);
  const signal = AbortSignal.timeout(Math.max(0, env.context.getRemainingTimeInMillis() - MARGIN_MS));
  return app.fetch(new Request(req.raw, { headers, signal }));
});

// It speaks with the response stream itself, so there is nothing for middy to stand around.
export const handler = streamHandle(edge);
