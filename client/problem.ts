/** What the API refuses, as an error with the hint that it gave. */
import type { Problem } from './types.generated.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: Problem['code'] | undefined;
  /** The next thing to do. */
  readonly hint: string | undefined;
  /** What is wrong where in the request. */
  readonly errors: { path: string; message: string }[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint;
    this.errors = problem.errors ?? [];
  }
}

/** The problem in an answer; a proxy may have answered with something else. */
export async function problemOf(response: Response): Promise<Partial<Problem>> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? body : {};
}

/** An error in words: what happened, and what to do next. */
export function inWords(error: unknown): { what: string; hint?: string } {
  if (error instanceof ApiError) {
    // The detail of some problems has the first of them already.
    const fields = error.errors
      .map(({ path, message }) => `${path} ${message}`)
      .filter((field) => !error.message.includes(field));
    const what = fields.length === 0 ? error.message : `${error.message} ${fields.join('; ')}.`;
    return error.hint === undefined ? { what } : { what, hint: error.hint };
  }
  return {
    what: 'No answer came from Berth.',
    hint: 'Look whether it was done when the connection is back.',
  };
}
