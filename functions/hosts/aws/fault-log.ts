/** A middleware that logs faults which no user caused, in the form that the alarm looks for. */
import type { MiddlewareObj } from '@middy/core';
import { Problem, TransientError } from '../../core/problem.ts';

/** One line of JSON; Lambda adds time and request. */
export function logFault(what: string, error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : undefined;
  console.error({ fault: what, error: stack, ...(cause !== undefined && { cause }) });
}

/** Problems are shown to the user, and callers repeat transient faults and unfinished steps. */
const isExpected = (error: unknown): boolean =>
  error instanceof Problem ||
  error instanceof TransientError ||
  (error instanceof Error && error.name === 'Berth.StillProgressing');

export const faults = (what: string): MiddlewareObj => ({
  onError: ({ error }) => {
    if (!isExpected(error)) logFault(what, error);
  },
});
