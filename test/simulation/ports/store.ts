/** The records behind a network that fails: they outlive the simulated process. */
import type { Store } from '../../../functions/ports/store.ts';
import { runAs } from '../clock.ts';
import { pause, type World } from '../world.ts';
import type { Records } from './records.ts';

export function createSimulatedStore(world: World, kept: Records): Store {
  return {
    get: (key) => world.io('store.get', () => kept.get(key)),
    getMany: (keys) => world.io('store.getMany', () => kept.getMany(keys)),
    query: <T>(query: Parameters<Store['query']>[0]) =>
      world.io('store.query', () => kept.query<T>(query), false, {
        ...(query.mayLag && { stale: (lag: () => number) => kept.queryLate<T>(query, lag) }),
      }),
    due: <T>(query: Parameters<Store['due']>[0]) =>
      world.io('store.due', () => kept.due<T>(query), false, { stale: (lag) => kept.dueLate<T>(query, lag) }),
    transact: (writes) => world.io('store.transact', () => kept.transact(writes), false, { writes: true }),
    async changed(pk, options) {
      // A hint: it may never come, and it may come for nothing.
      const fault = world.fate('store.changed', ['lost-hint', 'false-hint'])?.fault;
      if (fault === 'false-hint') return;
      if (fault === 'lost-hint') await Promise.race([pause(options.timeoutMs), aborted(options.signal)]);
      else await runAs(undefined, () => kept.changed(pk, options));
    },
    close: async () => undefined,
  };
}

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
