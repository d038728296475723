/** Waiting for changes of objects by watch. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient, Query } from './client.ts';

export interface Changes {
  /** Resolves once something has changed since the last time, or the signal aborts. */
  next(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface Watched {
  path: string;
  query: Query;
  /** Changes after this one are told. */
  resourceVersion: string;
}

/** Several changes come together, and are worth one look. */
const GATHER_MS = 50;
/** After this time a change is assumed, in case one was missed. */
const PATIENCE_MS = 15_000;

/**
 * Watches collections. A watch that ends, for whatever reason, counts as a change: the caller looks again, and
 * what came between is seen then.
 */
export function watchChanges(client: KubernetesClient, watched: readonly Watched[]): Changes {
  const stop = new AbortController();
  let changed = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    changed = true;
    wake?.();
  };
  const follow = async ({ path, query, resourceVersion }: Watched): Promise<void> => {
    let version: string | undefined = resourceVersion;
    while (!stop.signal.aborted) {
      try {
        for await (const _ of client.watch(path, { ...query, resourceVersion: version }, stop.signal))
          notify();
      } catch {
        // The caller looks next, meets the same fault, and tells of it.
      }
      // The watch goes on from whatever is the newest version.
      version = undefined;
      notify();
      await sleep(1000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  for (const each of watched) void follow(each);
  return {
    async next(signal) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PATIENCE_MS);
          const done = (): void => {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            resolve();
          };
          wake = done;
          signal.addEventListener('abort', done, { once: true });
          if (signal.aborted) done();
        });
        wake = undefined;
      }
      await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
      changed = false;
    },
    close: () => stop.abort(),
  };
}
