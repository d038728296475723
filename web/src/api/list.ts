/** Lists that are read page by page: what is on show is bounded, and more comes when it is asked for. */
import { useRef, useState } from 'react';
import type { ApiError } from '../../../client/problem.ts';
import { body } from './client.ts';
import { useQuery } from './query.ts';

export interface PageQuery {
  limit: string;
  cursor?: string;
}

interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export interface List<T> {
  /** Undefined until they are read. */
  items: readonly T[] | undefined;
  error: ApiError | undefined;
  /** Reads one more page; undefined where there is none. */
  more: (() => void) | undefined;
}

const PAGE = '50';

/**
 * @param key what is read; undefined: nothing
 * @param options `isStill`: false for what changes without an event
 * @example useList(path, (query, signal) => api.GET('/v1/tokens', { params: { query }, signal }))
 */
export function useList<T>(
  key: string | undefined,
  read: (query: PageQuery, signal: AbortSignal) => Promise<{ data?: Page<T> }>,
  { isStill = true }: { isStill?: boolean } = {},
): List<T> {
  const [asked, setAsked] = useState({ key, pages: 1 });
  const pages = asked.key === key ? asked.pages : 1;
  const { data, error } = useQuery(
    key === undefined ? undefined : `${key}#${pages}`,
    async (signal): Promise<Page<T>> => {
      const items: T[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < pages; page++) {
        const { items: more, nextCursor } = await body(
          read({ limit: PAGE, ...(cursor !== undefined && { cursor }) }, signal),
        );
        items.push(...more);
        cursor = nextCursor;
        if (cursor === undefined) break;
      }
      return { items, ...(cursor !== undefined && { nextCursor: cursor }) };
    },
    { isStill },
  );
  // What was there stays while one more page comes.
  const last = useRef<{ key: string | undefined; data: Page<T> | undefined }>({ key, data });
  if (data || last.current.key !== key) last.current = { key, data };
  const shown = data ?? last.current.data;
  return {
    items: shown?.items,
    error,
    more: data?.nextCursor === undefined ? undefined : () => setAsked({ key, pages: pages + 1 }),
  };
}
