import { readFileSync } from 'node:fs';
import { StateMachine } from 'aws-local-stepfunctions';
import { describe, expect, it } from 'vitest';
import { loadStateMachine, parseStateMachine, stepsOf, workflowNames } from '../../state-machines/load.ts';

const arns = (name: string): Record<string, string> =>
  Object.fromEntries(
    stepsOf(name).map((step) => [step, `arn:aws:lambda:eu-west-1:123456789012:function:${step}`]),
  );

describe('The workflows', () => {
  it.each(workflowNames())('%s loads, and an independent validator accepts it', (name) => {
    const { definition } = loadStateMachine(name, arns(name));
    expect(() => new StateMachine(structuredClone(definition) as never)).not.toThrow();
  });

  it('take at most 6 transitions for a deployment and 4 for a rollback', () => {
    const length = (name: string) => {
      const { States, StartAt } = loadStateMachine(name, arns(name)).definition;
      let count = 0;
      for (let at: string | undefined = StartAt; at; count++) {
        const state: (typeof States)[string] = States[at]!;
        at = state.Type === 'Task' ? state.Next : undefined;
      }
      return count;
    };
    expect(length('deploy')).toBeLessThanOrEqual(6);
    expect(length('rollback')).toBeLessThanOrEqual(4);
    // All steps of a rollout are walked in one state.
    expect(length('deploy-in-steps')).toBeLessThanOrEqual(length('deploy') + 2);
  });
});

describe('The loader refuses', () => {
  const text = readFileSync(new URL('../../state-machines/rollback.asl.json', import.meta.url), 'utf8');
  const broken = (change: (machine: never) => void, resources = arns('rollback')) => {
    const machine = JSON.parse(text) as never;
    change(machine);
    return () => parseStateMachine('rollback', JSON.stringify(machine), resources);
  };
  type Loose = {
    QueryLanguage?: string;
    TimeoutSeconds?: number;
    States: Record<string, Record<string, unknown>>;
  };
  const cases: [string, (machine: Loose) => void, RegExp][] = [
    ['JSONata', (m) => void (m.QueryLanguage = 'JSONata'), /QueryLanguage is not in the subset/],
    ['a machine without a bound', (m) => void delete m.TimeoutSeconds, /TimeoutSeconds is missing/],
    [
      'a Task without a bound',
      (m) => void delete m.States.ApplyWorkload!.TimeoutSeconds,
      /TimeoutSeconds is missing/,
    ],
    ['a Task without Retry', (m) => void delete m.States.ApplyWorkload!.Retry, /Retry is missing/],
    ['a Task without Catch', (m) => void delete m.States.ApplyWorkload!.Catch, /needs a Catch/],
    [
      'a Wait',
      (m) => void (m.States.ApplyWorkload = { Type: 'Wait', Seconds: 1, End: true }),
      /not in the subset/,
    ],
    ['Assign', (m) => void (m.States.ApplyWorkload!.Assign = {}), /Assign is not in the subset/],
    [
      'a Resource that is no placeholder',
      (m) => void (m.States.ApplyWorkload!.Resource = 'arn:aws:states:::sns:publish'),
      /not one placeholder/,
    ],
    [
      'an unknown step',
      (m) => void (m.States.ApplyWorkload!.Resource = '${nothing}'),
      /no step for the placeholder nothing/,
    ],
    [
      'an unused placeholder',
      (m) => void (m.States.ApplyWorkload!.Resource = '${awaitRollout}'),
      /nothing uses the placeholder applyWorkload/,
    ],
    [
      'a payload in the state',
      (m) => void (m.States.ApplyWorkload!.ResultPath = '$.result'),
      /ResultPath has to be \$\.used/,
    ],
    [
      'a Retry of a failure',
      (m) => void (m.States.ApplyWorkload!.Retry = [{ ErrorEquals: ['States.ALL'] }]),
      /not transient/,
    ],
    ['a state that nothing leads to', (m) => void (m.States.Lost = { Type: 'Fail' }), /no state leads there/],
    ['a Next that is no state', (m) => void (m.States.ApplyWorkload!.Next = 'Nowhere'), /Next is no state/],
  ];
  it.each(cases)('%s', (_what, change, message) => {
    expect(broken(change as never)).toThrow(message);
  });
});
