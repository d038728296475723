/** The store of one machine behind a network that fails: its file outlives the simulated process. */
import type { Store } from '../../functions/ports/store.ts';
import { runAs } from './clock.ts';
import type { World } from './world.ts';

export function createSimulatedStore(world: World, kept: Store): Store {
  return {
    get: (key) => world.io('store.get', () => kept.get(key)),
    getMany: (keys) => world.io('store.getMany', () => kept.getMany(keys)),
    query: (query) => world.io('store.query', () => kept.query(query)),
    due: (query) => world.io('store.due', () => kept.due(query)),
    transact: (writes) => world.io('store.transact', () => kept.transact(writes)),
    changed: (pk, options) => runAs(undefined, () => kept.changed(pk, options)),
    close: async () => undefined,
  };
}
