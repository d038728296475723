/** Steps that wait where waiting holds something scarce: a moment in place, then looks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptWrites, newOperation } from '../../functions/commands/operations/operations.ts';
import { operationKey } from '../../functions/core/keys.ts';
import type { Operation } from '../../functions/core/model/index.ts';
import { runStep, type Step, StillProgressing } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { type Bench, openBench } from '../support/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
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

/** Waits until its signal aborts, and says for how long. */
function waiting(waitsSeconds?: number): { step: Step<Operation<'build'>>; waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    step: {
      role: 'work',
      watched: true,
      ...(waitsSeconds !== undefined && { waitsSeconds }),
      async run({ signal }) {
        const since = performance.now();
        await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
        waits.push(performance.now() - since);
        throw signal.reason;
      },
    },
  };
}

describe('A step that waits', () => {
  it('waits its time once where that holds a function, then looks, and a look writes nothing', async () => {
    const { id } = await accepted();
    const { step, waits } = waiting(2);
    const call = () =>
      runStep(bench.ports, 'buildImage', step as Step, { operation: id }, never, { holds: true });
    await expect(call()).rejects.toBeInstanceOf(StillProgressing);
    const { version, data } = (await bench.ports.store.get<Operation>(operationKey(id)))!;
    expect(data.steps).toMatchObject([{ name: 'buildImage', attempt: 1 }]);
    await Promise.all([call(), call()].map((look) => expect(look).rejects.toBeInstanceOf(StillProgressing)));
    expect((await bench.ports.store.get(operationKey(id)))!.version).toBe(version);
    const [first = 0, ...looks] = waits;
    expect(first).toBeGreaterThan(1_900);
    expect(Math.max(...looks)).toBeLessThan(1_900);
  });

  it('waits for as long as its call may take elsewhere, and where it does not say that it waits', async () => {
    for (const [waitsSeconds, holds] of [
      [0.05, false],
      [undefined, true],
    ] as const) {
      const { id } = await accepted();
      const { step, waits } = waiting(waitsSeconds);
      const signal = AbortSignal.timeout(400);
      const call = runStep(bench.ports, 'buildImage', step as Step, { operation: id }, signal, { holds });
      await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(waits[0]).toBeGreaterThan(300);
    }
  });

  it('hears of a cancellation at its next look', async () => {
    const { id } = await accepted();
    const { step } = waiting(0.05);
    const call = () =>
      runStep(bench.ports, 'buildImage', step as Step, { operation: id }, never, { holds: true });
    await expect(call()).rejects.toBeInstanceOf(StillProgressing);
    const { data, due } = (await bench.ports.store.get<Operation>(operationKey(id)))!;
    const put = { ...operationKey(id), data: { ...data, cancelRequested: true }, ...(due && { due }) };
    await bench.ports.store.transact([{ put }]);
    await expect(call()).rejects.toMatchObject({ code: 'canceled' });
  });

  it('of the workflow build, both do', () => {
    const waits = Object.entries(steps).filter(([, { waitsSeconds }]) => waitsSeconds !== undefined);
    expect(waits.map(([name]) => name).sort()).toEqual(['awaitTurn', 'buildImage']);
  });
});
