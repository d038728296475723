/** Splits a command line into words, as a shell would, without ever having a shell. */

/**
 * The line asks for something that only a shell does, or is not complete. The message says which, without quoting the
 * line.
 */
export class WordsError extends Error {
  override name = 'WordsError';
}

const why: Readonly<Record<string, string>> = {
  '|': 'a pipe',
  '&': 'a background job or a list of commands',
  ';': 'a list of commands',
  '<': 'a redirection',
  '>': 'a redirection',
  '(': 'a subshell',
  ')': 'a subshell',
  '`': 'a command substitution',
  '*': 'a file name pattern',
  '?': 'a file name pattern',
  '[': 'a file name pattern',
  '{': 'a group of commands',
  '}': 'a group of commands',
  '\n': 'a second line',
  '\r': 'a second line',
};

const needsShell = (what: string): WordsError =>
  new WordsError(`${what}, and no shell runs this line: quote it, or put it into a script`);

const unquoted = (char: string): WordsError =>
  needsShell(
    `${char === '\n' || char === '\r' ? 'a line break' : `an unquoted ${char}`} means ${why[char]} to a shell`,
  );

const substitution = (): WordsError =>
  new WordsError('it holds a command substitution, and no shell runs this line: put it into a script');

/** Reads what follows a dollar; returns the text in Kubernetes' notation and where to go on. */
function readDollar(line: string, at: number): { text: string; end: number } {
  if (line[at + 1] === '$') return { text: '$$', end: at + 2 };
  if (line[at + 1] === '(') throw substitution();
  const pattern = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/y;
  pattern.lastIndex = at;
  const match = pattern.exec(line);
  if (!match) {
    throw new WordsError('a $ must be followed by a variable name, as in $NAME; a dollar sign itself is $$');
  }
  return { text: `$(${match[1] ?? match[2]})`, end: pattern.lastIndex };
}

/** A literal dollar is doubled, so that the expansion gives it back as one. */
const literal = (text: string): string => text.replaceAll('$', () => '$$');

/** Reads up to the closing double quote; `at` points behind the opening one. */
function readDoubleQuoted(line: string, at: number): { text: string; end: number } {
  let text = '';
  let from = at;
  for (;;) {
    const char = line[from];
    if (char === undefined) throw new WordsError('a double quote is not closed');
    if (char === '"') return { text, end: from + 1 };
    if (char === '`') throw substitution();
    if (char === '$') {
      const dollar = readDollar(line, from);
      text += dollar.text;
      from = dollar.end;
    } else if (char === '\\' && '"\\$`'.includes(line[from + 1] ?? ' ')) {
      text += literal(line[from + 1] ?? '');
      from += 2;
    } else if (char === '\\' && line[from + 1] === '\n') {
      from += 2;
    } else {
      text += char;
      from += 1;
    }
  }
}

/**
 * Splits on blanks; single quotes, double quotes and backslashes quote as POSIX says. `$NAME` and `${NAME}`
 * become `$(NAME)`, which `expandVariables` and Kubernetes expand without splitting; `$$` is a dollar there, and
 * so every quoted dollar becomes `$$`. Whatever needs a shell is refused.
 * @throws WordsError
 * @example splitWords('node server.js --port "$PORT"') // ['node', 'server.js', '--port', '$(PORT)']
 */
export function splitWords(line: string): string[] {
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(line);
  if (control) throw new WordsError('it holds a control character');
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line[at] ?? '';
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    if (word === undefined) {
      checkStart(line, at, words.length === 0);
      word = '';
    }
    if (Object.hasOwn(why, char)) throw unquoted(char);
    if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) throw new WordsError('a single quote is not closed');
      word += literal(line.slice(at + 1, end));
      at = end + 1;
    } else if (char === '"') {
      const quoted = readDoubleQuoted(line, at + 1);
      word += quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      const next = line[at + 1];
      if (next === undefined || next === '\n' || next === '\r') {
        throw new WordsError('it ends in a backslash');
      }
      word += literal(next);
      at += 2;
    } else if (char === '$') {
      const dollar = readDollar(line, at);
      word += dollar.text;
      at = dollar.end;
    } else {
      word += char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Refuses what has a meaning only at the start of a word: a comment, a home directory, `!`, `NAME=value command`. */
function checkStart(line: string, at: number, first: boolean): void {
  const char = line[at];
  if (char === '#') throw new WordsError('an unquoted # would start a comment: quote it');
  if (char === '~') throw new WordsError('an unquoted ~ would be a home directory: write the path out');
  const assignment = /[A-Za-z_]\w*\+?=/y;
  assignment.lastIndex = at;
  if (first && assignment.test(line)) {
    throw new WordsError('a variable can not be set in front of the command: declare it in variables');
  }
  if (first && char === '!' && /^[ \t]|^$/.test(line.slice(at + 1, at + 2))) {
    throw needsShell('an unquoted ! means a negation to a shell');
  }
}
