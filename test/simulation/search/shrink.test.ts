import { expect, it } from 'vitest';
import type { Planned } from '../faults.ts';
import type { Outcome } from '../scene.ts';
import type { Script } from '../schedule.ts';
import { shrink } from './shrink.ts';

const fault = (nth: number): Planned => ({ point: 'store.get', nth, fault: 'refused', amount: 0 });

it('A schedule that fails is shrunk to the actions and faults that it needs, and breaks the same promise', async () => {
  const actions = [0, 1, 2].map(() => Array.from({ length: 12 }, (_, at) => at));
  const faults = Array.from({ length: 20 }, (_, nth) => fault(nth));
  const run = async (script: Script): Promise<Outcome> => {
    const planned = script.faults as Planned[];
    const violations: string[] = [];
    if (planned.some(({ nth }) => nth === 3)) violations.push('I4: something else');
    const needed = script.actions[1]?.includes(7) && script.actions[2]?.includes(0);
    if (needed && planned.some(({ nth }) => nth === 11)) violations.unshift('I6: it is broken');
    return { violations, trace: [], faults: planned, called: new Map(), operations: new Map() };
  };
  const failed = await run({ seed: 1, actions, faults });
  const { script, outcome } = await shrink({ seed: 1, actions, faults: 0.01 }, failed, run);
  expect(script).toEqual({ seed: 1, actions: [[], [7], [0]], faults: [fault(11)] });
  expect(outcome.violations).toEqual(['I6: it is broken']);
});
