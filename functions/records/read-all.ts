/** Reads a whole range page by page: for ranges that belong to one thing and that its use keeps small. */
import type { Item, Store } from '../ports/store.ts';

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
