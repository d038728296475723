/** The API with its types. Every answer that is not 2xx is thrown as an ApiError. */
import createClient from 'openapi-fetch';
import type { Paths } from '../../../client/types.generated.ts';
import { apiFetch } from '../session.ts';

/** A connection that was lost without a word shall not keep anybody waiting. */
const TIMEOUT_MS = 10_000;

export const api = createClient<Paths>({
  fetch: (request) =>
    apiFetch(
      new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) }),
    ),
});

/** @example const project = await body(api.GET('/v1/projects/{project}', { params: { path: { project: 'demo' } } })); */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  // Without an error there is data, which openapi-fetch can not know of a fetch that throws.
  return (await answer).data as T;
}

interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/**
 * Every item of a list, page by page.
 * @example await all((query) => api.GET('/v1/projects', { params: { query }, signal }))
 */
export async function all<T>(
  read: (query: { limit: string; cursor?: string }) => Promise<{ data?: Page<T> }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await body(read({ limit: '200', ...(cursor !== undefined && { cursor }) }));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}
