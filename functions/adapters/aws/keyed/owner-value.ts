import { shortHash } from '../../../core/names.ts';

/** Longer than any owner but one of very long names; services take 256 characters. */
const READABLE = 200;

/**
 * The tag of an owner in the letters that services of AWS take for the value of a tag. The identity of a resource has others, such as the `#` of
 * `postgres.default#web.db`.
 */
export function ownerValue(tag: string): string {
  const taken = tag.replaceAll(/[^A-Za-z0-9 _.:/=+@-]/g, '/').slice(0, READABLE);
  return taken === tag ? tag : `${taken}:${shortHash(tag, 12)}`;
}
