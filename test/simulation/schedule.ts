/** One schedule: clients and faults, all from one seed; then quiet, and a look at what is left. */
import type { Route } from '../../functions/api/http/route-spec.ts';
import { act } from './actions/act.ts';
import { fatesByChance, fatesByPlan, type Planned } from './faults.ts';
import { createRandom } from './random.ts';
import { type Outcome, play, setUp, wrapUp } from './scene.ts';
import { PEOPLE } from './setting.ts';

export interface ScheduleOptions {
  routes: readonly Route[];
  /** How often a call meets a fault, 0 to 1. */
  rate: number;
  /** How many things each of the clients does at the most. */
  actions: number;
}

/** All that makes a schedule what it is. */
export interface Script {
  seed: number;
  /** Which of its actions each client takes. */
  actions: number[][];
  /** Without it faults come by chance, by this rate. */
  faults: readonly Planned[] | number;
}

const DAY = 24 * 3_600_000;

/**
 * Most schedules are short: of what one costs, several short ones meet more than one that is long. Some are long, for what
 * only many changes lead to.
 */
const LENGTHS = [0.25, 0.5, 0.5, 1];

export function scriptOf(seed: number, { rate, actions }: Omit<ScheduleOptions, 'routes'>): Script {
  const length = Math.ceil(actions * createRandom(seed + 0x30000000).pick(LENGTHS));
  return { seed, actions: PEOPLE.map(() => Array.from({ length }, (_, at) => at)), faults: rate };
}

export const runSchedule = (seed: number, options: ScheduleOptions): Promise<Outcome> =>
  runScript(scriptOf(seed, options), options.routes);

/** @param taken is filled with the actions that were begun before the schedule ended */
export function runScript(
  { seed, actions, faults }: Script,
  routes: readonly Route[],
  taken: number[][] = [],
): Promise<Outcome> {
  // Faults, and each action, have chance of their own: without one of them the others are as they were.
  const fates =
    typeof faults === 'number' ? fatesByChance(createRandom(seed + 0x10000000), faults) : fatesByPlan(faults);
  return play(seed, fates, routes, async (scene) => {
    await setUp(scene);
    const { world, clients, touch, until, git, keeper, registry, recipes } = scene;
    const restMs = createRandom(seed + 0x20000000).pick([1_000, 5_000, 15_000, 40_000]);
    const all = clients.map((client, at) => {
      const randomOf = (which: number) => {
        taken[at] = [...(taken[at] ?? []), which];
        return createRandom(seed * 1000 + at * 100 + which);
      };
      return act(
        { world, client, touch, git, keeper, registry, recipes },
        actions[at] ?? [],
        randomOf,
        restMs,
      );
    });
    await until(DAY, Promise.all(all));
    if (world.violations.length === 0) await wrapUp(scene);
  });
}
