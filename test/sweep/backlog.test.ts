/** The sweep's work grows with what is due, and it catches up: by counts of what it asks of the store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import { RETENTION_QUEUE } from '../../functions/core/keys.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { sweep } from '../../functions/sweep/sweep.ts';

let ports: Ports;
let shift: number;
let calls: Record<string, number>;

beforeEach(async () => {
  [shift, calls] = [0, { due: 0, get: 0, transact: 0, query: 0 }];
  const effects = createEffects();
  const now = () => effects.now() + shift;
  // Nothing else is asked for what is to be forgotten.
  ports = { store: createSqliteStore({ path: ':memory:' }), logs: {}, effects: { ...effects, now } } as Ports;
  await sweep(ports);
});
afterEach(() => ports.store.close());

/** Refuses to let go of records whose name begins with this. */
function counted(stuck = '-'): Ports {
  const { store } = ports;
  const count = <Name extends 'due' | 'get' | 'transact' | 'query'>(name: Name): Ports['store'][Name] =>
    (async (...given: never[]) => {
      calls[name] = (calls[name] ?? 0) + 1;
      const [first] = given as unknown as [{ delete?: { sk: string } }[] | undefined];
      if (name === 'transact' && first?.some((write) => write.delete?.sk.startsWith(stuck)))
        throw new Error('The disk has a fault here.');
      return (store[name] as (...all: never[]) => unknown)(...given);
    }) as Ports['store'][Name];
  return {
    ...ports,
    store: {
      ...store,
      due: count('due'),
      get: count('get'),
      transact: count('transact'),
      query: count('query'),
    },
  };
}

async function makeDue(prefix: string, many: number, at: number): Promise<void> {
  for (let from = 0; from < many; from += 50)
    await ports.store.transact(
      Array.from({ length: Math.min(50, many - from) }, (_, index) => ({
        put: {
          pk: 'old',
          sk: `${prefix}${from + index}`,
          data: {},
          due: { queue: RETENTION_QUEUE, at },
        },
      })),
    );
}

describe('A pass of the sweep', () => {
  it('asks each queue once, the clock, and what is watched, while nothing is due, however much there is', async () => {
    await makeDue('later', 300, ports.effects.now() + 60_000_000);
    expect(await sweep(counted())).toMatchObject({ forgotten: 0, errors: [] });
    expect(calls).toEqual({ due: 6, get: 1, transact: 0, query: 1 });
  });

  it('does all that is due, with a write for each and a question for each fifty', async () => {
    await makeDue('due', 170, 1);
    expect(await sweep(counted())).toMatchObject({ forgotten: 170, errors: [] });
    expect(calls).toMatchObject({ due: 6 + 3, transact: 170 });
    expect(await sweep(ports)).toMatchObject({ forgotten: 0 });
  });

  it('is not kept from what lies behind by more than fifty that fail, each of which it tries once', async () => {
    await makeDue('stuck', 60, 1);
    await makeDue('behind', 80, 2);
    const { forgotten, errors } = await sweep(counted('stuck'));
    expect(forgotten).toBe(80);
    expect(errors).toHaveLength(60);
    expect(calls.transact).toBe(140);
  });

  it('leaves to the next pass what it has no time for', async () => {
    await makeDue('slow', 120, 1);
    const slow = counted();
    const { transact } = slow.store;
    slow.store.transact = async (writes) => {
      shift += 300;
      await transact(writes);
    };
    expect(await sweep(slow)).toMatchObject({ forgotten: 50 });
    expect(await sweep(ports)).toMatchObject({ forgotten: 70 });
  });
});
