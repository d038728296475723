/** ETags are the versions of records, in quotes: `"3"`. */
import { Problem } from '../../core/problem.ts';
import { invalidRequest } from './problems.ts';

export const etagOf = (version: number): string => `"${version}"`;

const TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/**
 * The version that If-Match asks for, 0 for a list that nobody has written yet; undefined when any version will do.
 * @throws Problem invalid_request for what is no ETag, precondition_failed for an ETag that no record can have
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^"(0|[1-9][0-9]{0,14})"$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  if (!TAG.test(header)) {
    throw invalidRequest([{ path: 'header.If-Match', message: 'must be one ETag in quotes, such as "3"' }]);
  }
  // A weak tag never matches strongly (RFC 9110), and other texts name no version.
  throw new Problem('precondition_failed', 'If-Match names an ETag that this never had.', {
    hint: 'Read it again, and send the ETag as it came.',
  });
}

/** Whether an If-None-Match header covers the ETag (weak comparison). */
export function isNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
