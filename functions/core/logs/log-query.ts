/**
 * What lines of a log are searched by: words and "phrases", `AND`, `OR`, `-` for not, parentheses, and fields, as in
 * `checkout -"health check" (@level:error OR @http.status:>=500)`. Terms beside each other have to hold all.
 */
import { limits } from '../limits.ts';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';

/** Of a line: what a query can ask about. */
export interface SearchedLine {
  message: string;
  source: string;
  /** Asked for only where a term needs it. */
  level(): LogLevel | undefined;
  deployment?: number;
  container?: string;
  service?: string;
}

export type LogQuery = (line: SearchedLine) => boolean;

/** Behind `@` these and `level` ask about the line itself, any other name about a field of a JSON line. */
const OWN_FIELDS = ['deployment', 'container', 'service', 'source'] as const;
const TOKEN =
  /\s*(?:(?<sign>[()-])|@(?<field>[\p{L}\p{N}_$.@/-]{1,200}):(?<value>"(?:[^"\\]|\\.)*"|[^\s()"]+)|(?<phrase>"(?:[^"\\]|\\.)*")|(?<word>[^\s()"]+))/uy;
const COMPARED = /^(?<sign>>=|<=|>|<)?(?<value>.+)$/su;
const RANGE = /^(?<least>-?[\d.]+)\.\.(?<most>-?[\d.]+)$/;

interface Token {
  kind: 'sign' | 'and' | 'or' | 'text' | 'field' | 'end';
  text: string;
  value?: string;
  at: number;
}

/** A query that is none. */
export class LogQueryError extends Error {
  override name = 'LogQueryError';
}

const unquoted = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : text;

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  const end = query.trimEnd().length;
  for (let at = 0; at < end; ) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(query);
    const groups = found?.groups;
    if (!found || !groups) throw new LogQueryError(`The quotation mark at ${at + 1} has no end.`);
    const { sign, field, value, phrase, word } = groups;
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
    else if (field !== undefined)
      tokens.push({ kind: 'field', text: field, value: unquoted(value ?? ''), at });
    else if (phrase !== undefined) tokens.push({ kind: 'text', text: unquoted(phrase), at });
    else if (word === 'AND') tokens.push({ kind: 'and', text: word, at });
    else if (word === 'OR') tokens.push({ kind: 'or', text: word, at });
    else tokens.push({ kind: 'text', text: word ?? '', at });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/** @throws LogQueryError with a sentence for people */
export function parseLogQuery(query: string): LogQuery {
  const record = createRecords();
  const tokens = tokensOf(query);
  let next = 0;
  const peek = (): Token => tokens[next] ?? { kind: 'end', text: '', at: query.length };
  const isSign = (text: string): boolean => peek().kind === 'sign' && peek().text === text;
  const missing = (what: string): LogQueryError => {
    const { kind, text } = peek();
    return new LogQueryError(`${what} is missing ${kind === 'end' ? 'at the end' : `before "${text}"`}.`);
  };

  function either(depth: number): LogQuery {
    const parts = [all(depth)];
    while (peek().kind === 'or') {
      next++;
      parts.push(all(depth));
    }
    return parts.length === 1 && parts[0] ? parts[0] : (line) => parts.some((part) => part(line));
  }

  function all(depth: number): LogQuery {
    const parts = [one(depth)];
    for (;;) {
      if (peek().kind === 'and') next++;
      else if (peek().kind === 'end' || peek().kind === 'or' || isSign(')')) break;
      parts.push(one(depth));
    }
    return parts.length === 1 && parts[0] ? parts[0] : (line) => parts.every((part) => part(line));
  }

  function one(depth: number): LogQuery {
    if (depth > limits.logSearchDepth.value)
      throw new LogQueryError(`It is nested deeper than ${limits.logSearchDepth.value} levels.`);
    const { kind, text, value } = peek();
    if (kind === 'end' || kind === 'and' || kind === 'or' || isSign(')')) throw missing('A term');
    next++;
    if (kind === 'text') return holds(text);
    if (kind === 'field') return fieldIs(text, value ?? '', record);
    if (text === '-') {
      const part = one(depth + 1);
      return (line) => !part(line);
    }
    const inner = either(depth + 1);
    if (!isSign(')')) throw missing('")"');
    next++;
    return inner;
  }

  const found = either(0);
  if (isSign(')')) throw new LogQueryError('There is a ")" without a "(" before it.');
  return found;
}

function holds(text: string): LogQuery {
  const wanted = text.toLowerCase();
  return ({ message }) => message.toLowerCase().includes(wanted);
}

function fieldIs(name: string, wanted: string, recordOf: ReturnType<typeof createRecords>): LogQuery {
  if (name === 'level') return levelIs(wanted);
  const isWanted = comparison(wanted);
  if ((OWN_FIELDS as readonly string[]).includes(name))
    return (line) => isWanted(line[name as (typeof OWN_FIELDS)[number]]);
  const path = name.split('.');
  return ({ message }) => {
    const record = recordOf(message);
    return record !== undefined && [record[name], at(record, path)].some(isWanted);
  };
}

function levelIs(wanted: string): LogQuery {
  const { sign, value = '' } = COMPARED.exec(wanted)?.groups ?? {};
  const rank = LOG_LEVELS.indexOf(value.toLowerCase() as LogLevel);
  if (rank < 0) throw new LogQueryError(`"${value}" is no level; levels are ${LOG_LEVELS.join(', ')}.`);
  return ({ level }) => {
    const found = level();
    return found !== undefined && isOrdered(LOG_LEVELS.indexOf(found), sign, rank);
  };
}

function isOrdered(left: number, sign: string | undefined, right: number): boolean {
  if (sign === '>=') return left >= right;
  if (sign === '<=') return left <= right;
  if (sign === '>') return left > right;
  if (sign === '<') return left < right;
  return left === right;
}

/** Numbers by their value, anything else as text, in capitals or not; of a list one of its items. */
function comparison(wanted: string): (found: unknown) => boolean {
  const range = RANGE.exec(wanted)?.groups;
  const { sign, value = '' } = COMPARED.exec(wanted)?.groups ?? {};
  if (sign !== undefined && Number.isNaN(Number(value)))
    throw new LogQueryError(`"${value}" is compared by ${sign}, and is no number.`);
  const isWanted = (found: unknown): boolean => {
    if (Array.isArray(found)) return found.some(isWanted);
    if (found === undefined || (found !== null && typeof found === 'object')) return false;
    const number = typeof found === 'number' ? found : Number(found === '' ? Number.NaN : found);
    if (range) return number >= Number(range.least) && number <= Number(range.most);
    if (sign !== undefined) return isOrdered(number, sign, Number(value));
    return String(found).toLowerCase() === wanted.toLowerCase();
  };
  return isWanted;
}

/** Reads JSON lines. Several terms ask about the same line, which is read once. */
function createRecords(): (message: string) => Record<string, unknown> | undefined {
  let last: { message: string; record: Record<string, unknown> | undefined } | undefined;
  return (message) => {
    if (last?.message !== message) last = { message, record: readRecord(message) };
    return last.record;
  };
}

function readRecord(message: string): Record<string, unknown> | undefined {
  if (!message.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(message) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const at = (record: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      found !== null && typeof found === 'object' && Object.hasOwn(found, name)
        ? (found as Record<string, unknown>)[name]
        : undefined,
    record,
  );
