/**
 * A browser sends cookies by itself, whoever made it ask. So a request that is known by its cookie has to come
 * from the console: workloads live on sibling hosts, which SameSite takes for the same site.
 */
import { Problem } from '../../core/problem.ts';

/** A header that no form can send, and no page of another origin without a CORS preflight, which Berth refuses. */
export const CSRF_HEADER = 'x-csrf';

const crossOrigin = (why: string): Problem =>
  new Problem('cross_origin_request', `The request is refused: ${why}.`, {
    hint: 'Programs send "Authorization: Bearer <token>" and no cookie; pages of other origins can not use the API.',
  });

/** @throws Problem cross_origin_request */
export function checkSameOrigin(
  method: string,
  header: (name: string) => string | undefined,
  origin: string,
): void {
  const isRead = method === 'GET' || method === 'HEAD';
  const site = header('sec-fetch-site');
  const from = header('origin');
  // `none` is the address bar. Browsers send Sec-Fetch-Site to https and localhost alone, and scripts can not set it.
  if (site !== undefined && site !== 'same-origin' && !(isRead && site === 'none')) {
    throw crossOrigin('it comes from a page of another origin');
  }
  if (from !== undefined && from !== origin) throw crossOrigin('it comes from a page of another origin');
  if (isRead) return;
  if (site === undefined && from === undefined) throw crossOrigin('it does not say which page it comes from');
  if (header(CSRF_HEADER) !== '1')
    throw crossOrigin(`a cookie is taken with the header "${CSRF_HEADER}: 1" alone`);
}
