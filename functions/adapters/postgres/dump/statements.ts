/** Splits SQL into statements, as psql does: by semicolons that are not in quotes, parentheses or bodies of functions. */
import { limits } from '../../../core/limits.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';

export interface Splitter {
  /** @returns the statements that end in the text, without comments and semicolons @throws CopyFailed where one is too long */
  feed(text: string): string[];
  /** Nothing of a statement has come since the last one ended. */
  isBetween(): boolean;
  /** What has no semicolon at the end. */
  rest(): string;
}

/** What ends a part that means nothing to the splitter. */
type Quote = { ends: string; escapes: boolean } | { comment: number };

const TOKEN =
  /--[^\n]*|\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|['"();]/g;
const ROUTINE = /^create (?:or replace )?(?:function|procedure)\b/;

export function createSplitter(): Splitter {
  let text = '';
  let quote: Quote | undefined;
  let parentheses = 0;
  /** Of `BEGIN ATOMIC ... END`. */
  let bodies = 0;
  let words: string[] = [];

  function word(token: string): void {
    const lower = token.toLowerCase();
    if (words.length < 4) words.push(lower);
    if (lower !== 'begin' && lower !== 'case' && lower !== 'end') return;
    if (!ROUTINE.test(words.join(' '))) return;
    if (lower === 'begin' || (lower === 'case' && bodies > 0)) bodies++;
    else if (lower === 'end' && bodies > 0) bodies--;
  }

  /** @returns where the quote ends in the line, and where the line does where it does not */
  function endOf(line: string, from: number, open: Quote): number {
    if ('comment' in open) {
      for (let at = from; ; at += 2) {
        const [begin, end] = [line.indexOf('/*', at), line.indexOf('*/', at)];
        if (end < 0 && begin < 0) return line.length;
        at = begin >= 0 && (end < 0 || begin < end) ? begin : end;
        open.comment += at === begin ? 1 : -1;
        if (open.comment > 0) continue;
        quote = undefined;
        return at + 2;
      }
    }
    for (let at = from; at < line.length; at++) {
      if (open.escapes && line[at] === '\\') at++;
      else if (line.startsWith(open.ends, at)) {
        // A quote within an escaped string is written twice.
        if (open.escapes && line[at + 1] === "'") at++;
        else {
          quote = undefined;
          return at + open.ends.length;
        }
      }
    }
    return line.length;
  }

  return {
    feed(line) {
      const ended: string[] = [];
      let at = 0;
      while (at < line.length) {
        if (quote) {
          const isComment = 'comment' in quote;
          const end = endOf(line, at, quote);
          text += isComment ? ' ' : line.slice(at, end);
          at = end;
          continue;
        }
        TOKEN.lastIndex = at;
        const found = TOKEN.exec(line);
        const token = found?.[0] ?? '';
        const begin = found?.index ?? line.length;
        text += line.slice(at, begin);
        at = begin + token.length;
        if (token.startsWith('--')) continue;
        if (token === '/*') {
          quote = { comment: 1 };
          continue;
        }
        if (token === ';' && parentheses === 0 && bodies === 0) {
          if (text.trim() !== '') ended.push(text.trim());
          text = '';
          words = [];
          continue;
        }
        text += token;
        if (token === '(') parentheses++;
        else if (token === ')') parentheses = Math.max(0, parentheses - 1);
        else if (token === "'" || token === '"')
          quote = { ends: token, escapes: token === "'" && /(?:^|[^\w$])e'$/i.test(text.slice(-3)) };
        else if (token.startsWith('$')) quote = { ends: token, escapes: false };
        else if (token !== '' && token !== ';') word(token);
      }
      if (text.length > limits.importStatement.value)
        throw new CopyFailed(`The dump has a statement of more than ${limits.importStatement.value} bytes.`);
      return ended;
    },
    isBetween: () => quote === undefined && text.trim() === '',
    rest: () => text.trim(),
  };
}
