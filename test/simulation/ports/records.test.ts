import { expect, it } from 'vitest';
import { storeContract } from '../../contracts/store.ts';
import { createRecords } from './records.ts';

storeContract('simulation', async () => {
  const store = createRecords(Date.now);
  return { store, dispose: () => store.close() };
});

it('Late reads give records as they were; the due index is late, and what it leads to is not', async () => {
  let now = 1000;
  const store = createRecords(() => now);
  const put = (data: string, at: number) =>
    store.transact([{ put: { pk: 'p', sk: 'a', data, due: { queue: 'q', at } } }]);
  const late = async (lag: number) => {
    const { items } = await store.queryLate<string>({ pk: 'p', limit: 10 }, () => lag);
    const due = await store.dueLate<string>({ queue: 'q', before: 50, limit: 10 }, () => lag);
    return [items[0]?.data, due[0]?.data];
  };
  await put('first', 10);
  now = 2000;
  await put('second', 20);
  expect(await late(0)).toEqual(['second', 'second']);
  expect(await late(500)).toEqual(['first', 'second']);
  expect(await late(1500)).toEqual([undefined, undefined]);
  now = 2500;
  expect(await late(1000)).toEqual(['first', 'second']);
  await store.transact([{ delete: { pk: 'p', sk: 'a' } }]);
  expect(await late(0)).toEqual([undefined, undefined]);
  now = 3000;
  expect(await late(700)).toEqual(['second', undefined]);
});
