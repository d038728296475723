/**
 * Tells whether a text of a Score file may be a secret that someone wrote there in the open. References to secrets do
 * not count: they name a value that is kept elsewhere.
 */

/** Words of a name that mark its value as secret. */
const SENSITIVE_WORD = /^(?:pass|pwd|keys?|auth|cert|salt|pin|dsn|private)$/;
/** The same words at the end of a name, run together with another word, as in DBPASSWORD. */
const SENSITIVE_END = /(?:password|passwd|passphrase|passcode|secrets?|tokens?|credentials?|apikey)$/;
/**
 * `scheme://user:password@`. The lengths are bounded, so that the time to read hostile text grows with its length
 * alone.
 */
const LOGIN_IN_URL = /:\/\/[^\s/@:]{0,200}:[^\s/@]{1,500}@/;
/** The prefixes that well-known issuers put on their tokens, and PEM. */
const KNOWN_TOKEN =
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:gh[pousr]|github_pat|glpat|xox[abprs]|sk|rk|pk)[-_][A-Za-z0-9_-]{16}|\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8}|-----BEGIN /;
const PLACEHOLDER = /\$\{[^{}]*\}/g;
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;

/** @param name of the variable or parameter */
export function maySecret(name: string, text: string): boolean {
  const literal = text.replaceAll(PLACEHOLDER, '');
  if (literal === '') return false;
  const words = (name.slice(0, 500).match(WORD) ?? []).map((word) => word.toLowerCase());
  if (words.some((word) => SENSITIVE_WORD.test(word) || SENSITIVE_END.test(word))) return true;
  return LOGIN_IN_URL.test(literal) || KNOWN_TOKEN.test(literal);
}
