/** What is around ports of the simulation where nothing is simulated but them. */
import { fatesByPlan } from './faults.ts';
import { createRandom } from './random.ts';
import { createWorld } from './world.ts';

/** In the time of this machine, and without faults. */
export function calmWorld() {
  const world = createWorld(createRandom(1), fatesByPlan([]));
  Object.assign(world.effects, { now: Date.now });
  return { ...world, io: async <T>(_point: string, effect: () => T | Promise<T>) => effect() };
}
