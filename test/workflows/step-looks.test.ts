/** Steps that wait where waiting holds something scarce: a moment in place, then looks. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  acceptWrites,
  cancelOperation,
  newOperation,
} from '../../functions/commands/operations/operations.ts';
import { operationKey } from '../../functions/core/keys.ts';
import type { Operation } from '../../functions/core/model/index.ts';
import { declaredSteps, kindNames, operationKinds } from '../../functions/core/operations/index.ts';
import { Problem, TransientError } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { runStep, type Step, StillProgressing } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf } from '../../state-machines/load.ts';
import { type Bench, openBench } from '../support/bench.ts';

let bench: Bench;
/** Where waiting holds a function. */
let pausing: Ports;
beforeAll(async () => {
  bench = await openBench();
  pausing = { ...bench.ports, workflows: { ...bench.ports.workflows, pauses: true } };
});
afterEach(() => vi.useRealTimers());
afterAll(() => bench?.close());

const never = new AbortController().signal;

async function accepted(): Promise<Operation> {
  const operation = newOperation(bench.ports, 'tester', {
    kind: 'build',
    project: 'shop',
    service: 'web',
    input: { kind: 'upload', source: 'gone' },
  });
  await bench.ports.store.transact(acceptWrites(bench.ports, operation));
  return operation;
}

/** Waits until its signal aborts. */
const step: Step = {
  role: 'work',
  watched: true,
  async run({ signal }) {
    await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
    throw signal.reason;
  },
};

const call = (ports: Ports, id: string, code = step): Promise<unknown> =>
  runStep(ports, 'buildImage', code, { operation: id }, never);

/** How long a call takes, virtual seconds. */
async function secondsOf(calling: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  let seconds = 0;
  const ended = calling()
    .catch((error: unknown) => error)
    .finally(() => {
      isOver = true;
    });
  await new Promise((done) => setImmediate(done));
  for (; !isOver && seconds < 100; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await new Promise((done) => setImmediate(done));
  }
  expect(await ended).toBeInstanceOf(StillProgressing);
  return seconds;
}

/** An operation whose step has waited in place. */
async function handedOver(): Promise<Operation> {
  const operation = await accepted();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await secondsOf(() => call(pausing, operation.id));
  vi.useRealTimers();
  bench.pass(16_000);
  return operation;
}

