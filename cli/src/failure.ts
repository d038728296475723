/** Errors that people see, and the exit codes that scripts see. */
import { ApiError, inWords } from '../../client/problem.ts';

export const exitCodes = {
  done: 0,
  /** It was refused, or the command was not understood; nothing has begun. */
  refused: 1,
  /** Of `plan` and `diff`: there are changes. */
  changes: 2,
  /** It began, and it failed. */
  failed: 3,
  /** Nobody is signed in, or not long enough any more. */
  signedOut: 4,
  /** No answer came: nobody knows whether it was done. */
  unreachable: 5,
  interrupted: 130,
} as const;

/** An error of the command line itself, with the next step. */
export class Failure extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, hint?: string, exitCode: number = exitCodes.refused) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

interface Told {
  what: string;
  hint?: string | undefined;
  code?: string | undefined;
  exitCode: number;
}

/** An error as it is told. */
export function told(error: unknown): Told {
  if (error instanceof Failure) return { what: error.message, hint: error.hint, exitCode: error.exitCode };
  if (error instanceof ApiError) {
    const signedOut = error.status === 401;
    const { what, hint } = inWords(error);
    return {
      what,
      hint: signedOut ? 'Sign in: berth login' : hint,
      code: error.code,
      exitCode: signedOut ? exitCodes.signedOut : exitCodes.refused,
    };
  }
  return { what: error instanceof Error ? error.message : String(error), exitCode: exitCodes.refused };
}
