/** Which uploads are still to be built. */
import { OPERATIONS_QUEUE } from '../../../core/keys.ts';
import type { Operation } from '../../../core/model/index.ts';
import type { Store } from '../../../ports/store.ts';

/** The most that are read at once. */
const LOOKED_AT = 1000;
/** The last moment that a Date has. */
const EVER = 8.64e15;

/**
 * The uploads of all builds that have not ended: every such operation is on the due index.
 * @returns undefined where more is under way than is read at once
 */
export async function uploadsInUse(store: Pick<Store, 'due'>): Promise<Set<string> | undefined> {
  const found = await store.due<Operation>({ queue: OPERATIONS_QUEUE, before: EVER, limit: LOOKED_AT });
  if (found.length === LOOKED_AT) return undefined;
  const inputs = found.flatMap(({ data }) =>
    data.kind === 'build' ? [(data as Operation<'build'>).input] : [],
  );
  return new Set(inputs.flatMap((input) => (input.kind === 'upload' ? [input.source] : [])));
}
