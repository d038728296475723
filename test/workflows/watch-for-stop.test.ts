import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelOperation } from '../../functions/commands/operations/operations.ts';
import type { Operation } from '../../functions/core/model/index.ts';
import { Problem } from '../../functions/core/problem.ts';
import type { Key } from '../../functions/ports/store.ts';
import { stopReason } from '../../functions/workflows/step.ts';
import { watchForStop } from '../../functions/workflows/watch-for-stop.ts';
import { type Bench, caller, openBench } from '../support/bench.ts';

let bench: Bench;
let version: string;
let operation: Operation;

beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  version = await bench.build('one');
  operation = await bench.accept('dev', { version });
});

afterAll(() => bench?.close());

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const watch = (work: (signal: AbortSignal) => Promise<void>, outer = never, of = operation) =>
  watchForStop(bench.ports, of, outer, stopReason, work);

describe('A watched step', () => {
  it('goes on to its end where nothing speaks against it, and its error is its own', async () => {
    await watch(async () => undefined);
    await expect(watch(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is told by its own signal when its time is over', async () => {
    const outer = new AbortController();
    const running = watch(untilAborted, outer.signal);
    setTimeout(() => outer.abort(new Error('time is over')), 20);
    await expect(running).rejects.toThrow('time is over');
    await expect(
      watch(async (signal) => signal.throwIfAborted(), AbortSignal.abort(new Error('before'))),
    ).rejects.toThrow('before');
  });

  it('ends within moments of a cancellation, with that as its reason', async () => {
    const canceled = await bench.accept('dev', { version });
    const { store } = bench.ports;
    // Without an end to its waits: what ends the work is the notification, not the next look.
    const changed: typeof store.changed = (pk, options) =>
      store.changed(pk, { ...options, timeoutMs: 600_000 });
    const ports = { ...bench.ports, store: { ...store, changed } };
    const running = watchForStop(ports, canceled, never, stopReason, untilAborted);
    await sleep(20);
    await cancelOperation(bench.ports, caller, canceled.id);
    await expect(running).rejects.toMatchObject({ code: 'canceled' });
  });

  it('ends with the reason also where the work does not listen and succeeds', async () => {
    const older = await bench.accept('dev', { version });
    const running = watch(() => sleep(150), never, older);
    await bench.accept('dev', { version });
    await expect(running).rejects.toMatchObject({ code: 'superseded' });
  });

  it('gives the reason also where the work stumbles over it before the watch has seen it', async () => {
    const older = await bench.accept('dev', { version });
    const { store } = bench.ports;
    let looks = 0;
    const slow: typeof bench.ports = {
      ...bench.ports,
      store: {
        ...store,
        async get<T>(key: Key) {
          const item = await store.get<T>(key);
          // The watch looks first, and is slow to answer with what it saw.
          if (looks++ === 0) await sleep(100);
          return item;
        },
      },
    };
    const dropped = watchForStop(slow, older, never, stopReason, async () => {
      await bench.accept('dev', { version });
      throw new Error('dropped by what came after it');
    });
    await expect(dropped).rejects.toMatchObject({ code: 'superseded' });
  });

  it('survives a store that does not answer for a moment', async () => {
    const { store } = bench.ports;
    let asked = 0;
    const ports = {
      ...bench.ports,
      store: {
        ...store,
        get: () => {
          asked++;
          return Promise.reject(new Problem('unavailable', 'No answer.', { hint: 'Wait.' }));
        },
      },
    };
    await watchForStop(ports, operation, never, stopReason, async () => {
      await bench.accept('dev', { version });
      await sleep(30);
    });
    expect(asked).toBeGreaterThan(0);
  });
});
