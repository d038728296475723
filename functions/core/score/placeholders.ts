/** Score's placeholders: `${metadata.x.y}` and `${resources.name.output}` in text. */

import { limits } from '../limits.ts';
import { Problem } from '../problem.ts';
import { type ExpansionBudget, expansionBudget } from './expansion-budget.ts';
import { quote } from './file/score-faults.ts';
import { forbiddenKeys } from './file/score-limits.ts';

/** Characters between the braces. */
const PLACEHOLDER_MAX = limits.placeholder.value;

const scoreRoots: ReadonlySet<string> = new Set(['metadata', 'resources']);

/** Of a text: what stands for itself, unescaped, or the path of a placeholder. */
export type Part = { text: string } | { path: string[] };

/** A placeholder that can not be read. The message names the placeholder, never the text around it. */
class PlaceholderFault extends Error {}

/** The Problem `unresolved_placeholder` for one place in a workload. */
export const unresolved = (where: string, why: string, hint: string): Problem =>
  new Problem('unresolved_placeholder', `A placeholder in ${where} can not be resolved: ${why}.`, {
    hint,
    extra: { errors: [{ path: where, message: why }] },
  });

const SYNTAX_HINT =
  'Write ${metadata.KEY} or ${resources.NAME.OUTPUT}; $${ is the text ${, and \\. is a dot inside a name.';

/** Splits at dots; `\.` is a dot in a name. */
function readPath(inner: string, roots: ReadonlySet<string>): string[] {
  const shown = quote(`\${${inner}}`);
  if (inner.length > PLACEHOLDER_MAX) throw new PlaceholderFault(`${shown} is too long`);
  // Control characters are refused, so that U+0000 can stand for an escaped dot.
  if (/[\p{Cc}\p{Cs}${]/u.test(inner)) {
    throw new PlaceholderFault(`${shown} is not closed, or holds a character that no name has`);
  }
  const path = inner
    .replaceAll('\\.', '\u0000')
    .split('.')
    .map((part) => part.replaceAll('\u0000', '.'));
  if (path.some((part) => part === '' || part !== part.trim())) {
    throw new PlaceholderFault(`${shown} has an empty name, or a blank at the edge of one`);
  }
  const forbidden = path.find((part) => forbiddenKeys.has(part));
  if (forbidden !== undefined)
    throw new PlaceholderFault(`${shown} names ${forbidden}, which is not allowed`);
  if (!roots.has(path[0] ?? '')) {
    throw new PlaceholderFault(`${shown} starts with none of ${[...roots].join(', ')}`);
  }
  if (path.length < 2) throw new PlaceholderFault(`${shown} names nothing in ${path[0]}`);
  return path;
}

/** Cuts text at its placeholders and undoes escapes; reads each character a bounded number of times. */
function* parts(text: string, roots: ReadonlySet<string> = scoreRoots): Generator<Part> {
  let from = 0;
  let closed = true;
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', from)) {
    if (at > from) yield { text: text.slice(from, at) };
    const escaped = text[at + 1] === '$';
    const open = escaped ? at + 2 : at + 1;
    const end = text[open] === '{' && closed ? text.indexOf('}', open) : -1;
    if (text[open] === '{' && end === -1) closed = false;
    if (end !== -1) {
      // Within `$${...}` nothing is unescaped: the text stands for the placeholder as it is written.
      yield escaped
        ? { text: text.slice(at + 1, end + 1) }
        : { path: readPath(text.slice(open + 1, end), roots) };
      from = end + 1;
    } else if (escaped) {
      yield { text: '$' };
      from = at + 2;
    } else if (text[open] === '{') {
      throw new PlaceholderFault(`${quote(text.slice(at, at + 40))} is not closed`);
    } else {
      yield { text: '$' };
      from = at + 1;
    }
  }
  if (from < text.length) yield { text: text.slice(from) };
}

function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PlaceholderFault) throw unresolved(where, error.message, SYNTAX_HINT);
    throw error;
  }
}

/**
 * Replaces each placeholder by what `lookup` gives for its path, such as `['resources', 'db', 'host']`. `$$` is a
 * dollar, `$${x}` the text `${x}`, a lone dollar stays. What was put in is not expanded again.
 * @param where names the place in errors, such as `containers.main.variables.DATABASE_URL`
 * @param budget shared by texts that are counted together; the text has its own unless given
 * @throws Problem unresolved_placeholder where one is not well formed; expansion_too_large; and whatever `lookup` throws
 */
export function expand(
  text: string,
  lookup: (path: string[]) => string,
  where: string,
  budget: ExpansionBudget = expansionBudget(),
): string {
  if (!text.includes('$')) return text;
  return reading(where, () => {
    const expanded: string[] = [];
    for (const part of parts(text)) {
      const piece = 'path' in part ? lookup(part.path) : part.text;
      budget.take(piece, where);
      expanded.push(piece);
    }
    return expanded.join('');
  });
}

/**
 * The paths of a text's placeholders, in order.
 * @throws Problem unresolved_placeholder where one is not well formed
 */
export function placeholders(text: string, where = 'the text'): string[][] {
  if (!text.includes('$')) return [];
  return reading(where, () => [...parts(text)].flatMap((part) => ('path' in part ? [part.path] : [])));
}

/**
 * A text cut at its placeholders, with escapes undone.
 * @param roots what placeholders may begin with; those of Score files, where absent
 * @throws Problem unresolved_placeholder where one is not well formed
 */
export const readParts = (text: string, where: string, roots?: ReadonlySet<string>): Part[] =>
  reading(where, () => [...parts(text, roots)]);

/**
 * What `${metadata...}` stands for: text as it is, anything else as JSON. Own properties only.
 * @param path with `metadata` in front
 */
export function lookupMetadata(metadata: object, path: readonly string[]): string | undefined {
  let value: unknown = metadata;
  for (const key of path.slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
