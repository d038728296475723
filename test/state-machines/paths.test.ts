/** The paths by which both interpreters are compared (test/conformance/aws/traces.test.ts) leave nothing out. */
import { describe, expect, it } from 'vitest';
import {
  loadStateMachine,
  type StateMachineDefinition,
  stepsOf,
  workflowNames,
} from '../../state-machines/load.ts';
import { contractMachine } from '../contracts/workflows.ts';
import { aslParts, aslPaths } from '../support/asl-paths.ts';

const definitionOf = (name: string): StateMachineDefinition =>
  loadStateMachine(name, Object.fromEntries(stepsOf(name).map((step) => [step, step]))).definition;

describe('The paths of a workflow', () => {
  it.each(workflowNames())('%s: take every state, Catch and Retry, and each is one of its own', (name) => {
    const definition = definitionOf(name);
    const paths = aslPaths(definition);
    expect([...new Set(paths.flatMap(({ taken }) => taken))].sort()).toEqual(aslParts(definition).sort());
    expect(new Set(paths.map((path) => path.name)).size).toBe(paths.length);
  });

  it.each(workflowNames())('%s: throw every error that a Retry names', (name) => {
    const definition = definitionOf(name);
    const paths = aslPaths(definition);
    for (const [state, { Retry = [] }] of Object.entries(definition.States) as [
      string,
      { Retry?: { ErrorEquals: string[] }[] },
    ][]) {
      const thrown = new Set(paths.flatMap(({ errors }) => errors[state] ?? []));
      expect([...thrown]).toEqual(expect.arrayContaining(Retry.flatMap(({ ErrorEquals }) => ErrorEquals)));
    }
  });

  it('are these, for three steps and a compensation', () => {
    const retry = 'Berth.Transient';
    const lost = 'Berth.workload_crashed';
    const paths = aslPaths(contractMachine.definition).map(({ name, calls, error }) => [
      name,
      calls.map(({ state, attempt }) => `${state} ${attempt}`).join(' > '),
      error,
    ]);
    expect(paths).toHaveLength(11);
    expect(paths).toEqual(
      expect.arrayContaining([
        ['all fine', 'First 1 > Second 1', undefined],
        [`First: ${lost}`, 'First 1 > Recover 1', lost],
        [`First: ${lost}, Recover: ${lost}`, 'First 1 > Recover 1', lost],
        [`Second: ${retry} until fine`, 'First 1 > Second 1 > Second 2', undefined],
        [`Second: ${retry} until exhausted`, 'First 1 > Second 1 > Second 2 > Second 3 > Recover 1', retry],
      ]),
    );
  });

  it('are refused where a state is of a kind that nobody walks', () => {
    const definition = structuredClone(contractMachine.definition);
    definition.States.Second = { Type: 'Choice' } as never;
    expect(() => aslPaths(definition)).toThrow('Second is a Choice');
  });
});
