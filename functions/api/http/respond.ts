/** Builds responses: the same headers on every answer. */
import type { Problem } from '../../core/problem.ts';
import type { Reply } from '../../records/commit.ts';
import { isNoneMatch } from './etag-headers.ts';
import type { Replayable } from './idempotency.ts';
import { problemDocument } from './problems.ts';

const common = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** The answer to a change after which there is nothing to show. */
export const noContent = (): Reply => ({ status: 204, body: undefined });

/** An answer that is a file to keep. @param name of the file */
export const fileResponse = (body: ReadableStream<Uint8Array>, mediaType: string, name: string): Response =>
  new Response(body, {
    headers: {
      ...common,
      'content-type': mediaType,
      'content-disposition': `attachment; filename="${name}"`,
    },
  });

/** An answer that leads elsewhere, such as to an address that a bucket takes for some minutes. */
export const redirectResponse = (location: string): Response =>
  new Response(null, { status: 303, headers: { ...common, location, 'referrer-policy': 'no-referrer' } });

export const textResponse = (body: string, mediaType: string): Response =>
  new Response(body, { headers: { ...common, 'content-type': mediaType } });

/** @param ifNoneMatch header of a read, so that an unchanged thing is not sent again */
export function replyResponse(reply: Replayable, requestId: string, ifNoneMatch?: string): Response {
  const headers: Record<string, string> = { ...common, 'request-id': requestId };
  if (reply.etag !== undefined) headers.etag = reply.etag;
  if (reply.location !== undefined) headers.location = reply.location;
  if (reply.replayed) headers['idempotency-replayed'] = 'true';
  if (reply.etag !== undefined && reply.status === 200 && isNoneMatch(ifNoneMatch, reply.etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers });
  headers['content-type'] = 'application/json';
  return new Response(JSON.stringify(reply.body), { status: reply.status, headers });
}

export function problemResponse(
  problem: Problem,
  request: { id: string; instance: string; allow?: string },
): Response {
  const headers: Record<string, string> = {
    ...common,
    'request-id': request.id,
    'content-type': 'application/problem+json',
  };
  if (problem.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="berth"';
  if (request.allow !== undefined) headers.allow = request.allow;
  if (problem.code === 'too_many_requests' || problem.code === 'unavailable') {
    headers['retry-after'] = String(problem.extra.retryAfter ?? 5);
  }
  const body = JSON.stringify(problemDocument(problem, request.instance));
  return new Response(body, { status: problem.status, headers });
}

export function streamResponse(stream: ReadableStream<Uint8Array>): Response {
  // A proxy that buffers would hold events back.
  const headers = { ...common, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
  return new Response(stream, { status: 200, headers });
}
