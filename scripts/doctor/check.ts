/** What a check finds, and how it is shown. */

export interface Finding {
  what: string;
  /** `unknown`: it could not be looked at, which is no fault of what was to be looked at. */
  state: 'ok' | 'wrong' | 'unknown';
  found: string;
  /** What to do; given unless it is fine. */
  todo?: string;
}

export const ok = (what: string, found: string): Finding => ({ what, state: 'ok', found });

export const wrong = (what: string, found: string, todo: string): Finding => ({
  what,
  state: 'wrong',
  found,
  todo,
});

export const unknown = (what: string, found: string, todo: string): Finding => ({
  what,
  state: 'unknown',
  found,
  todo,
});

const MARKS = { ok: 'ok', wrong: 'WRONG', unknown: 'unknown' } as const;

/** Lines of text. */
export function report(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ what, state, found, todo }) => [
    `${MARKS[state].padEnd(8)}${what}: ${found}`,
    ...(todo === undefined ? [] : [`${' '.repeat(8)}-> ${todo}`]),
  ]);
  return [...lines, verdict(findings)].join('\n');
}

function verdict(findings: readonly Finding[]): string {
  const count = (of: Finding['state']): number => findings.filter(({ state }) => state === of).length;
  const [bad, unseen] = [count('wrong'), count('unknown')];
  const mend = bad === 0 ? 'Nothing is wrong' : `${bad} to mend`;
  if (unseen === 0) return `${mend}.`;
  return unseen === findings.length
    ? 'Nothing could be looked at.'
    : `${mend} of what could be looked at; ${unseen} could not.`;
}

/** Why a look failed, in a line. */
export const whyNot = (error: unknown): string =>
  (error instanceof Error ? `${error.name} ${error.message}` : String(error)).split('\n')[0]?.slice(0, 200) ??
  '';

/** What the SDK and fetch say of a network that leads nowhere. */
const NETWORK =
  /fetch failed|TimeoutError|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH/;

/** Of a look that failed. @param todo where it is not the network */
export function unseen(what: string, error: unknown, todo: string): Finding {
  const why = whyNot(error);
  return unknown(what, why, NETWORK.test(why) ? 'Look whether AWS is reached from here.' : todo);
}
