/** What was read of the API, shared by all who show it, and read again when something happens. */
import { useCallback, useSyncExternalStore } from 'react';
import { ApiError } from '../../../client/problem.ts';
import { createBurst } from '../burst.ts';
import { connected } from './connection.ts';

/** What has no event of its own, such as health and idle times, is read again this often. */
const REFRESH_MS = 5_000;
/** Events come in bursts: one reading for all of them, and one a second where they never cease. */
const BURST = { quietMs: 150, mostMs: 1_000 };
/** Readings that nobody shows any more are kept for who comes back. */
const KEPT = 60;

export interface Reading<T> {
  data?: T;
  /** Of the last attempt. A lost connection is none: what was read before stays on show. */
  error?: ApiError;
}

interface Entry {
  reading: Reading<unknown>;
  load(signal: AbortSignal): Promise<unknown>;
  /** Whoever changes it says so by an event: it is not read again without one. */
  isStill: boolean;
  listeners: Set<() => void>;
  running?: { stop: AbortController; again: boolean; done: Promise<void> };
}

const entries = new Map<string, Entry>();

/** Reads it once more; who asks meanwhile gets one more reading. */
function run(entry: Entry): Promise<void> {
  if (entry.running) {
    entry.running.again = true;
    return entry.running.done;
  }
  const stop = new AbortController();
  const running = { stop, again: false, done: Promise.resolve() };
  entry.running = running;
  running.done = read(entry, stop.signal).finally(() => {
    if (entry.running !== running) return;
    delete entry.running;
    if (running.again && entry.listeners.size > 0) void run(entry);
  });
  return running.done;
}

async function read(entry: Entry, signal: AbortSignal): Promise<void> {
  try {
    const data = await entry.load(signal);
    if (signal.aborted) return;
    connected(true);
    tell(entry, sameJson(data, entry.reading.data) ? { data: entry.reading.data } : { data });
  } catch (error) {
    if (signal.aborted) return;
    connected(error instanceof ApiError);
    if (error instanceof ApiError) tell(entry, { ...entry.reading, error });
  }
}

/** The same content keeps its identity, so that what has not changed is not drawn again. */
const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function tell(entry: Entry, reading: Reading<unknown>): void {
  const before = entry.reading;
  if (before.data === reading.data && before.error === reading.error) return;
  entry.reading = reading;
  for (const listener of [...entry.listeners]) listener();
}

const refresh = createBurst(() => {
  for (const entry of entries.values()) if (entry.listeners.size > 0) void run(entry);
}, BURST);

/** Reads all that is on show again, soon. */
export const invalidate = (): void => refresh.call();

/** Forgets everything: somebody else may sign in. */
export function forgetAll(): void {
  refresh.cancel();
  for (const entry of entries.values()) entry.running?.stop.abort();
  entries.clear();
}

setInterval(() => {
  if (document.hidden) return;
  for (const entry of entries.values()) {
    if (entry.listeners.size > 0 && (!entry.isStill || isOpen(entry.reading))) void run(entry);
  }
}, REFRESH_MS);

// A connection that is back is used at once.
addEventListener('online', () => invalidate());

/** Whether there is no answer yet, or one that may be another soon. */
const isOpen = ({ data, error }: Reading<unknown>): boolean =>
  error === undefined ? data === undefined : error.status >= 500 || error.status === 429;

const nothing: Reading<never> = {};

/**
 * @param key what is read, such as its path; undefined: nothing
 * @param load reads it; has to depend on nothing but the key
 * @param options `isStill`: it changes by events alone, and is read again with those
 */
export function useQuery<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  { isStill = false }: { isStill?: boolean } = {},
): Reading<T> & { reload(): Promise<void> } {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `load` depends on nothing but the key.
  const subscribe = useCallback(
    (listener: () => void) => {
      if (key === undefined) return () => {};
      const entry = entries.get(key) ?? { reading: {}, load, isStill, listeners: new Set() };
      // Put last: the first ones are those that nobody asked for longest.
      entries.delete(key);
      entries.set(key, entry);
      entry.load = load;
      entry.listeners.add(listener);
      void run(entry);
      return () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size === 0) {
          entry.running?.stop.abort();
          delete entry.running;
          forgetOld();
        }
      };
    },
    [key],
  );
  const reading = useSyncExternalStore(
    subscribe,
    () => (key === undefined ? nothing : (entries.get(key)?.reading ?? nothing)) as Reading<T>,
  );
  return {
    ...reading,
    reload() {
      const entry = key === undefined ? undefined : entries.get(key);
      return entry ? run(entry) : Promise.resolve();
    },
  };
}

function forgetOld(): void {
  for (const [key, entry] of entries) {
    if (entries.size <= KEPT) return;
    if (entry.listeners.size === 0) entries.delete(key);
  }
}
