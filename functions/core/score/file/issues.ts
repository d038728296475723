/** Turns zod's issues into faults in words. */
import type * as z from 'zod';
import { type Fault, type Path, quote } from './score-faults.ts';
import { nearest } from './suggest.ts';

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
};

const kindOf = (value: unknown): string => {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return kinds[typeof value] ?? typeof value;
};

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

function typeMessage(expected: string, value: unknown): string {
  let advice = '';
  if (expected === 'string' && value === null) advice = ': empty text is ""';
  else if (expected === 'string' && typeof value !== 'object') advice = ': put it in quotes';
  return `must be ${kinds[expected] ?? expected}, and is ${kindOf(value)}${advice}`;
}

/** `meant` is the known key that an unknown one was probably meant for; `missing` marks a key that is not there. */
type Finding = Fault & { meant?: string; missing?: true };

function unknownKeys(path: Path, keys: readonly string[], known: readonly string[], of: string): Finding[] {
  return keys.map((key) => {
    const guess = nearest(key, known);
    const meant = guess === undefined ? '; there' : `; did you mean ${quote(guess)}? There`;
    const message = `is not a key of ${of} here${meant} are ${known.join(', ')}`;
    return { path: [...path, key], message, atKey: true, ...(guess === undefined ? {} : { meant: guess }) };
  });
}

/** Bounds the comparison of missing keys with misspelled ones. */
const MISSPELLED_MAX = 50;

function faultsOf(issue: z.core.$ZodIssue, root: unknown, of: string): Finding[] {
  // Keys of JSON are text or positions, never symbols.
  const path = issue.path as (string | number)[];
  const missing =
    (issue.code === 'invalid_type' || issue.code === 'invalid_value') && valueAt(root, path) === undefined;
  if (missing) return [{ path, message: 'is required', missing }];
  switch (issue.code) {
    case 'invalid_type':
      return [{ path, message: typeMessage(issue.expected, valueAt(root, path)) }];
    case 'unrecognized_keys':
      return unknownKeys(path, issue.keys, issue.message.split(','), of);
    case 'invalid_key':
      return [{ path, message: `as a key ${issue.issues[0]?.message ?? 'is not valid'}`, atKey: true }];
    case 'invalid_value':
      return [{ path, message: `must be ${issue.values.map(String).join(' or ')}` }];
    default:
      return [{ path, message: issue.message }];
  }
}

const sameMap = (a: Path, b: Path): boolean =>
  a.length === b.length && a.slice(0, -1).every((key, index) => key === b[index]);

/**
 * The faults of zod's issues. A misspelled key is one fault: it implies that the right key is missing.
 * @param root the value that was parsed
 * @param of what has the keys
 */
export function issueFaults(issues: readonly z.core.$ZodIssue[], root: unknown, of = 'Score'): Fault[] {
  const findings = issues.flatMap((issue) => faultsOf(issue, root, of));
  const misspelled = findings.filter(({ meant }) => meant !== undefined).slice(0, MISSPELLED_MAX);
  return findings
    .filter(
      ({ missing, path }) =>
        !missing || !misspelled.some((other) => other.meant === path.at(-1) && sameMap(other.path, path)),
    )
    .map(({ meant: _, missing: __, ...fault }) => fault);
}
