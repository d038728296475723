/** Keeps what a step has done before its operation ends, so that a run of it after a crash finds it. */
import { operationKey } from '../core/keys.ts';
import type { Operation } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { retryOnConflict } from '../records/commit.ts';

/** Keeps what a step has made. Somebody may cancel the operation, or the sweep put it off, at that very moment: both are kept. */
export const keepResult = (ports: Ports, id: string, result: Record<string, unknown>): Promise<void> =>
  retryOnConflict(async () => {
    const item = await ports.store.get<Operation>(operationKey(id));
    if (!item) return;
    const put = {
      ...operationKey(id),
      data: { ...item.data, result } as Operation,
      ...(item.due && { due: item.due }),
    };
    await ports.store.transact([{ put, if: { version: item.version } }]);
  });
