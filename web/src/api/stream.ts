/** Event streams of the API: read with fetch, since EventSource sends no headers; they resume where they broke off. */
import { useEffect, useRef } from 'react';
import { readEvents, type StreamEvent } from '../../../client/event-stream.ts';
import { ApiError } from '../../../client/problem.ts';
import { apiFetch } from '../session.ts';
import { connected } from './connection.ts';

export interface StreamOptions {
  signal: AbortSignal;
  onEvent(event: StreamEvent): void;
  /** Is told of each connection that is made or lost. */
  onState?(isOpen: boolean): void;
  /** Resumes behind this event. */
  lastEventId?: string;
  /** The server ends it when there is nothing more to come. */
  ends?: boolean;
}

/** The server says something each 15 seconds at least. */
const SILENCE_MS = 40_000;
const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;

/**
 * Follows a stream until the signal aborts; connects again where it broke off. A page that nobody sees has no
 * streams: browsers allow six connections to a host, for all of its pages together.
 * @throws ApiError when it is refused
 */
export async function follow(path: string, options: StreamOptions): Promise<void> {
  const { signal, onEvent, onState } = options;
  let last = options.lastEventId;
  let pause = RETRY_MS;
  while (!signal.aborted) {
    await seen();
    if (signal.aborted) return;
    const hidden = new AbortController();
    const onHidden = () => document.hidden && hidden.abort();
    document.addEventListener('visibilitychange', onHidden);
    try {
      const more = await readStream(path, {
        signal: AbortSignal.any([signal, hidden.signal]),
        ...(last !== undefined && { lastEventId: last }),
        onOpen() {
          pause = RETRY_MS;
          connected(true);
          onState?.(true);
        },
        onEvent(event) {
          last = event.id ?? last;
          onEvent(event);
        },
      });
      if (options.ends && !more) return;
      if (more) {
        await wait(RETRY_MS, signal);
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
    } finally {
      document.removeEventListener('visibilitychange', onHidden);
    }
    if (signal.aborted) return;
    if (hidden.signal.aborted) continue;
    connected(false);
    onState?.(false);
    await wait(pause, signal);
    pause = Math.min(pause * 2, RETRY_MAX_MS);
  }
}

interface Reading {
  signal: AbortSignal;
  lastEventId?: string;
  onOpen(): void;
  onEvent(event: StreamEvent): void;
}

/**
 * Reads one stream to its end.
 * @returns whether there is more to come: a stream that ends for its time alone says `retry` at last
 */
async function readStream(path: string, { signal, lastEventId, onOpen, onEvent }: Reading): Promise<boolean> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  heard();
  try {
    const response = await apiFetch(path, {
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    onOpen();
    return await readEvents(response, { onEvent, onHeard: heard });
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after a time, or earlier when the browser is online again or nobody waits any more. */
const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });

/** Resolves when somebody can see the page. */
async function seen(): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

interface StreamHandlers {
  onEvent(event: StreamEvent): void;
  onState?(isOpen: boolean): void;
  onRefused?(error: ApiError): void;
  ends?: boolean;
}

/** Follows a stream while the component is there. @param path undefined: none */
export function useStream(path: string | undefined, handlers: StreamHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    follow(path, {
      signal: stop.signal,
      onEvent: (event) => latest.current.onEvent(event),
      onState: (isOpen) => latest.current.onState?.(isOpen),
      ...(latest.current.ends !== undefined && { ends: latest.current.ends }),
    }).catch((error: unknown) => {
      if (error instanceof ApiError) latest.current.onRefused?.(error);
    });
    return () => stop.abort();
  }, [path]);
}
