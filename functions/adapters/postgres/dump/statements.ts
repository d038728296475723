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
const COMMENT = /\/\*|\*\//g;
/** Within an escaped string a quote is written twice, or behind a backslash. */
const ESCAPED = /\\[\s\S]|''|'/g;
const ROUTINE = /^create (?:or replace )?(?:function|procedure)\b/;

function endOfComment(line: string, from: number, open: { comment: number }): number | undefined {
  COMMENT.lastIndex = from;
  for (let found = COMMENT.exec(line); found; found = COMMENT.exec(line)) {
    open.comment += found[0] === '/*' ? 1 : -1;
    if (open.comment === 0) return COMMENT.lastIndex;
  }
  return undefined;
}

function endOfString(
  line: string,
  from: number,
  { ends, escapes }: { ends: string; escapes: boolean },
): number | undefined {
  if (!escapes) {
    const at = line.indexOf(ends, from);
    return at < 0 ? undefined : at + ends.length;
  }
  ESCAPED.lastIndex = from;
  for (let found = ESCAPED.exec(line); found; found = ESCAPED.exec(line))
    if (found[0] === "'") return ESCAPED.lastIndex;
  return undefined;
}

export function createSplitter(): Splitter {
  // It is only added to until the statement ends: to look into it at each line would take time by the square of its length.
  let text = '';
  let isBlank = true;
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
    const end = 'comment' in open ? endOfComment(line, from, open) : endOfString(line, from, open);
    if (end === undefined) return line.length;
    quote = undefined;
    return end;
  }

  return {
    feed(line) {
      const ended: string[] = [];
      let at = 0;
      let before = '';
      while (at < line.length) {
        if (quote) {
          const isComment = 'comment' in quote;
          const end = endOf(line, at, quote);
          text += isComment ? ' ' : line.slice(at, end);
          at = end;
          before = '';
          continue;
        }
        TOKEN.lastIndex = at;
        const found = TOKEN.exec(line);
        const token = found?.[0] ?? '';
        const begin = found?.index ?? line.length;
        const between = line.slice(at, begin);
        text += between;
        isBlank &&= between.trim() === '';
        at = begin + token.length;
        if (token.startsWith('--')) continue;
        if (token === '/*') {
          quote = { comment: 1 };
          continue;
        }
        if (token === ';' && parentheses === 0 && bodies === 0) {
          if (!isBlank) ended.push(text.trim());
          text = '';
          isBlank = true;
          words = [];
          continue;
        }
        text += token;
        if (token !== '') isBlank = false;
        if (token === '(') parentheses++;
        else if (token === ')') parentheses = Math.max(0, parentheses - 1);
        else if (token === "'" || token === '"')
          quote = { ends: token, escapes: token === "'" && /^e$/i.test(between === '' ? before : '') };
        else if (token.startsWith('$')) quote = { ends: token, escapes: false };
        else if (token !== '' && token !== ';') word(token);
        before = token;
      }
      if (text.length > limits.importStatement.value)
        throw new CopyFailed(`The dump has a statement of more than ${limits.importStatement.value} bytes.`);
      return ended;
    },
    isBetween: () => quote === undefined && isBlank,
    rest: () => text.trim(),
  };
}

/**
 * Whether a text drops a database. Its owner has others than the one that is filled, such as the one that is served meanwhile;
 * PostgreSQL takes this from no code, so that the words of statements are enough to know it.
 */
export function dropsDatabase(text: string): boolean {
  const splitter = createSplitter();
  const statements = [...splitter.feed(text), splitter.rest()];
  return statements.some((statement) => /^DROP\s+DATABASE\b/i.test(statement));
}
