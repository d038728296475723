/** A middleware that logs what is no user's fault, in the form that the alarm looks for. */
import type { MiddlewareObj } from '@middy/core';
import { Problem, TransientError } from '../../core/problem.ts';

/** One line of JSON; Lambda adds time and request. */
export function logFault(what: string, error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : undefined;
  console.error({ fault: what, error: stack, ...(cause !== undefined && { cause }) });
}

/** Problems are told to the user, and transient faults and steps that go on are called again. */
const isExpected = (error: unknown): boolean =>
  error instanceof Problem ||
  error instanceof TransientError ||
  (error instanceof Error && error.name === 'Berth.StillProgressing');

export const faults = (what: string): MiddlewareObj => ({
  onError: ({ error }) => {
    if (!isExpected(error)) logFault(what, error);
  },
});
