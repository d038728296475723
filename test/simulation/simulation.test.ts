import { beforeAll, describe, expect, it } from 'vitest';
import { loadInterpreter } from '../../functions/adapters/local/workflows/interpreter.ts';
import { kindNames } from '../../functions/core/operations/index.ts';
import { routes } from '../support/routes.ts';
import { runSchedule, runScript, scriptOf } from './schedule.ts';
import { type PlotName, plots, runPlot, singles } from './search/points.ts';

const options = { routes, rate: 0.01, actions: 12 };

/** A few in a row, among which there are operations of each kind; `npm run simulate` takes any others. */
const SEEDS = Array.from({ length: 16 }, (_, at) => at + 6);

beforeAll(() => loadInterpreter());

describe('Under seeded faults', () => {
  it('promises hold, to what serves at each moment and to everyone when all has come to rest, for operations of each kind', async () => {
    const kinds = new Set<string>();
    for (const seed of SEEDS) {
      const { violations, operations } = await runSchedule(seed, options);
      expect(violations, `seed ${seed}`).toEqual([]);
      for (const one of operations.keys()) kinds.add(one.split(' ')[0] ?? '');
    }
    expect([...kinds].sort()).toEqual(kindNames.toSorted());
    // Some seconds of work, which a machine with other work may take long for.
  }, 600_000);

  it('a schedule is the same each time, by its seed and by the script of what happened in it', async () => {
    const one = await runSchedule(13, options);
    expect(one.trace.length).toBeGreaterThan(20);
    expect(one.faults.length).toBeGreaterThan(2);
    expect((await runSchedule(13, options)).trace).toEqual(one.trace);
    const script = { ...scriptOf(13, options), faults: one.faults };
    expect((await runScript(script, routes)).trace).toEqual(one.trace);
  });

  /** Every so many of the calls; `npm run simulate -- --points` takes each. */
  const EVERY = 199;
  it.each(Object.keys(plots) as PlotName[])(
    'promises hold, whichever call is the last of its process, is refused or loses its answer: %s',
    async (name) => {
      const undisturbed = await runPlot(name, [], routes);
      expect(undisturbed.violations).toEqual([]);
      for (const [at, faults] of singles(undisturbed).entries()) {
        if (at % EVERY !== name.length) continue;
        const { violations, faults: happened } = await runPlot(name, faults, routes);
        expect(violations, JSON.stringify(faults)).toEqual([]);
        expect(happened).toEqual(faults);
      }
    },
  );
});
