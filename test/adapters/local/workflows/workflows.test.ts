import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalWorkflows } from '../../../../functions/adapters/local/workflows/workflows.ts';
import { TransientError } from '../../../../functions/core/problem.ts';
import { type ContractSteps, contractMachine, workflowsContract } from '../../../contracts/workflows.ts';

const makeHeld = (path: string, steps: ContractSteps) =>
  createLocalWorkflows({
    path,
    machines: [contractMachine],
    now: Date.now,
    runStep: (step, input, signal) => steps[step]!(input, signal),
  });

const make = async (path: string, steps: ContractSteps) => {
  const workflows = makeHeld(path, steps);
  await workflows.resume();
  return workflows;
};

workflowsContract('aws-local-stepfunctions', async (steps) => {
  const workflows = await make(':memory:', steps);
  return {
    workflows,
    async ended(name) {
      while ((await workflows.describe('contract', name)) === 'running') await sleep(5);
    },
    close: () => workflows.close(),
  };
});

describe('Workflows on one machine', () => {
  let directory: string | undefined;
  afterEach(async () => {
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  it('run again what had not ended when the process died, and nothing else', async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-workflows-'));
    const path = join(directory, 'workflows.db');
    const hangs: ContractSteps = {
      first: async (input, signal) => {
        if (input.operation !== 'cut') return;
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      second: async () => {},
      recover: async () => {},
    };
    const before = await make(path, hangs);
    await before.start('contract', 'whole', { operation: 'whole' });
    while ((await before.describe('contract', 'whole')) === 'running') await sleep(5);
    await before.start('contract', 'cut', { operation: 'cut' });
    await before.close();

    const seen: unknown[] = [];
    const after = makeHeld(path, {
      first: async (input) => void seen.push(input.operation),
      second: async () => {},
      recover: async () => {},
    });
    expect(await after.describe('contract', 'cut')).toBe('running');
    expect(await after.resume()).toBe(1);
    while ((await after.describe('contract', 'cut')) === 'running') await sleep(5);
    expect(seen).toEqual(['cut']);
    await after.close();
  });

  it('run nothing before they are resumed: what was started until then begins with what had not ended', async () => {
    const begun: unknown[] = [];
    const workflows = makeHeld(':memory:', {
      first: async ({ operation }) => void begun.push(operation),
      second: async () => undefined,
      recover: async () => undefined,
    });
    await workflows.start('contract', 'early', { operation: 'early' });
    await sleep(20);
    expect(begun).toEqual([]);
    expect(await workflows.describe('contract', 'early')).toBe('running');
    expect(await workflows.resume()).toBe(1);
    while ((await workflows.describe('contract', 'early')) === 'running') await sleep(5);
    expect(begun).toEqual(['early']);
    await workflows.close();
  });

  it('tell of a run that failed by the name of the error it ended with', async () => {
    const failures: unknown[] = [];
    const broken = (name: string) => async (): Promise<never> => {
      throw Object.assign(new Error('it broke'), { name });
    };
    const workflows = createLocalWorkflows({
      path: ':memory:',
      machines: [contractMachine],
      now: Date.now,
      onFailure: ({ name, error }) => failures.push([name, (error as Error).name]),
      runStep: (step, input) =>
        step === 'recover' && input.operation === 'compensated'
          ? Promise.resolve()
          : broken(`Berth.${step}`)(),
    });
    await workflows.resume();
    for (const name of ['compensated', 'lost']) {
      await workflows.start('contract', name, { operation: name });
      while ((await workflows.describe('contract', name)) === 'running') await sleep(5);
    }
    expect(failures).toEqual([
      ['compensated', 'Berth.first'],
      ['lost', 'Berth.recover'],
    ]);
    await workflows.close();
  });

  it('begin no step once they are closed: neither a Retry nor the compensation', async () => {
    const begun: string[] = [];
    const note = (step: string, work: ContractSteps[string]): ContractSteps[string] => {
      return (input, signal) => {
        begun.push(step);
        return work(input, signal);
      };
    };
    const workflows = await make(':memory:', {
      first: note('first', async (_input, signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new TransientError('cut off');
      }),
      second: note('second', async () => undefined),
      recover: note('recover', async () => undefined),
    });
    await workflows.start('contract', 'cut', { operation: 'cut' });
    while (begun.length === 0) await sleep(5);
    await workflows.close();
    await sleep(50);
    expect(begun).toEqual(['first']);
  });

  it('survive that an end can not be written, and write it later', async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-workflows-'));
    const path = join(directory, 'workflows.db');
    let blocker: DatabaseSync | undefined;
    const block = (): void => {
      blocker = new DatabaseSync(path);
      blocker.exec('BEGIN IMMEDIATE');
    };
    const steps: ContractSteps = {
      first: async ({ operation }) => operation === 'blocked' && block(),
      second: async () => undefined,
      recover: async () => undefined,
    };
    const workflows = await make(path, steps);
    await workflows.start('contract', 'blocked', { operation: 'blocked' });
    while ((await workflows.describe('contract', 'blocked')) === 'running') await sleep(5);
    expect(await workflows.describe('contract', 'blocked')).toBe('succeeded');
    blocker?.close();
    await workflows.start('contract', 'next', { operation: 'next' });
    while ((await workflows.describe('contract', 'next')) === 'running') await sleep(5);
    await workflows.close();
    const after = makeHeld(path, steps);
    expect(await after.describe('contract', 'blocked')).toBe('succeeded');
    expect(await after.resume()).toBe(0);
    await after.close();
  });

  it('refuse a machine whose Task no step of ours would run', () => {
    const { Second: _unmapped, ...tasks } = contractMachine.tasks;
    const options = { path: ':memory:', now: Date.now, runStep: async () => undefined };
    expect(() => createLocalWorkflows({ ...options, machines: [{ ...contractMachine, tasks }] })).toThrow(
      /"Second" \(Task\) can not run on one machine/,
    );
  });
});
