/** Server-sent events: streams are bounded in number, have heartbeats, and end when their client goes. */
import { Problem } from '../../core/problem.ts';
import { problemDocument, problemOf } from './problems.ts';

export interface StreamEvent {
  /** Defaults to `message`. */
  event?: string;
  /** Sent back as Last-Event-ID by a client that resumes. No line breaks. */
  id?: string;
  data: unknown;
}

export interface StreamRequest {
  /** Whose streams are counted together. */
  person: string;
  /** Path of the request, for the problem that may end the stream. */
  instance: string;
  /** Aborts when the client goes, or when the time for its stream is over. */
  signal: AbortSignal;
  events(signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** Called with each heartbeat and each `recheck`, so that the streams of a revoked token end. */
  stillAllowed(): Promise<boolean>;
  onError(error: unknown): void;
}

export interface Streams {
  /** @throws Problem too_many_requests */
  open(request: StreamRequest): ReadableStream<Uint8Array>;
  /** Asks each open stream at once whether it is still allowed, after a change of someone's access. */
  recheck(): void;
  /** How many are open. */
  readonly size: number;
}

/** How long a client waits before it connects again when its stream was ended early, milliseconds. */
const RETRY_MS = 500;

const encoder = new TextEncoder();

/** The most characters of events that are sent in one piece. */
const BURST_MAX = 64 * 1024;

/** What a stream gives next. */
type Step = { value: StreamEvent } | { done: true } | { error: unknown };

/** Resolves when everything that is already due has run. */
const turn = (): Promise<undefined> => new Promise((resolve) => setImmediate(resolve, undefined));

/** JSON on one line: JSON.stringify escapes every line break inside. */
function encode({ event, id, data }: StreamEvent): string {
  const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}

/** @param options.signal ends all streams, when the server stops */
export function createStreams(options: {
  perPerson: number;
  heartbeatMs: number;
  signal?: AbortSignal;
}): Streams {
  const { perPerson, heartbeatMs, signal } = options;
  const open = new Map<string, Set<() => void>>();
  const beats = new Set<() => Promise<void>>();
  let size = 0;
  signal?.addEventListener('abort', () => {
    for (const streams of open.values()) for (const interrupt of [...streams]) interrupt();
  });

  function claim(person: string): Set<() => void> {
    const mine = open.get(person) ?? new Set();
    if (signal?.aborted) {
      throw new Problem('unavailable', 'Berth is stopping.', { hint: 'Connect again in a moment.' });
    }
    if (mine.size >= perPerson) {
      throw new Problem('too_many_requests', `You have ${mine.size} streams open already.`, {
        hint: 'Close some of them first, or ask without "Accept: text/event-stream".',
      });
    }
    open.set(person, mine);
    return mine;
  }

  return {
    recheck() {
      for (const beat of beats) void beat();
    },
    get size() {
      return size;
    },
    open(request) {
      const mine = claim(request.person);
      const stop = new AbortController();
      const iterator = request.events(stop.signal)[Symbol.asyncIterator]();
      let controller: ReadableStreamDefaultController<Uint8Array>;
      let ended = false;

      let asked: Promise<Step> | undefined;

      /** The next event with all others that are there already: a burst is sent in one piece. */
      async function nextBurst(): Promise<{ parts: string[]; last?: Exclude<Step, { value: StreamEvent }> }> {
        const parts: string[] = [];
        for (let length = 0; length < BURST_MAX; ) {
          asked ??= iterator.next().then(
            (next): Step => (next.done ? { done: true } : { value: next.value }),
            (error: unknown): Step => ({ error }),
          );
          const step = await (parts.length === 0 ? asked : Promise.race([asked, turn()]));
          if (!step) break;
          asked = undefined;
          if (!('value' in step)) return { parts, last: step };
          const part = encode(step.value);
          parts.push(part);
          length += part.length;
        }
        return { parts };
      }

      /** Frees everything, once. */
      function release(): boolean {
        if (ended) return false;
        ended = true;
        clearInterval(timer);
        request.signal.removeEventListener('abort', interrupt);
        mine.delete(interrupt);
        beats.delete(beat);
        if (mine.size === 0 && open.get(request.person) === mine) open.delete(request.person);
        size -= 1;
        stop.abort();
        iterator.return?.().catch(() => undefined);
        return true;
      }
      function end(): void {
        if (release()) controller.close();
      }
      /** Ends a stream before its events end, and tells the client by `retry` to connect again. */
      function interrupt(): void {
        if (!ended) controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
        end();
      }
      async function beat(): Promise<void> {
        const allowed = await request.stillAllowed().catch(() => false);
        if (ended) return;
        if (!allowed) return end();
        // Nothing more is buffered for a client that does not read.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(':\n\n'));
      }

      mine.add(interrupt);
      beats.add(beat);
      size += 1;
      const timer = setInterval(() => void beat(), heartbeatMs);
      timer.unref();
      const stream = new ReadableStream<Uint8Array>({
        start(given) {
          controller = given;
          // Sends the headers off even when nothing happens for a while.
          controller.enqueue(encoder.encode(':\n\n'));
        },
        async pull() {
          const { parts, last } = await nextBurst();
          if (ended) return;
          if (parts.length > 0) controller.enqueue(encoder.encode(parts.join('')));
          if (!last) return;
          if ('error' in last) {
            const problem = problemOf(last.error);
            if (problem.code === 'internal') request.onError(last.error);
            const event = { event: 'problem', data: problemDocument(problem, request.instance) };
            controller.enqueue(encoder.encode(encode(event)));
          }
          end();
        },
        cancel() {
          release();
        },
      });
      request.signal.addEventListener('abort', interrupt);
      if (request.signal.aborted) interrupt();
      return stream;
    },
  };
}

/** What an Accept header says. */
export const wantsEventStream = (accept: string | undefined): boolean =>
  accept?.split(',').some((part) => part.split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream') ??
  false;
