/** What kinds of operations declare, against their workflow files, the code of their steps and the price of a step. */
import { describe, expect, it } from 'vitest';
import { FUNCTION_MB } from '../../functions/core/function-memory.ts';
import {
  declaredSteps,
  kindNames,
  operationKinds,
  recoveryOf,
} from '../../functions/core/operations/index.ts';
import type { Targets } from '../../functions/core/operations/operation-kind.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf, workflowNames } from '../../state-machines/load.ts';

const load = (kind: string) =>
  loadStateMachine(kind, Object.fromEntries(stepsOf(kind).map((step) => [step, step])));

const fields: Record<keyof Targets, string[]> = {
  service: ['service'],
  environment: ['environment'],
  instance: ['environment', 'service'],
  deployment: ['environment', 'service', 'number'],
};

it('Each kind of operation has a workflow file, and each file a kind', () => {
  expect(workflowNames()).toEqual([...kindNames].sort());
});

describe.each(kindNames)('%s', (kind) => {
  const declared = operationKinds[kind];

  it('has the steps that its workflow names', () => {
    expect(stepsOf(kind).sort()).toEqual(Object.keys(declared.steps).sort());
  });

  it('names an error for one way to try again alone, since the first that has it counts', () => {
    for (const state of Object.values(load(kind).definition.States)) {
      if (state.Type !== 'Task') continue;
      const names = state.Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  it('goes from any error to its recovery, which is the one step that always runs', () => {
    const { definition, tasks } = load(kind);
    const caught = Object.values(definition.States).flatMap((state) =>
      state.Type === 'Task' && state.Catch ? [tasks[state.Catch[0]!.Next]] : [],
    );
    expect([...new Set(caught)]).toEqual([recoveryOf(kind)]);
    const recovering = Object.entries(steps).filter(([, { role }]) => role === 'recover');
    const own = recovering.map(([name]) => name).filter((name) => Object.hasOwn(declared.steps, name));
    expect(own).toEqual([recoveryOf(kind)]);
  });

  it('ends within its bound', () => {
    expect(load(kind).definition.TimeoutSeconds).toBeLessThan(declared.boundSeconds);
  });

  it('has words that name what it is carried out on', () => {
    const named = [...declared.words.matchAll(/\{(.*?)\}/g)].map(([, field]) => field);
    expect(named.length).toBeGreaterThan(0);
    expect(fields[declared.target]).toEqual(expect.arrayContaining(named));
  });
});

describe('The steps', () => {
  it('have code, all that are declared and no other', () => {
    expect(Object.keys(steps).sort()).toEqual(Object.keys(declaredSteps).sort());
  });

  it.each(Object.entries(declaredSteps))('%s has a summary, and a function to run on', (_, step) => {
    expect(step.summary).toMatch(/^[A-Z].*\S\.$/);
    expect(FUNCTION_MB).toHaveProperty(step.runsOn);
  });
});
