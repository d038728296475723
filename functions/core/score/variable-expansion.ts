/** Kubernetes' expansion of `$(NAME)` in command, args and variables. */
import { type ExpansionBudget, expansionBudget } from './expansion-budget.ts';

/**
 * Replaces `$(NAME)` by the variable of that name; an unknown one stays as it is, `$$` is a dollar, so that
 * `$$(NAME)` is the text `$(NAME)`. Values are not expanded again. Takes time in proportion to the text and the result.
 * @param budget shared by words that are counted together; the word has its own unless given
 * @throws Problem expansion_too_large
 * @example expandVariables('--port=$(PORT)', { PORT: '8080' }) // --port=8080
 */
export function expandVariables(
  word: string,
  env: Readonly<Record<string, string>>,
  budget: ExpansionBudget = expansionBudget(),
): string {
  const pieces: string[] = [];
  const add = (piece: string): void => {
    budget.take(piece, 'A command line');
    pieces.push(piece);
  };
  let from = 0;
  for (let at = word.indexOf('$'); at !== -1; at = word.indexOf('$', from)) {
    add(word.slice(from, at));
    const next = word[at + 1];
    if (next === '$') {
      add('$');
      from = at + 2;
      continue;
    }
    const end = next === '(' ? word.indexOf(')', at + 2) : -1;
    // Where no closing parenthesis is left, nothing that follows can be a reference; only `$$` still counts.
    if (next === '(' && end === -1) {
      add(word.slice(at).replaceAll('$$', () => '$'));
      return pieces.join('');
    }
    if (end === -1) {
      add('$');
      from = at + 1;
      continue;
    }
    const name = word.slice(at + 2, end);
    add(Object.hasOwn(env, name) ? (env[name] ?? '') : word.slice(at, end + 1));
    from = end + 1;
  }
  add(word.slice(from));
  return pieces.join('');
}
