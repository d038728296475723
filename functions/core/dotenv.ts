/** Reads files of variables as `.env` files have them. */

/** What is wrong in which line, which is counted from 1. */
export class DotenvError extends Error {
  override name = 'DotenvError';
}

const START = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,127})[ \t]*=[ \t]*/;
const BLANK = /^[ \t]*(?:#.*)?$/;
const REST = /^[ \t]*(?:#[^\n]*)?(?:\n|$)/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * `NAME=value` in each line. A value in quotes may have several lines; in double quotes `\\n`, `\\r` and `\\t` and an
 * escaped quote or backslash are read. Outside of quotes a `#` after a space begins a comment. Nothing is expanded.
 * @throws DotenvError
 */
export function parseDotenv(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let rest = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  let line = 1;
  const take = (length: number): string => {
    const taken = rest.slice(0, length);
    rest = rest.slice(length);
    line += taken.split('\n').length - 1;
    return taken;
  };
  while (rest !== '') {
    const end = rest.indexOf('\n') === -1 ? rest.length : rest.indexOf('\n');
    const whole = rest.slice(0, end);
    if (BLANK.test(whole)) {
      take(end + 1);
      continue;
    }
    const [start, name] = START.exec(whole) ?? [];
    if (start === undefined || name === undefined)
      throw new DotenvError(`line ${line}: is not of the form NAME=value`);
    if (found.has(name)) throw new DotenvError(`line ${line}: sets ${name} a second time`);
    take(start.length);
    const quote = rest[0] ?? '';
    if (!['"', "'", '`'].includes(quote)) {
      const value = whole.slice(start.length);
      const comment = value.search(/(?:^|[ \t])#/);
      found.set(name, (comment === -1 ? value : value.slice(0, comment)).trim());
      take(value.length + 1);
      continue;
    }
    const at = line;
    const close = closing(rest, quote);
    if (close === -1) throw new DotenvError(`line ${at}: the quote of ${name} has no end`);
    const inner = take(close + 1).slice(1, -1);
    found.set(
      name,
      quote === '"' ? inner.replace(/\\([nrt"\\])/g, (_, one: string) => ESCAPES[one] ?? one) : inner,
    );
    const after = REST.exec(rest);
    if (!after) throw new DotenvError(`line ${line}: something follows the value of ${name}`);
    take(after[0].length);
  }
  return found;
}

/** The place of the quote that ends a value; -1 where there is none. */
function closing(text: string, quote: string): number {
  for (let at = 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
