/** Names that users give, and names that are derived from them. */
import { createHash } from 'node:crypto';

export const NAME_MAX = 40;

/**
 * An RFC 1123 label of at most 40 characters. JavaScript's `$` without the m flag matches only at the very
 * end, so a trailing newline is refused.
 */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export const isName = (value: string): boolean => NAME_PATTERN.test(value);

/**
 * Names that projects can not have, since they would collide with Berth's own: operations are logged below
 * `operations/`.
 */
export const RESERVED: ReadonlySet<string> = new Set(['operations']);

/**
 * The name under which a process of a service runs in its place: one of no service but on purpose, for it ends in a hash of
 * both.
 */
export function processService(service: string, process: string): string {
  const hash = shortHash(`process\u001f${service}\u001f${process}`);
  return `${`${service}-${process}`.slice(0, NAME_MAX - hash.length - 1).replace(/-+$/, '')}-${hash}`;
}

/** The first `length` hex digits of the SHA-256 of the text. */
export const shortHash = (text: string, length = 8): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/**
 * Makes one name from several, at most `max` characters. Where the joined name would be longer, or where two
 * different lists of parts could read the same once joined, it is cut and ends in a hash of the whole.
 * @example deriveName(['demo', 'dev'], 63) // "demo-dev-1f0c5d2a"
 */
export function deriveName(parts: readonly string[], max: number, separator = '-'): string {
  const joined = parts.join(separator);
  const ambiguous = parts.length > 1 && parts.some((part) => part.includes(separator));
  if (joined.length <= max && !ambiguous) return joined;
  // The unit separator can not occur in a name, so the hash tells ["a-b", "c"] from ["a", "b-c"].
  const hash = shortHash(parts.join('\u001f'));
  const kept = joined.slice(0, max - hash.length - separator.length).replace(/[-_]+$/, '');
  return `${kept}${separator}${hash}`;
}
