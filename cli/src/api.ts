/** The API with its types, called as whoever has signed in. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import createClient from 'openapi-fetch';
import { readEvents, type StreamEvent } from '../../client/event-stream.ts';
import { ApiError, problemOf } from '../../client/problem.ts';
import type { Paths } from '../../client/types.generated.ts';
import { exitCodes, Failure } from './failure.ts';

const TRIES = 4;
const PAUSE_MS = 300;
const READS = new Set(['GET', 'HEAD']);
/** Berth sends a heartbeat each 15 seconds at least. */
const SILENCE_MS = 40_000;

interface Server {
  server: string;
  token?: string | undefined;
}

export type Api = ReturnType<typeof createApi>;

/** @returns the typed client, with streams and uploads beside it */
export function createApi({ server, token }: Server) {
  const send = async (request: Request): Promise<Response> => {
    if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`);
    // With a key a request can be sent again without being carried out twice.
    if (!READS.has(request.method) && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', randomUUID());
    }
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === TRIES || request.signal.aborted;
      const answer = await fetch(request.clone()).catch((error: unknown) => {
        if (request.signal.aborted) throw error;
        if (last) throw unreachable(server, error);
        return undefined;
      });
      if (answer?.ok) return answer;
      const again = answer === undefined || answer.status === 503 || answer.status === 429;
      if (answer && (last || !again)) throw new ApiError(answer.status, await problemOf(answer));
      const asked = Number(answer?.headers.get('retry-after') ?? 0) * 1000;
      if (asked > 10_000 && answer) throw new ApiError(answer.status, await problemOf(answer));
      await wait(Math.max(asked, PAUSE_MS * 2 ** (attempt - 1)));
    }
  };
  const client = createClient<Paths>({ baseUrl: server, fetch: send });
  return {
    ...client,
    server,

    /** Sends once what is none of the typed API's, and hands over whatever is answered. */
    relay: (path: string, init: RequestInit): Promise<Response> => {
      const request = new Request(new URL(path, server), init);
      if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`);
      return fetch(request).catch((error: unknown) => {
        throw unreachable(server, error);
      });
    },

    /** Sends a body that is not JSON. */
    upload: async <T>(
      path: string,
      body: Uint8Array<ArrayBuffer>,
      contentType: string,
      method: 'POST' | 'PUT' = 'POST',
    ): Promise<T> => {
      const request = new Request(new URL(path, server), {
        method,
        headers: { 'content-type': contentType },
        body,
      });
      return (await (await send(request)).json()) as T;
    },

    /** Follows a stream until it has ended or the signal aborts; connects again where it broke off. */
    follow: async (
      path: string,
      onEvent: (event: StreamEvent) => void,
      signal: AbortSignal,
      ends: boolean,
    ): Promise<void> => {
      let last: string | undefined;
      while (!signal.aborted) {
        const silence = new AbortController();
        const timer = setTimeout(() => silence.abort(), SILENCE_MS);
        try {
          const headers = {
            accept: 'text/event-stream',
            ...(last !== undefined && { 'last-event-id': last }),
          };
          const both = AbortSignal.any([signal, silence.signal]);
          const answer = await send(new Request(new URL(path, server), { headers, signal: both }));
          const more = await readEvents(answer, {
            onHeard: () => timer.refresh(),
            onEvent: (event) => {
              last = event.id ?? last;
              onEvent(event);
            },
          });
          if (ends && !more) return;
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof Failure || (error instanceof ApiError && error.status < 500)) throw error;
        } finally {
          clearTimeout(timer);
        }
        await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function unreachable(server: string, error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? String(cause);
  return new Failure(
    `No answer came from ${server} (${code}).`,
    'Is it running, and is that its address? berth doctor',
    exitCodes.unreachable,
  );
}

/** @example const project = await body(api.GET('/v1/projects/{project}', { params: { path: { project: 'demo' } } })); */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  // Without an error there is data, which openapi-fetch can not know of a fetch that throws.
  return (await answer).data as T;
}

interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/** The first `limit` items of a list, page by page. */
export async function all<T>(
  read: (query: { limit: string; cursor?: string }) => Promise<{ data?: Page<T> }>,
  limit = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const size = String(Math.min(200, limit - items.length));
    const page: Page<T> = await body(read({ limit: size, ...(cursor !== undefined && { cursor }) }));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < limit);
  return items;
}
