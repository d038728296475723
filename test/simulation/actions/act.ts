/** What clients do, by chance. */
import { pause } from '../world.ts';
import { access } from './access.ts';
import type { Actor } from './action.ts';
import { building } from './building.ts';
import { deploying } from './deploying.ts';
import { environments } from './environments.ts';
import { settings } from './settings.ts';
import { watching } from './watching.ts';

const all = [...deploying, ...environments, ...settings, ...building, ...access, ...watching];
const bag = all.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));

/** @param count how many actions it takes */
export async function act(actor: Actor, count: number): Promise<void> {
  const { random } = actor.world;
  for (let left = count; left > 0; left--) {
    await random.pick(bag)(actor);
    await pause(random.below(15_000));
  }
}
