/** What every adapter of the Workflows port guarantees. */
import { afterEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../functions/core/problem.ts';
import type { Workflows } from '../../functions/ports/workflows.ts';
import type { StateMachine } from '../../state-machines/load.ts';

export type ContractSteps = Record<
  string,
  (input: Record<string, unknown>, signal: AbortSignal) => Promise<unknown>
>;

export interface WorkflowsSubject {
  workflows: Workflows;
  /** Resolves when the run has ended. */
  ended(name: string): Promise<void>;
  /** False where a step that runs is not told, and looks at its operation itself. */
  stopTellsStep?: boolean;
  close(): Promise<void>;
}

const retry = [{ ErrorEquals: ['Berth.Transient'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 2 }];
const toRecover = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Recover' }];

/** Three steps and a compensation, as every workflow of ours is built. */
export const contractMachine: StateMachine = {
  name: 'contract',
  tasks: { First: 'first', Second: 'second', Recover: 'recover' },
  definition: {
    Comment: 'For the contract',
    StartAt: 'First',
    TimeoutSeconds: 30,
    States: {
      First: { ...task('first', { Next: 'Second' }), Catch: toRecover },
      Second: { ...task('second', { End: true }), Catch: toRecover },
      Recover: task('recover', { Next: 'Failed' }),
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  },
};
function task(step: string, next: { Next: string } | { End: true }) {
  return {
    Type: 'Task' as const,
    Resource: step,
    TimeoutSeconds: 2,
    Retry: retry,
    ResultPath: '$.used' as const,
    ...next,
  };
}

export function workflowsContract(
  name: string,
  makeSubject: (steps: ContractSteps) => Promise<WorkflowsSubject>,
): void {
  describe(`${name} keeps the Workflows contract`, () => {
    let subject: WorkflowsSubject | undefined;
    afterEach(async () => {
      await subject?.close();
      subject = undefined;
    });

    it('runs the states in order with the input it was started with, and what the step before gave', async () => {
      const seen: unknown[] = [];
      const record = (step: string) => async (input: unknown) => {
        seen.push([step, input]);
        return { 'states.transition': seen.length };
      };
      subject = await makeSubject({
        first: record('first'),
        second: record('second'),
        recover: record('recover'),
      });
      await subject.workflows.start('contract', 'run-1', { operation: 'op-1' });
      await subject.ended('run-1');
      expect(seen).toEqual([
        ['first', { operation: 'op-1' }],
        ['second', { operation: 'op-1', used: { 'states.transition': 1 } }],
      ]);
      expect(await subject.workflows.describe('contract', 'run-1')).toBe('succeeded');
    });

    it('starts a name once, however often it is asked to', async () => {
      let runs = 0;
      const count = async () => void runs++;
      subject = await makeSubject({ first: count, second: async () => {}, recover: async () => {} });
      const start = () => subject!.workflows.start('contract', 'once', { operation: 'op' });
      await Promise.all([start(), start(), start()]);
      await subject.ended('once');
      await start();
      await subject.ended('once');
      expect(runs).toBe(1);
    });

    it('takes the Catch path with the error by its name', async () => {
      const seen: Record<string, unknown>[] = [];
      subject = await makeSubject({
        first: async () => {
          throw Object.assign(new Error('it broke'), { name: 'Berth.workload_crashed' });
        },
        second: async () => void seen.push({ second: true }),
        recover: async (input) => void seen.push(input),
      });
      await subject.workflows.start('contract', 'caught', { operation: 'op' });
      await subject.ended('caught');
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ operation: 'op', error: { Error: 'Berth.workload_crashed' } });
      expect(await subject.workflows.describe('contract', 'caught')).toBe('failed');
    });

    it('tries a transient fault again, and only that', async () => {
      let tries = 0;
      subject = await makeSubject({
        first: async () => {
          if (++tries < 3) throw new TransientError('not now');
        },
        second: async () => {},
        recover: async () => {},
      });
      await subject.workflows.start('contract', 'retried', { operation: 'op' });
      await subject.ended('retried');
      expect(tries).toBe(3);
      expect(await subject.workflows.describe('contract', 'retried')).toBe('succeeded');
    });

    it('tells a step when its TimeoutSeconds are nearly over, and ends it when they are', async () => {
      let error: unknown;
      let told = false;
      subject = await makeSubject({
        first: (_input, signal) => {
          signal.addEventListener('abort', () => (told = true));
          return new Promise((resolve) => setTimeout(resolve, 2_500));
        },
        second: async () => {},
        recover: async (input) => void (error = input.error),
      });
      await subject.workflows.start('contract', 'slow', { operation: 'op' });
      await subject.ended('slow');
      expect(error).toMatchObject({ Error: 'States.Timeout' });
      expect(told).toBe(true);
    });

    it('stops a run without its Catch path, and tells the step', async () => {
      let aborted = false;
      let recovered = false;
      const started = Promise.withResolvers<void>();
      subject = await makeSubject({
        first: (_input, signal) =>
          new Promise((_resolve, reject) => {
            started.resolve();
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(signal.reason);
            });
          }),
        second: async () => {},
        recover: async () => void (recovered = true),
      });
      await subject.workflows.start('contract', 'stopped', { operation: 'op' });
      await started.promise;
      await subject.workflows.stop('contract', 'stopped', 'enough');
      await subject.ended('stopped');
      expect(recovered).toBe(false);
      if (subject.stopTellsStep !== false) expect(aborted).toBe(true);
      expect(await subject.workflows.describe('contract', 'stopped')).toBe('stopped');
    });

    it('leaves an unknown or ended run as it is when asked to stop it', async () => {
      subject = await makeSubject({ first: async () => {}, second: async () => {}, recover: async () => {} });
      await subject.workflows.stop('contract', 'nobody', 'enough');
      expect(await subject.workflows.describe('contract', 'nobody')).toBeUndefined();
      await subject.workflows.start('contract', 'done', { operation: 'op' });
      await subject.ended('done');
      await subject.workflows.stop('contract', 'done', 'enough');
      expect(await subject.workflows.describe('contract', 'done')).toBe('succeeded');
    });

    it('runs a step that belongs to no run, with its input, and throws its error by its name', async () => {
      const seen: unknown[] = [];
      subject = await makeSubject({
        first: async () => void seen.push('first'),
        second: async () => {
          throw Object.assign(new Error('it broke'), { name: 'Berth.workload_crashed' });
        },
        recover: async (input) => void seen.push(input),
      });
      const { runStep } = subject.workflows;
      const input = { operation: 'op', error: { Error: 'Berth.Lost', Cause: 'over' } };
      await runStep('recover', input, AbortSignal.timeout(10_000));
      expect(seen).toEqual([input]);
      await expect(runStep('second', input, AbortSignal.timeout(10_000))).rejects.toMatchObject({
        name: 'Berth.workload_crashed',
        message: expect.stringContaining('it broke'),
      });
    });

    it('waits for no longer than it is told', async () => {
      const never = Promise.withResolvers<void>();
      subject = await makeSubject({
        first: (_input, signal) => {
          signal.addEventListener('abort', () => never.resolve());
          return never.promise;
        },
        second: async () => {},
        recover: async () => {},
      });
      const began = Date.now();
      await subject.workflows.runStep('first', {}, AbortSignal.timeout(300)).catch(() => undefined);
      expect(Date.now() - began).toBeLessThan(5_000);
      never.resolve();
    });

    it('keeps runs apart from each other', async () => {
      const inputs: unknown[] = [];
      subject = await makeSubject({
        first: async (input) => {
          if (input.operation === 'b') throw new Error('only b');
        },
        second: async (input) => void inputs.push(input.operation),
        recover: async () => {},
      });
      for (const operation of ['a', 'b', 'c'])
        await subject.workflows.start('contract', operation, { operation });
      await Promise.all(['a', 'b', 'c'].map((run) => subject!.ended(run)));
      expect(inputs.sort()).toEqual(['a', 'c']);
    });
  });
}
