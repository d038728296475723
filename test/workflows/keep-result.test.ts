import { expect, it } from 'vitest';
import { operationKey } from '../../functions/core/keys.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { keepResult } from '../../functions/workflows/keep-result.ts';
import { createRecords } from '../simulation/ports/records.ts';

it('What a step has made is kept beside what others write at that very moment', async () => {
  const store = createRecords(Date.now);
  const key = operationKey('one');
  await store.transact([{ put: { ...key, data: { id: 'one' } } }]);
  const get = store.get.bind(store);
  let isFirst = true;
  const between: typeof store.get = async (asked) => {
    const item = await get(asked);
    if (isFirst) {
      isFirst = false;
      await store.transact([{ put: { ...key, data: { id: 'one', cancelRequested: true } } }]);
    }
    return item as never;
  };
  await keepResult({ store: { ...store, get: between } } as unknown as Ports, 'one', { version: 'v1' });
  expect((await get(key))?.data).toEqual({
    id: 'one',
    cancelRequested: true,
    result: { version: 'v1' },
  });
});
