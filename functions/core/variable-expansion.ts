/** Kubernetes' expansion of `$(NAME)` in command, args and variables. */

/**
 * Replaces `$(NAME)` by the variable of that name; an unknown one stays as it is, `$$` is a dollar, so that
 * `$$(NAME)` is the text `$(NAME)`. Values are not expanded again. Takes time in proportion to the text.
 * @example expandVariables('--port=$(PORT)', { PORT: '8080' }) // --port=8080
 */
export function expandVariables(word: string, env: Readonly<Record<string, string>>): string {
  let result = '';
  let from = 0;
  for (let at = word.indexOf('$'); at !== -1; at = word.indexOf('$', from)) {
    result += word.slice(from, at);
    const next = word[at + 1];
    if (next === '$') {
      result += '$';
      from = at + 2;
      continue;
    }
    const end = next === '(' ? word.indexOf(')', at + 2) : -1;
    // Where no closing parenthesis is left, nothing that follows can be a reference; only `$$` still counts.
    if (next === '(' && end === -1) return result + word.slice(at).replaceAll('$$', () => '$');
    if (end === -1) {
      result += '$';
      from = at + 1;
      continue;
    }
    const name = word.slice(at + 2, end);
    result += Object.hasOwn(env, name) ? env[name] : word.slice(at, end + 1);
    from = end + 1;
  }
  return result + word.slice(from);
}
