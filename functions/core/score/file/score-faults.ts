/** The faults of a Score file, and the one Problem that reports them. */
import { Problem } from '../../problem.ts';

export type Path = readonly (string | number)[];

/** Both count from 1; a column counts UTF-16 code units. */
export interface Position {
  line: number;
  column: number;
}

export interface Fault {
  path: Path;
  /** Why, without the value at fault, since it may be a secret. */
  message: string;
  /** The key itself is at fault, not what it holds. */
  atKey?: boolean;
  position?: Position;
}

/** The form of one fault in the Problem's `errors`; it has no lines when the workload came as JSON. */
export interface ScoreError extends Partial<Position> {
  path: string;
  message: string;
}

const ERRORS_MAX = 50;
const KEY_SHOWN_MAX = 60;

const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A key in a form that may be shown: quoted, cut, and without anything that a terminal or a browser would act on. */
export function quote(key: string): string {
  const cut = key.length > KEY_SHOWN_MAX ? `${key.slice(0, KEY_SHOWN_MAX).toWellFormed()}…` : key;
  return JSON.stringify(cut).replace(
    unprintable,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** @example formatPath(['containers', 'main', 'files', '/a.b', 'mode']) // containers.main.files["/a.b"].mode */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]{1,60}$/.test(part)) text += `[${quote(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

function order(a: Fault, b: Fault): number {
  if (!a.position || !b.position) return 0;
  return a.position.line - b.position.line || a.position.column - b.position.column;
}

/** The Problem `invalid_score` for at least one fault; the first in the file comes first. */
export function invalidScore(faults: readonly Fault[]): Problem {
  const errors: ScoreError[] = faults
    .toSorted(order)
    .slice(0, ERRORS_MAX)
    .map(({ path, message, position }) => ({ path: formatPath(path), ...position, message }));
  const first = errors[0] ?? { path: '', message: 'unknown fault' };
  const at = first.line === undefined ? '' : `line ${first.line}, column ${first.column}: `;
  const subject = first.path === '' ? 'the file' : first.path;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new Problem(
    'invalid_score',
    `The Score file is not valid: ${at}${subject} ${first.message}${more}.`,
    {
      hint: `Correct ${first.line === undefined ? 'it' : `line ${first.line}`} and try again; https://docs.score.dev describes the format.`,
      extra: { errors },
    },
  );
}
