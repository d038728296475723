/** Turns errors into what clients see: RFC 9457 problem documents. */
import type * as z from 'zod';
import { Problem, toProblem } from '../../core/problem.ts';
import { formatPath } from '../../core/score/file/score-faults.ts';
import { StoreConflict } from '../../ports/store.ts';

export interface FieldError {
  /** `body.git.url`, `query.limit`, `path.project`, `header.If-Match`. */
  path: string;
  message: string;
}

const ERRORS_MAX = 20;

/** @param errors at least one */
export function invalidRequest(errors: readonly FieldError[]): Problem {
  const first = errors[0] ?? { path: 'request', message: 'is not valid' };
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Problem('invalid_request', `The request is not valid: ${first.path} ${first.message}${more}.`, {
    hint: 'Correct what "errors" names and send it again; GET /v1/openapi.json describes every route.',
    extra: { errors: errors.slice(0, ERRORS_MAX) },
  });
}

/** The issues that zod found, in words that never quote a value, since it may be a secret. */
export function fieldErrors(where: 'body' | 'query', issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = issue.path as (string | number)[];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .slice(0, ERRORS_MAX)
        .map((key) => ({ path: formatPath([where, ...path, key]), message: 'is not known here' }));
    }
    return [{ path: formatPath([where, ...path]), message: messageOf(issue) }];
  });
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  int: 'a whole number',
};

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && issue.message.endsWith('undefined')
        ? 'is required'
        : `must be ${kinds[issue.expected] ?? `a ${issue.expected}`}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
    case 'invalid_key':
      return issue.issues[0] === undefined ? issue.message : messageOf(issue.issues[0]);
    default:
      return issue.message;
  }
}

function unit(origin: string, count: number | bigint): string {
  if (origin === 'string') return count === 1 ? ' character long' : ' characters long';
  if (origin === 'array') return count === 1 ? ' entry long' : ' entries long';
  return '';
}

/** The Problem that an error is answered with. An unknown error becomes `internal`, and its text is not shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof StoreConflict) {
    return new Problem('conflict', 'The record was changed by someone else at the same time.', {
      hint: 'Read it again, and repeat the request if it still applies.',
      cause: error,
    });
  }
  return toProblem(error);
}

/** The body of a problem response. @param instance path of the request */
export const problemDocument = (problem: Problem, instance: string): Record<string, unknown> => ({
  ...problem.extra,
  type: `/problems/${problem.code}`,
  title: problem.title,
  status: problem.status,
  code: problem.code,
  detail: problem.message,
  hint: problem.hint,
  instance,
});
