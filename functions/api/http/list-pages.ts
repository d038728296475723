/** Lists: `?limit=&cursor=` in, `{items, nextCursor}` out. */

import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Item, Page, Store } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';

export const LIMIT_MAX = limits.listPage.value;
export const LIMIT_DEFAULT = 50;
const RULE = `must be a whole number from 1 to ${LIMIT_MAX}`;

/** The query parameters of every list. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/, RULE)
    .transform(Number)
    .refine((value) => value <= LIMIT_MAX, RULE)
    .optional()
    .meta({
      description: `How many at most, 1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} by default.`,
      example: '50',
    }),
  cursor: z
    .string()
    .optional()
    .meta({ description: '`nextCursor` of the page before; opaque.', example: 'c2VydmljZSNndWVzdGJvb2s' }),
});

export type PageQuery = z.output<typeof pageQuery>;

/** The schema of a page. */
export const pageOf = (item: z.ZodType) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .optional()
      .meta({ description: 'Absent on the last page.', example: 'c2VydmljZSNndWVzdGJvb2s' }),
  });

export const encodeCursor = (key: string): string => Buffer.from(key).toString('base64url');

/** @throws Problem invalid_cursor */
export function decodeCursor(cursor: string, prefix: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  const isOurs = /^[\x21-\x7e]{1,400}$/.test(key) && encodeCursor(key) === cursor && key.startsWith(prefix);
  if (isOurs) return key;
  throw invalidCursor();
}

export const invalidCursor = (): Problem =>
  new Problem('invalid_cursor', 'The cursor is none of this list.', {
    hint: 'Send "nextCursor" of the page before as it came, or no cursor to start anew.',
  });

export interface ListQuery {
  pk: string;
  prefix?: string;
  reverse?: boolean;
  /** So many records at the start are read as they are now, and what follows may lag a moment; absent: nothing may. */
  surely?: number;
}

/** One page of records. */
export async function readPage<T>(store: Store, query: ListQuery, page: PageQuery): Promise<Page<T>> {
  const { surely, ...range } = query;
  const limit = page.limit ?? LIMIT_DEFAULT;
  const start = page.cursor === undefined ? undefined : decodeCursor(page.cursor, query.prefix ?? '');
  const read = (most: number, after: string | undefined, mayLag: boolean): Promise<Page<T>> =>
    store.query<T>({ ...range, limit: most, mayLag, ...(after !== undefined && { after }) });
  if (surely === undefined) return read(limit, start, false);
  if (surely === 0 || start !== undefined) return read(limit, start, true);
  const first = await read(Math.min(limit, surely), start, false);
  if (first.next === undefined || limit <= surely) return first;
  const rest = await read(limit - surely, first.next, true);
  return { ...rest, items: [...first.items, ...rest.items] };
}

/** One page of a list that is merged from several queries, ordered by name; its cursor is the last name. */
export function readNamedPage<T>(
  page: PageQuery,
  read: (after: string | undefined, limit: number) => Promise<Page<T>>,
): Promise<Page<T>> {
  return read(
    page.cursor === undefined ? undefined : decodeCursor(page.cursor, ''),
    page.limit ?? LIMIT_DEFAULT,
  );
}

export const pageReply = (items: unknown[], next: string | undefined): Reply => ({
  status: 200,
  body: { items, ...(next !== undefined && { nextCursor: encodeCursor(next) }) },
});

/**
 * One page of records, each as its view.
 * @param whole reads the owner of the records, and throws when there is none; an owner that has records is not read
 */
export async function listReply<T>(
  store: Store,
  query: ListQuery,
  page: PageQuery,
  view: (item: Item<T>) => unknown,
  whole?: () => Promise<unknown>,
): Promise<Reply> {
  const { items, next } = await readPage<T>(store, query, page);
  if (items.length === 0) await whole?.();
  return pageReply(items.map(view), next);
}