describe('A step that waits', () => {
  it('waits its time once where that holds a function, then looks, and a look writes nothing', async () => {
    const { id } = await accepted();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const looking = () => secondsOf(() => call(pausing, id));
    expect(await looking()).toBe(15);
    const { version, data } = (await bench.ports.store.get<Operation>(operationKey(id)))!;
    expect(data.steps).toMatchObject([{ name: 'buildImage', attempt: 1 }]);
    bench.pass(16_000);
    expect([await looking(), await looking()]).toEqual([1, 1]);
    expect((await bench.ports.store.get(operationKey(id)))!.version).toBe(version);
  });

  it('waits for what is left of its time where its first call failed early', async () => {
    const { id } = await accepted();
    const failing = { ...step, run: () => Promise.reject(new TransientError('a time-out')) };
    await expect(call(pausing, id, failing)).rejects.toThrow('a time-out');
    bench.pass(10_000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect(await secondsOf(() => call(pausing, id))).toBe(5);
  });

  it('waits for as long as its call may take elsewhere', async () => {
    const { id } = await accepted();
    const signal = AbortSignal.timeout(400);
    const calling = runStep(bench.ports, 'buildImage', step, { operation: id }, signal);
    await expect(calling).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each([
    ['a fault that may pass', new TransientError('a time-out')],
    ['a place that does not answer', new Problem('unavailable', 'It is away.', { hint: 'Wait.' })],
  ])('goes on past its time with %s, and tells of it before', async (_, fault) => {
    const failing = { ...step, run: () => Promise.reject(fault) };
    const early = await accepted();
    await expect(call(pausing, early.id, failing)).rejects.toBe(fault);
    const late = await handedOver();
    await expect(call(pausing, late.id, failing)).rejects.toBeInstanceOf(StillProgressing);
    expect((await bench.operation(late.id)).error).toBeUndefined();
  });

  it('does not go on where it was put back because something was unavailable, and its run begins anew', async () => {
    const { id } = await handedOver();
    const { data, due } = (await bench.ports.store.get<Operation>(operationKey(id)))!;
    const error = new Problem('unavailable', 'It was away.', { hint: 'Wait.' }).toDetail();
    const put = { ...operationKey(id), data: { ...data, compensating: true, error }, ...(due && { due }) };
    await bench.ports.store.transact([{ put }]);
    await expect(call(pausing, id)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('hears of a cancellation at its next look', async () => {
    const { id } = await handedOver();
    const { data, due } = (await bench.ports.store.get<Operation>(operationKey(id)))!;
    const put = { ...operationKey(id), data: { ...data, cancelRequested: true }, ...(due && { due }) };
    await bench.ports.store.transact([{ put }]);
    await expect(call(pausing, id)).rejects.toMatchObject({ code: 'canceled' });
  });

  it('is canceled between two looks by another run, which no other cancellation begins', async () => {
    const caller = { actor: 'tester' };
    const { id } = await handedOver();
    bench.started.length = 0;
    await cancelOperation(pausing, caller, id);
    expect(bench.started).toEqual([`${id}-canceled`]);
    const waits = await accepted();
    await expect(
      Promise.race([call(pausing, waits.id), cancelOperation(pausing, caller, waits.id)]),
    ).resolves.toMatchObject({ cancelRequested: true });
    const elsewhere = await handedOver();
    await cancelOperation(bench.ports, caller, elsewhere.id);
    expect(bench.started).toEqual([`${id}-canceled`]);
  });
});

describe('The workflows', () => {
  it('call again, at intervals of ten seconds and more, each step that waits, and throttled calls of it', () => {
    const seen = new Set<string>();
    for (const kind of kindNames) {
      const { definition, tasks } = loadStateMachine(
        kind,
        Object.fromEntries(stepsOf(kind).map((name) => [name, name])),
      );
      for (const [state, name] of Object.entries(tasks)) {
        const { waitsSeconds } = declaredSteps[name as keyof typeof declaredSteps];
        const task = definition.States[state]!;
        const looks =
          task.Type === 'Task' ? task.Retry.filter((each) => each.ErrorEquals.includes(LOOK)) : [];
        if (waitsSeconds === undefined) continue;
        seen.add(name);
        expect(looks, `${kind}: ${state}`).toHaveLength(1);
        expect(looks[0]!.ErrorEquals).toContain('Lambda.TooManyRequestsException');
        expect(Number(looks[0]!.IntervalSeconds), `${kind}: ${state}`).toBeGreaterThanOrEqual(10);
        // The bound of the run ends them, and no count of looks does before; nor do 25,000 events of its history.
        const most = Number(looks[0]!.MaxAttempts);
        const delay = Number(looks[0]!.MaxDelaySeconds);
        expect(most * delay, `${kind}: ${state}`).toBeGreaterThanOrEqual(definition.TimeoutSeconds);
        expect((3 * definition.TimeoutSeconds) / delay, `${kind}: ${state}`).toBeLessThan(20_000);
      }
    }
    const declared = Object.entries(declaredSteps).filter(([, { waitsSeconds }]) => waitsSeconds);
    expect([...seen].sort()).toEqual(declared.map(([name]) => name).sort());
  });

  it('begin with a step that no operation passes which is to stop, where they can be canceled', () => {
    for (const kind of kindNames.filter((each) => operationKinds[each].cancelable)) {
      const machine = loadStateMachine(kind, Object.fromEntries(stepsOf(kind).map((name) => [name, name])));
      const first = machine.tasks[machine.definition.StartAt] as keyof typeof steps;
      expect(steps[first].role, kind).toBe('work');
    }
  });
});

const LOOK = 'Berth.StillProgressing';
