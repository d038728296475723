/** What clients do, by chance. */
import type { Random } from '../random.ts';
import { pause, type World } from '../world.ts';
import type { Actor } from './action.ts';
import { agents } from './agents.ts';
import { backingUp } from './backing-up.ts';
import { building } from './building.ts';
import { deploying } from './deploying.ts';
import { draining } from './draining.ts';
import { environments } from './environments.ts';
import { access } from './governing/access.ts';
import { places } from './governing/places.ts';
import { recipes } from './governing/recipes.ts';
import { keeping } from './keeping.ts';
import { promoting } from './promoting.ts';
import { pushing } from './pushing.ts';
import { settings } from './settings.ts';
import { versions } from './versions.ts';
import { watching } from './watching.ts';

const all = [
  ...deploying,
  ...environments,
  ...settings,
  ...building,
  ...access,
  ...watching,
  ...pushing,
  ...places,
  ...keeping,
  ...backingUp,
  ...agents,
  ...versions,
  ...promoting,
  ...draining,
  ...recipes,
];
const bag = all.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));

/**
 * @param which of its actions it takes
 * @param randomOf gives an action chance of its own
 * @param restMs how long it rests between two at most
 */
export async function act(
  actor: Actor,
  which: readonly number[],
  randomOf: (action: number) => Random,
  restMs = 15_000,
): Promise<void> {
  for (const action of which) {
    const random = randomOf(action);
    const world: World = Object.create(actor.world, { random: { value: random } });
    await random.pick(bag)({ ...actor, world });
    await pause(random.below(restMs));
  }
}
