/** A bounded copy of a value that should be plain JSON. */

import { type Fault, type Path, quote } from './score-faults.ts';
import { forbiddenKeys, SCORE_MAX_BYTES, SCORE_MAX_DEPTH } from './score-limits.ts';

class FaultFound extends Error {
  readonly fault: Fault;

  constructor(path: Path, message: string, atKey = false) {
    super(message);
    this.fault = { path, message, atKey };
  }
}

/** Says why a text can not be used; undefined where it can. */
export function textFault(text: string): string | undefined {
  if (text.includes('\u0000')) return 'must not hold the character U+0000; files can use binaryContent';
  if (!text.isWellFormed()) return 'must not hold half a surrogate pair';
  return undefined;
}

/** Says why a key can not be used anywhere; undefined where it can. */
export const keyFault = (key: string): string | undefined =>
  forbiddenKeys.has(key) ? 'is a key that is never allowed' : textFault(key);

/** Says why a number can not be kept exactly; undefined where it can. */
export function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'must be a finite number';
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is too large a number: put it in quotes';
  return undefined;
}

/**
 * Copies own enumerable properties, so that accessors, prototypes and later changes play no part. The copy stops at
 * the first fault, at SCORE_MAX_DEPTH and, counting characters, at SCORE_MAX_BYTES.
 */
export function copyJson(root: unknown): { value: unknown } | { faults: Fault[] } {
  let size = 0;
  const count = (path: Path, characters: number) => {
    size += characters + 1;
    if (size > SCORE_MAX_BYTES) throw new FaultFound([], `is larger than ${SCORE_MAX_BYTES / 1024} KiB`);
    if (path.length > SCORE_MAX_DEPTH) {
      throw new FaultFound(path.slice(0, 4), `is nested more than ${SCORE_MAX_DEPTH} deep`);
    }
  };
  const refuse = (path: Path, message: string | undefined, atKey = false) => {
    if (message !== undefined) throw new FaultFound(path, message, atKey);
  };
  const copy = (value: unknown, path: Path): unknown => {
    count(path, typeof value === 'string' ? value.length : 0);
    if (typeof value === 'string') refuse(path, textFault(value));
    else if (typeof value === 'number') refuse(path, numberFault(value));
    else if (Array.isArray(value)) return Array.from(value, (item, index) => copy(item, [...path, index]));
    else if (typeof value === 'object' && value !== null) return copyMap(value, path);
    else if (typeof value !== 'boolean' && value !== null) {
      throw new FaultFound(path, `must be JSON, and is ${quote(typeof value)}`);
    }
    return value;
  };
  const copyMap = (value: object, path: Path): Record<string, unknown> => {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new FaultFound(path, 'must be JSON, and is an object of a class');
    }
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key];
      count(path, key.length);
      refuse(at, keyFault(key), true);
      if (item !== undefined) result[key] = copy(item, at);
    }
    return result;
  };
  try {
    return { value: copy(root, []) };
  } catch (error) {
    if (error instanceof FaultFound) return { faults: [error.fault] };
    throw error;
  }
}
