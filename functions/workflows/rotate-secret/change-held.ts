/** Changes the record that a rotation holds. */
import { isDeepStrictEqual } from 'node:util';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { retryOnConflict } from '../../records/commit.ts';

/** @param read gives nothing where the record is gone or another operation holds it: then nothing is changed */
export const changeHeld = <T>(
  ports: Ports,
  read: () => Promise<Item<T> | undefined>,
  change: (data: T) => T,
): Promise<void> =>
  retryOnConflict(async () => {
    const item = await read();
    const data = item && change(item.data);
    if (!item || isDeepStrictEqual(data, item.data)) return;
    await ports.store.transact([{ put: { pk: item.pk, sk: item.sk, data }, if: { version: item.version } }]);
  });
