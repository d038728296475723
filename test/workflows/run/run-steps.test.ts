import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hibernateEnvironment } from '../../../functions/commands/environments/transitions.ts';
import { getJob } from '../../../functions/commands/jobs/job-record.ts';
import { changeJob } from '../../../functions/commands/jobs/jobs.ts';
import { cancelOperation } from '../../../functions/commands/operations/operations.ts';
import { type RunRequest, startRun } from '../../../functions/commands/runs/runs.ts';
import { operationLog } from '../../../functions/core/keys.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { runStep, StillProgressing } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { type Bench, caller, openBench } from '../../support/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  await bench.deploy('dev', await bench.build('one'));
});
afterAll(() => bench?.close());

const start = (program: string, more: Partial<RunRequest> = {}) =>
  startRun(bench.ports, caller, bench.ref('dev'), {
    command: ['node', '-e', program],
    timeoutSeconds: 60,
    ...more,
  });
const printed = async (id: string) =>
  (await bench.ports.logs.read(operationLog(id), { tail: 100 })).map(({ message }) => message);
const types = async (id: string) => (await bench.events(id)).map(({ type }) => type);
const ENDLESS = 'console.log("up"); setInterval(() => {}, 1000)';

async function untilUp(id: string): Promise<void> {
  while (!(await printed(id)).includes('up')) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function left() {
  const names = await bench.ports.workloads.inventory(bench.ref('dev'));
  return names.filter((name) => name.startsWith('process'));
}

/** The ports of a Berth that was killed meanwhile: its place would begin a command anew. */
function forgetful(): Ports {
  const runCommand = async (): Promise<never> => {
    throw new Error('It is run again.');
  };
  return { ...bench.ports, workloads: { ...bench.ports.workloads, runCommand } };
}

describe('A run', () => {
  it('has what serves: its image, its variables, and its exit code is the result', async () => {
    const run = await start('console.log(require("fs").readdirSync(".").includes("package.json"))');
    await bench.run(run, 'prepareRun', 'runCommand', 'finishRun');
    expect(await bench.operation(run.id)).toMatchObject({ status: 'succeeded', result: { exitCode: 0 } });
    expect(await printed(run.id)).toEqual(['true']);
    expect(await types(run.id)).toEqual(['run.started', 'run.succeeded']);
    expect((await bench.environmentOf('dev')).data).not.toHaveProperty('runs');
  });

  it('is not run again once its command has ended well, though its end was not written', async () => {
    const run = await start('console.log("once")');
    await bench.run(run, 'prepareRun', 'runCommand');
    await runStep(
      forgetful(),
      'runCommand',
      steps.runCommand,
      { operation: run.id },
      AbortSignal.timeout(5_000),
    );
    await bench.run(run, 'finishRun');
    expect(await printed(run.id)).toEqual(['once']);
    expect(await bench.operation(run.id)).toMatchObject({ status: 'succeeded', result: { exitCode: 0 } });
  });

  it('fails with the exit code of its command and what that printed, which is not run again', async () => {
    const run = await start('console.error("Error: no table"); process.exitCode = 3');
    await bench.run(run, 'prepareRun');
    await expect(bench.run(run, 'runCommand')).rejects.toThrow(/exit code 3\. .*Error: no table/s);
    // Berth was killed meanwhile: its exit code is on record.
    await expect(
      runStep(forgetful(), 'runCommand', steps.runCommand, { operation: run.id }, AbortSignal.timeout(5_000)),
    ).rejects.toThrow('exit code 3.');
    await bench.run(run, 'recoverRun');
    expect(await bench.operation(run.id)).toMatchObject({
      status: 'failed',
      result: { exitCode: 3 },
      error: { code: 'run_failed' },
    });
    expect(await printed(run.id)).toEqual(['Error: no table']);
    expect((await bench.events(run.id)).at(-1)).toMatchObject({ type: 'run.failed', data: { exitCode: 3 } });
  });

  it('is not run again once its compensation has ended its command, though nothing else could be written', async () => {
    const run = await start('process.exitCode = 3');
    await bench.run(run, 'prepareRun');
    // Its command was lost, and the record says no error: it could not be kept.
    const endCommand = async (): Promise<never> => {
      throw new Error('killed');
    };
    const dying = { ...bench.ports, workloads: { ...bench.ports.workloads, endCommand } };
    const signal = AbortSignal.timeout(5_000);
    const input = { operation: run.id };
    await expect(runStep(dying, 'recoverRun', steps.recoverRun, input, signal)).rejects.toThrow('killed');
    await expect(runStep(forgetful(), 'runCommand', steps.runCommand, input, signal)).rejects.toMatchObject({
      code: 'internal',
    });
    await bench.run(run, 'recoverRun');
    expect((await bench.operation(run.id)).status).toBe('failed');
  });

  it('that is canceled ends its command, and leaves nothing', async () => {
    const before = await left();
    const run = await start(ENDLESS);
    const running = bench.run(run, 'runCommand');
    running.catch(() => undefined);
    await untilUp(run.id);
    await cancelOperation(bench.ports, caller, run.id);
    await expect(running).rejects.toMatchObject({ code: 'canceled' });
    await bench.run(run, 'recoverRun');
    expect(await left()).toEqual(before);
    expect((await bench.operation(run.id)).status).toBe('canceled');
  });

  it('ends at its time-out', async () => {
    const run = await start(ENDLESS, { timeoutSeconds: 1 });
    await expect(bench.run(run, 'runCommand')).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await bench.run(run, 'recoverRun');
    expect((await bench.operation(run.id)).error).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('goes on where the time of one call of its step is over, and its end is found by the next', async () => {
    const run = await start('console.log("up"); setTimeout(() => console.log("end"), 700)');
    const death = new AbortController();
    const input = { operation: run.id };
    const first = runStep(bench.ports, 'runCommand', steps.runCommand, input, death.signal);
    first.catch(() => undefined);
    await untilUp(run.id);
    death.abort();
    await expect(first).rejects.toThrow(StillProgressing);
    await bench.run(run, 'runCommand', 'finishRun');
    expect(await printed(run.id)).toEqual(['up', 'end']);
  });

  it('that Berth was killed in is not begun a second time: it was interrupted, and says so', async () => {
    const run = await start('console.log("again")');
    // The place forgets what ran in an earlier life of Berth.
    const dying = { ...bench.ports.workloads, runCommand: async () => undefined };
    const death = AbortSignal.abort();
    const input = { operation: run.id };
    await expect(
      runStep({ ...bench.ports, workloads: dying }, 'runCommand', steps.runCommand, input, death),
    ).rejects.toThrow(StillProgressing);
    await expect(bench.run(run, 'runCommand')).rejects.toMatchObject({ code: 'run_interrupted' });
    await bench.run(run, 'recoverRun');
    expect(await printed(run.id)).toEqual([]);
  });

  it('keeps its environment awake, and is left alone by a deployment', async () => {
    const run = await start(ENDLESS);
    const running = bench.run(run, 'runCommand');
    await untilUp(run.id);
    await expect(hibernateEnvironment(bench.ports, caller, bench.ref('dev'))).rejects.toMatchObject({
      code: 'operation_in_progress',
    });
    await bench.deploy('dev', await bench.build('two'));
    expect((await bench.operation(run.id)).status).toBe('running');
    await cancelOperation(bench.ports, caller, run.id);
    await expect(running).rejects.toMatchObject({ code: 'canceled' });
    await bench.run(run, 'recoverRun');
  });
});

describe('A job', () => {
  const settings = {
    schedule: '* * * * *',
    timeZone: 'UTC',
    command: ['node', '-e', 'process.exitCode = 1'],
    timeoutSeconds: 60,
    overlap: 'forbid' as const,
    retries: 1,
    suspended: false,
    wakes: false,
  };
  const job = async () => (await getJob(bench.ports.store, bench.ref('dev'), 'tidy')).data;

  it('that fails is tried again, and is told as failed once no retry is left', async () => {
    await changeJob(bench.ports, caller, bench.ref('dev'), 'tidy', () => ({
      ...settings,
      schedule: '0 0 1 1 *',
    }));
    const due = Date.parse((await job()).nextAt ?? '');
    bench.pass(due - bench.ports.effects.now() + 1_000);
    const tries: string[] = [];
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await sweep(bench.ports)).toMatchObject({ errors: [] });
      const [running = ''] = (await job()).running;
      tries.push(running);
      expect((await bench.operation(running)).input).toMatchObject({ job: { name: 'tidy', attempt } });
      await expect(bench.run({ id: running }, 'prepareRun', 'runCommand')).rejects.toThrow('exit code 1');
      await bench.run({ id: running }, 'recoverRun');
      expect(await job()).toMatchObject({
        running: [],
        last: { operation: running, status: 'failed', exitCode: 1 },
      });
      bench.pass(11_000);
    }
    expect(await types(tries[0] ?? '')).toEqual(['run.started', 'run.failed']);
    expect(await types(tries[1] ?? '')).toEqual(['run.started', 'run.failed', 'job.failed']);
    expect(await job()).not.toHaveProperty('retry');
  });
});
