import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdGameDay } from '../../../functions/commands/gamedays/gamedays.ts';
import { cancelOperation } from '../../../functions/commands/operations/operations.ts';
import type { Fault, GameDayReport } from '../../../functions/core/model/index.ts';
import { seenIn } from '../../../functions/workflows/game-day/report.ts';
import { runStep, StillProgressing } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { type Bench, caller, openBench } from '../../support/bench.ts';

const HOST = 'web.dev.shop.localhost';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  await bench.deploy('dev', await bench.build('one'));
});
afterAll(() => bench?.close());

const ask = () => bench.subject.workload(HOST);
const hold = (faults: Fault[], durationSeconds: number, more = {}) =>
  holdGameDay(bench.ports, caller, bench.ref('dev'), { durationSeconds, faults, ...more });

async function replica() {
  const status = await bench.ports.workloads.status(bench.ref('dev'));
  return status?.replicas[0];
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('A game day', () => {
  it('makes requests fail and replicas end until its time is over, then nothing, and reports what users saw', async () => {
    const before = await replica();
    const operation = await hold(
      [
        { type: 'abort', service: 'web', percent: 100 },
        { type: 'kill', service: 'web' },
      ],
      1,
    );
    const injecting = bench.run(operation, 'injectFaults');
    await until(async () => (await ask()).status === 503);
    await until(async () => (await replica())?.startedAt !== before?.startedAt);
    await injecting;
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(operation.input.endsAt));
    await bench.run(operation, 'observeRecovery');
    expect((await ask()).text).toBe('one');
    await bench.run(operation, 'finishGameDay');
    const { status, result } = await bench.operation(operation.id);
    const report = result as unknown as GameDayReport;
    expect(status).toBe('succeeded');
    expect(report).toMatchObject({
      stoppedEarly: false,
      services: [{ service: 'web', restarts: 1, ready: true }],
    });
    expect(report.services[0]?.during?.errors).toBeGreaterThan(0);
    expect((await bench.events(operation.id)).map(({ type }) => type)).toEqual([
      'gameday.started',
      'gameday.ended',
    ]);
    expect((await bench.environmentOf('dev')).data).not.toHaveProperty('gameDay');
  });

  it('that begins anew, as after a death of Berth, kills nothing a second time, and ends at the time that it had', async () => {
    const first = await replica();
    const operation = await hold([{ type: 'kill', service: 'web' }], 2);
    const death = new AbortController();
    const dying = runStep(
      bench.ports,
      'injectFaults',
      steps.injectFaults,
      { operation: operation.id },
      death.signal,
    );
    dying.catch(() => undefined);
    const isBack = async () => {
      const now = await replica();
      return now?.state === 'ready' && now.startedAt !== first?.startedAt;
    };
    await until(isBack);
    death.abort();
    await expect(dying).rejects.toThrow(StillProgressing);
    const before = await replica();
    await bench.run(operation, 'injectFaults');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(operation.input.endsAt));
    expect((await replica())?.startedAt).toBe(before?.startedAt);
    await bench.run(operation, 'observeRecovery', 'finishGameDay');
  });

  it('that is canceled undoes its faults at once, and says so', async () => {
    const operation = await hold([{ type: 'abort', service: 'web', percent: 100 }], 600);
    const injecting = bench.run(operation, 'injectFaults');
    await until(async () => (await ask()).status === 503);
    await cancelOperation(bench.ports, caller, operation.id);
    await expect(injecting).rejects.toThrow('canceled');
    await bench.run(operation, 'recoverGameDay');
    expect((await ask()).text).toBe('one');
    expect((await bench.operation(operation.id)).status).toBe('canceled');
  });

  it('ends before its time when too many requests fail', async () => {
    const operation = await hold([{ type: 'abort', service: 'web', percent: 100 }], 600, {
      stopAtErrorPercent: 50,
    });
    const injecting = bench.run(operation, 'injectFaults');
    await until(async () => (await ask()).status === 503);
    for (let left = 30; left > 0; left--) await ask();
    await injecting;
    const observing = bench.run(operation, 'observeRecovery');
    await until(async () => (await bench.operation(operation.id)).steps.at(-1)?.name === 'observeRecovery');
    bench.pass(30_000);
    await observing;
    await bench.run(operation, 'finishGameDay');
    expect((await bench.operation(operation.id)).result).toMatchObject({ stoppedEarly: true });
    expect((await ask()).text).toBe('one');
  });
});

describe('The report', () => {
  const sample = (second: number, requests: number, p50Ms: number, p99Ms: number) => ({
    at: new Date(second * 1000).toISOString(),
    seconds: 10,
    requests,
    errors: 1,
    p50Ms,
    p95Ms: p99Ms,
    p99Ms,
  });

  it('weighs medians by their requests, takes the worst of the slowest, and says nothing where nobody asked', () => {
    const samples = [sample(0, 10, 10, 20), sample(10, 30, 50, 90), sample(20, 5, 1, 1)];
    expect(seenIn(samples, 0, 20_000)).toEqual({ requests: 40, errors: 2, p50Ms: 40, p99Ms: 90 });
    expect(seenIn(samples, 30_000, 60_000)).toBeUndefined();
  });
});
