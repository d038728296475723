/** Reads more than one read of the store takes: a whole range page by page, or many records. */
import type { Item, Key, Store } from '../ports/store.ts';

/** The most records that one read of the store takes. */
const READ_MAX = 100;

/** For ranges that belong to one thing and that its use keeps small. */
export async function readAll<T>(store: Store, pk: string, prefix?: string): Promise<Item<T>[]> {
  const items: Item<T>[] = [];
  let after: string | undefined;
  do {
    const page = await store.query<T>({ pk, limit: 200, ...(prefix && { prefix }), ...(after && { after }) });
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

/** Records by their keys, in the order of the keys; undefined where there is none. */
export async function readMany<T>(store: Store, keys: readonly Key[]): Promise<(Item<T> | undefined)[]> {
  const reads: Promise<(Item<T> | undefined)[]>[] = [];
  for (let at = 0; at < keys.length; at += READ_MAX)
    reads.push(store.getMany<T>(keys.slice(at, at + READ_MAX)));
  return (await Promise.all(reads)).flat();
}
