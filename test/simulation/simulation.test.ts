import { beforeAll, describe, expect, it } from 'vitest';
import { loadInterpreter } from '../../functions/adapters/local/workflows/interpreter.ts';
import { secretsContract } from '../contracts/secrets.ts';
import { routes } from '../support/routes.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import { runSchedule } from './schedule.ts';

const options = { routes, rate: 0.01, actions: 12 };

beforeAll(() => loadInterpreter());

describe('Under seeded faults', () => {
  it('promises hold, to what serves at each moment and to everyone when all has come to rest', async () => {
    for (let seed = 1; seed <= 5; seed++)
      expect((await runSchedule(seed, options)).violations, `seed ${seed}`).toEqual([]);
  }, 60_000);

  it.each([13, 18])(
    'a deployment that begins anew after a crash keeps the pins with which it was declared (seed %i)',
    async (seed) => expect((await runSchedule(seed, options)).violations).toEqual([]),
    30_000,
  );

  it('a schedule is the same each time that its seed is given', async () => {
    const [one, other] = [await runSchedule(5, options), await runSchedule(5, options)];
    expect(other.trace).toEqual(one.trace);
    expect(one.trace.length).toBeGreaterThan(20);
  }, 30_000);
});

let ids = 0;
secretsContract('simulation', async () => ({
  secrets: createSimulatedSecrets(() => `version-${++ids}`),
  dispose: async () => undefined,
}));
