/** The bounds of a query, in the order of UTF-8 bytes. */
import type { Query } from '../../../ports/store.ts';
import type { RangeShape } from './store-sql.ts';

export interface Range extends RangeShape {
  lower: string;
  upper?: string;
}

const isBehind = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0;

/** The least text behind all that start with the prefix; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    // The surrogates are no characters: U+E000 comes right behind U+D7FF.
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return String.fromCodePoint(...points);
  }
  return undefined;
}

export function toRange({ prefix = '', after, reverse = false }: Omit<Query, 'pk' | 'limit'>): Range {
  let lower = prefix;
  let upper = prefixEnd(prefix);
  let exclusive = false;
  if (after !== undefined && reverse) {
    if (upper === undefined || isBehind(upper, after)) upper = after;
  } else if (after !== undefined && isBehind(after, prefix)) {
    lower = after;
    exclusive = true;
  }
  return {
    lower,
    exclusive,
    reverse,
    bounded: upper !== undefined,
    ...(upper === undefined ? {} : { upper }),
  };
}
