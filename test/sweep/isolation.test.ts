/** The sweep has it tried whether environments are apart, and says how that ended. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { routes } from '../../functions/api/platform/health.ts';
import type { IsolationOutcome } from '../../functions/ports/isolation.ts';
import { CLOCK_KEY, type SeenClock } from '../../functions/records/clock.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { type Bench, openBench } from '../support/bench.ts';

const MINUTE_MS = 60_000;
let bench: Bench;
let calls: string[];
/** What the cluster will have found; undefined while it is looked for. */
let found: IsolationOutcome | undefined;
let rules: string;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());
beforeEach(async () => {
  [calls, found, rules] = [[], undefined, 'as they are'];
  await bench.ports.store.transact([{ delete: CLOCK_KEY }]);
});

const ports = () => ({
  ...bench.ports,
  isolation: {
    rules: async () => rules,
    advance: async (trial: string) => {
      calls.push(trial);
      return found;
    },
    end: async () => void calls.push('end'),
  },
});
/** The sweep goes by, so many minutes later; sweeps between are taken to have seen nothing but the clock. */
async function pass(minutes = 1): Promise<unknown[]> {
  bench.pass(minutes * MINUTE_MS);
  const { store, effects } = bench.ports;
  const item = await store.get<SeenClock>(CLOCK_KEY);
  const at = new Date(effects.now()).toISOString();
  if (item) await store.transact([{ put: { ...CLOCK_KEY, data: { ...item.data, at } } }]);
  return (await sweep(ports())).errors;
}
async function health(): Promise<{ status: string; isolation?: object }> {
  const route = routes.find(({ path }) => path === '/healthz');
  const answer = await route?.handle({ ports: ports() } as never);
  return (answer as { body: { status: string } }).body;
}

describe('Whether environments are apart', () => {
  it('is tried step by step by passes that do not wait, and once a day when it is so', async () => {
    expect(await pass()).toEqual([]);
    expect(await pass()).toEqual([]);
    expect(calls).toHaveLength(2);
    expect(new Set(calls).size).toBe(1);
    expect(await health()).toEqual({ status: 'ok' });
    found = { state: 'in_force' };
    expect(await pass()).toEqual([]);
    expect(calls.at(-1)).toBe('end');
    expect(await health()).toMatchObject({ status: 'ok', isolation: { state: 'in_force' } });
    calls = [];
    await pass(60 * 23);
    expect(calls).toEqual([]);
    await pass(61);
    expect(calls).toHaveLength(2);
  });

  it('is tried again when what the network is told has changed', async () => {
    found = { state: 'in_force' };
    await pass();
    calls = [];
    await pass();
    expect(calls).toEqual([]);
    rules = 'as the settings have them now';
    await pass();
    expect(calls).toHaveLength(2);
  });

  it('degrades the health while something gets through, says what to do, and is tried each hour', async () => {
    found = { state: 'not_in_force', open: ['pod', 'metadata'], shut: [] };
    expect(await pass()).toEqual([
      {
        what: 'isolation',
        error: expect.objectContaining({ message: expect.stringContaining('pod, metadata') }),
      },
    ]);
    expect(await health()).toMatchObject({
      status: 'degraded',
      isolation: {
        state: 'not_in_force',
        open: ['pod', 'metadata'],
        hint: expect.stringContaining('enforce network policies'),
      },
    });
    expect(await pass(50)).toEqual([]);
    found = { state: 'in_force' };
    await pass(15);
    expect(await health()).toMatchObject({ status: 'ok', isolation: { state: 'in_force' } });
  });

  it('tells names that are not resolved from policies that are not enforced', async () => {
    found = { state: 'not_in_force', open: [], shut: ['names'] };
    await pass();
    expect(await health()).toMatchObject({
      status: 'degraded',
      isolation: { shut: ['names'], hint: expect.stringContaining('names') },
    });
  });

  it('is not known when the trial does not end in time, and is tried anew', async () => {
    await pass();
    expect(await pass(10)).toEqual([]);
    expect(await pass(6)).toHaveLength(1);
    expect(calls.at(-1)).toBe('end');
    expect(await health()).toMatchObject({ status: 'degraded', isolation: { state: 'unknown' } });
    const [first] = calls;
    calls = [];
    await pass(61);
    expect(calls).not.toEqual([first]);
  });

  it('is not known when it can not be tried, and the reason is in the log alone', async () => {
    found = { state: 'unknown', why: 'The image at registry.internal can not be pulled.' };
    const [told] = await pass();
    expect(told).toMatchObject({ error: { message: expect.stringContaining('registry.internal') } });
    const { isolation } = await health();
    expect(isolation).toMatchObject({ state: 'unknown' });
    expect(JSON.stringify(isolation)).not.toContain('registry.internal');
  });

  it('keeps the last outcome while it is tried anew, and over a clock that jumps', async () => {
    found = { state: 'in_force' };
    await pass();
    bench.pass(25 * 60 * MINUTE_MS);
    found = undefined;
    expect((await sweep(ports())).clockJumped).toBe('now');
    const item = await bench.ports.store.get<SeenClock>(CLOCK_KEY);
    expect(item?.data.isolation).toMatchObject({
      last: { outcome: { state: 'in_force' } },
      trial: { id: calls.at(-1) },
    });
  });
});
