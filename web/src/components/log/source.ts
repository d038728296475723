/**
 * The lines of a log: a part of its past, read page by page in both directions, and what comes, drawn together once a
 * frame however fast it comes.
 */

import { ApiError } from '../../../../client/problem.ts';
import type { LogLine } from '../../../../client/types.generated.ts';
import { connected } from '../../api/connection.ts';
import { follow } from '../../api/stream.ts';
import { apiFetch } from '../../session.ts';

export interface LogFilters {
  search?: string;
  level?: string;
  deployment?: string;
  container?: string;
}

export interface LogView {
  /** Changes with each change of the lines. */
  version: number;
  lines: readonly LogLine[];
  /** Number of the first line: it grows as lines are dropped, and falls as older ones are read. */
  first: number;
  state: 'loading' | 'live' | 'past' | 'lost';
  hasOlder: boolean;
  hasNewer: boolean;
  /** What came while it was paused. */
  waiting: number;
  isPaused: boolean;
  /** What of the output could not be read, and why. */
  missing?: string;
  error?: ApiError;
}

export interface LogSource {
  subscribe(listener: () => void): () => void;
  view(): LogView;
  older(): void;
  newer(): void;
  pause(isPaused: boolean): void;
  close(): void;
}

interface Page {
  items: LogLine[];
  missing?: string;
  nextCursor?: string;
}

const PAGE = 500;
/** Lines that are kept; the oldest go, a tenth at a time. */
export const LINES_MAX = 100_000;
const DROPPED = LINES_MAX / 10;
/** Where numbers of lines begin, so that older ones have some too. */
export const FIRST = 1_000_000_000;

/** A view before anything was read. */
export const NOTHING_YET: LogView = {
  version: 0,
  lines: [],
  first: FIRST,
  state: 'loading',
  hasOlder: false,
  hasNewer: false,
  waiting: 0,
  isPaused: false,
};

/** What a stream is resumed behind: the time of a line, and how many lines of that time there were. */
function eventIdOf(lines: readonly LogLine[]): string | undefined {
  const last = lines.at(-1);
  if (!last) return undefined;
  let count = 0;
  for (let at = lines.length - 1; at >= 0 && lines[at]?.at === last.at; at--) count++;
  return `${last.at}/${count}`;
}

/** @param path of the log @param at shows it from this time on, instead of its end */
export function createLogSource(path: string, filters: LogFilters, at: string | undefined): LogSource {
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let lines: LogLine[] = [];
  let waiting: LogLine[] = [];
  let older: string | undefined;
  let newer: string | undefined;
  let reading = false;
  let frame: number | undefined;
  let view = NOTHING_YET;

  const queryOf = (more: Record<string, string | undefined>): string => {
    const given = Object.entries({ ...filters, ...more }).filter(([, value]) => value);
    return new URLSearchParams(given as [string, string][]).toString();
  };

  function show(change: Partial<LogView>): void {
    view = {
      ...view,
      hasOlder: older !== undefined,
      hasNewer: newer !== undefined,
      ...change,
      lines,
      version: view.version + 1,
    };
    for (const listener of [...listeners]) listener();
  }

  /** Shows what came since the frame before. */
  function draw(): void {
    frame = undefined;
    if (stop.signal.aborted) return;
    if (view.isPaused) {
      if (waiting.length > LINES_MAX) waiting = waiting.slice(-LINES_MAX);
      show({ waiting: waiting.length });
      return;
    }
    for (const line of waiting) lines.push(line);
    waiting = [];
    let { first } = view;
    if (lines.length > LINES_MAX + DROPPED) {
      const dropped = lines.length - LINES_MAX;
      lines = lines.slice(dropped);
      first += dropped;
      // Behind what was dropped there is no cursor: older lines are read up to the time of the first that is left.
      older = '';
    }
    show({ first, waiting: 0 });
  }

  function schedule(): void {
    // A page that nobody sees draws no frames; what comes is shown with the next one.
    frame ??= requestAnimationFrame(draw);
  }

  async function read(more: Record<string, string | undefined>): Promise<Page> {
    const response = await apiFetch(`${path}?${queryOf({ tail: String(PAGE), ...more })}`, {
      signal: stop.signal,
    });
    connected(true);
    const page = (await response.json()) as Page;
    // It stays said: what one page could not have, the view lacks for good.
    if (page.missing !== undefined) view = { ...view, missing: page.missing };
    return page;
  }

  function fail(error: unknown): void {
    if (stop.signal.aborted) return;
    if (error instanceof ApiError) show({ error, state: 'lost' });
    else {
      connected(false);
      show({ state: 'lost' });
    }
  }

  function live(): void {
    const lastEventId = eventIdOf(lines);
    follow(`${path}?${queryOf({ tail: String(PAGE) })}`, {
      signal: stop.signal,
      ...(lastEventId !== undefined && { lastEventId }),
      onEvent({ event, data }) {
        if (event !== 'line') return;
        waiting.push(data as LogLine);
        schedule();
      },
      onState: (isOpen) => show({ state: isOpen ? 'live' : 'lost' }),
    }).catch(fail);
  }

  async function start(): Promise<void> {
    if (at === undefined) {
      const page = await read({});
      lines = page.items;
      older = page.nextCursor;
      show({ state: 'live' });
      live();
      return;
    }
    const before = new Date(Date.parse(at) - 1).toISOString();
    const [past, next] = await Promise.all([
      read({ until: before, tail: '50' }),
      read({ since: at, direction: 'forward' }),
    ]);
    lines = [...past.items, ...next.items];
    older = past.nextCursor;
    newer = next.nextCursor;
    show({ state: newer === undefined ? 'live' : 'past', first: FIRST - past.items.length });
    if (newer === undefined) live();
  }

  /** One reading at a time, whichever way. */
  function once(work: () => Promise<void>): void {
    if (reading || stop.signal.aborted) return;
    reading = true;
    work()
      .catch(fail)
      .finally(() => {
        reading = false;
      });
  }

  once(start);

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: () => view,
    older() {
      if (older === undefined) return;
      const cursor = older;
      once(async () => {
        const oldest = lines[0];
        const page = await read(cursor === '' ? { until: oldest?.at } : { cursor, until: untilOf(at) });
        // Without a cursor, those of the time of the oldest line come again.
        const again = cursor === '' ? lines.findIndex((line) => line.at !== oldest?.at) : 0;
        const items = again > 0 ? page.items.slice(0, -again) : page.items;
        older = page.nextCursor;
        lines = [...items, ...lines];
        show({ first: view.first - items.length });
      });
    },
    newer() {
      if (newer === undefined) return;
      const cursor = newer;
      once(async () => {
        const page = await read({ cursor, since: at, direction: 'forward' });
        newer = page.nextCursor;
        lines = [...lines, ...page.items];
        show({ state: newer === undefined ? 'live' : 'past' });
        if (newer === undefined) live();
      });
    },
    pause(isPaused) {
      show({ isPaused });
      if (!isPaused) schedule();
    },
    close() {
      stop.abort();
      if (frame !== undefined) cancelAnimationFrame(frame);
      listeners.clear();
    },
  };
}

/** The same end as of the first page, which the cursor belongs to. */
const untilOf = (at: string | undefined): string | undefined =>
  at === undefined ? undefined : new Date(Date.parse(at) - 1).toISOString();
