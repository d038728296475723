/** Errors that people see, and the exit codes that scripts see. */

import type { Command } from 'commander';
import { ApiError, inWords } from '../../client/problem.ts';
import { inCommands, inOptions } from './hints.ts';

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

/**
 * An error as it is told.
 * @param command that was run
 */
export function told(error: unknown, command?: Command): Told {
  if (error instanceof Failure) return { what: error.message, hint: error.hint, exitCode: error.exitCode };
  if (error instanceof ApiError) {
    const signedOut = error.status === 401;
    const { what, hint } = inWords(error);
    if (error.code === 'invalid_request' && command)
      return { ...misused(what, hint, command), code: error.code, exitCode: exitCodes.refused };
    return {
      what,
      hint: signedOut ? signInAgain() : hint && inCommands(hint),
      code: error.code,
      exitCode: signedOut ? exitCodes.signedOut : exitCodes.refused,
    };
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path !== undefined)
    return { what: `There is no ${path}.`, exitCode: exitCodes.refused };
  return { what: error instanceof Error ? error.message : String(error), exitCode: exitCodes.refused };
}

/** A sign-in changes nothing while the variable is set. */
const signInAgain = (): string =>
  process.env.BERTH_TOKEN
    ? 'It is the one of BERTH_TOKEN: set another one there, or unset it and sign in with berth login.'
    : 'Sign in: berth login';

/** What the API says to whoever made the request by hand is of no use to whoever typed options. */
function misused(what: string, hint: string | undefined, command: Command): Pick<Told, 'what' | 'hint'> {
  const names: string[] = [];
  const options: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) {
    names.unshift(at.name());
    options.push(...at.options.flatMap(({ long }) => long ?? []));
  }
  const isOfRequests = hint === undefined || hint.includes('"errors"');
  return {
    what: inOptions(what, options),
    hint: isOfRequests ? `${names.join(' ')} --help says what it takes.` : inCommands(hint),
  };
}
