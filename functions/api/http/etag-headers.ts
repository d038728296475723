/** The headers that name ETags (records/etag.ts). */
import { invalidRequest } from './problems.ts';

const TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/**
 * The ETag that If-Match asks for; undefined when any will do. A weak one is none that a record has, and so never
 * matches (RFC 9110).
 * @param isHonoured what is not honoured must not be done as if it had been
 * @throws Problem invalid_request
 */
export function parseIfMatch(header: string | undefined, isHonoured: boolean): string | undefined {
  if (header === undefined || header === '*') return undefined;
  const refuse = (message: string) => invalidRequest([{ path: 'header.If-Match', message }]);
  if (!TAG.test(header)) throw refuse('must be one ETag in quotes, such as "3-1f2e3d4c"');
  if (!isHonoured) throw refuse('is not honoured here: send the request without it');
  return header;
}

/** Whether an If-None-Match header covers the ETag (weak comparison). */
export function isNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
