import { beforeAll, describe, expect, it } from 'vitest';
import { loadInterpreter } from '../../functions/adapters/local/workflows/interpreter.ts';
import { kindNames } from '../../functions/core/operations/index.ts';
import { routes } from '../support/routes.ts';
import { runSchedule } from './schedule.ts';

const options = { routes, rate: 0.01, actions: 12 };

beforeAll(() => loadInterpreter());

describe('Under seeded faults', () => {
  it('promises hold, to what serves at each moment and to everyone when all has come to rest, for operations of each kind', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 5; seed++) {
      const { violations, operations } = await runSchedule(seed, options);
      expect(violations, `seed ${seed}`).toEqual([]);
      for (const one of operations.keys()) kinds.add(one.split(' ')[0] ?? '');
    }
    expect([...kinds].sort()).toEqual(kindNames.toSorted());
  }, 60_000);

  it('a schedule is the same each time that its seed is given', async () => {
    const [one, other] = [await runSchedule(5, options), await runSchedule(5, options)];
    expect(other.trace).toEqual(one.trace);
    expect(one.trace.length).toBeGreaterThan(20);
  }, 30_000);
});
