/** Reads YAML that anybody may have written: the part of YAML 1.2 that is JSON with less punctuation. */
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  Parser,
  type YAMLMap,
} from 'yaml';
import { keyFault, numberFault, textFault } from './json.ts';
import { type Fault, invalidScore, type Path, type Position } from './score-faults.ts';
import { SCORE_MAX_BYTES, SCORE_MAX_DEPTH, SCORE_MAX_TOKENS } from './score-limits.ts';

/** What is taken of YAML beyond the part that is JSON: Score files take none of it, files of others are full of it. */
export interface Dialect {
  /** Anchors, aliases and merge keys; what they stand for counts towards SCORE_MAX_TOKENS each time. */
  aliases?: boolean;
}

export interface YamlFile {
  /** Plain JSON. */
  value: unknown;
  /** The position of a fault in the text: at its path, or at the nearest thing around it that exists. */
  locate(fault: Pick<Fault, 'path' | 'atKey'>): Position;
}

/** The parser's own messages may quote the file, which may hold secrets; these do not. */
const messages: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'has an escape that double-quoted text does not know',
  BAD_INDENT: 'is indented wrongly, or lacks a closing bracket or brace',
  BAD_SCALAR_START: 'starts with a character that text has to be quoted for',
  BLOCK_AS_IMPLICIT_KEY:
    'has a map where none can be: check the indentation, and quote text with a colon and a blank',
  BLOCK_IN_FLOW: 'has block text inside brackets or braces',
  KEY_OVER_1024_CHARS: 'has a key of more than 1024 characters',
  MISSING_CHAR: 'lacks a colon, comma, quote or bracket',
  MULTILINE_IMPLICIT_KEY: 'has a key on more than one line',
  NON_STRING_KEY: 'has a key that is not text',
  TAB_AS_INDENT: 'is indented with a tab: use blanks',
  UNEXPECTED_TOKEN: 'has something unexpected',
};

/** Tokens that are refused, by first character: a token of plain text never starts with one of these. */
const refusedTokens: Readonly<Record<string, string>> = {
  '&': 'has an anchor, which is refused; text that starts with & has to be quoted',
  '*': 'has an alias, which is refused; text that starts with * has to be quoted',
  '!': 'has a tag, which is refused; text that starts with ! has to be quoted',
  '%': 'has a directive, which is refused; text that starts with % has to be quoted',
};

/** What the lexer puts between tokens; checkText keeps these characters out of the text itself. */
const MARKS = ['\u0002', '\u0018', '\u001f'];

class YamlText {
  readonly text: string;
  readonly dialect: Dialect;
  /** What anchors stand for, once it has been read whole: nothing contains itself. */
  readonly anchors = new Map<string, { value: unknown; size: number }>();
  /** Values so far, those behind aliases counted each time. */
  values = 0;
  /** Offset of the first character of each line. */
  private starts: number[] | undefined;

  constructor(text: string, dialect: Dialect) {
    this.text = text;
    this.dialect = dialect;
  }

  count(offset: number, values: number): void {
    this.values += values;
    if (this.values > SCORE_MAX_TOKENS) this.fail(offset, 'has too many parts');
  }

  position(offset: number): Position {
    this.starts ??= [0, ...Array.from(this.text.matchAll(/\n/g), ({ index }) => index + 1)];
    let low = 0;
    for (let high = this.starts.length - 1; low < high; ) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 };
  }

  fail(offset: number, message: string, path: Path = []): never {
    throw invalidScore([{ path, message, position: this.position(offset) }]);
  }
}

function checkText(file: YamlText): void {
  // A character has at least one byte, so that the bytes of very long text are not even counted.
  const { text } = file;
  if (text.length > SCORE_MAX_BYTES || Buffer.byteLength(text) > SCORE_MAX_BYTES) {
    throw invalidScore([{ path: [], message: `is larger than ${SCORE_MAX_BYTES / 1024} KiB` }]);
  }
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/.exec(text);
  if (control) file.fail(control.index, 'has a control character; double-quoted text can escape it');
  if (!text.isWellFormed()) throw invalidScore([{ path: [], message: 'is not UTF-8' }]);
}

/** Lexes and parses token by token, so that it can stop before much memory or time is spent. */
function readTokens(file: YamlText) {
  const parser = new Parser();
  const tokens = [];
  let offset = 0;
  let count = 0;
  for (const lexeme of new Lexer().lex(file.text)) {
    const refused = refusedTokens[lexeme.charAt(0)];
    const isTaken = file.dialect.aliases && (lexeme.startsWith('&') || lexeme.startsWith('*'));
    if (refused !== undefined && !isTaken) file.fail(offset, refused);
    count += 1;
    if (count > SCORE_MAX_TOKENS) file.fail(offset, 'has too many parts: put large content into files');
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > SCORE_MAX_DEPTH + 2)
      file.fail(offset, `is nested more than ${SCORE_MAX_DEPTH} deep`);
    if (!MARKS.includes(lexeme)) offset += lexeme.length;
  }
  tokens.push(...parser.end());
  return tokens;
}

function compose(file: YamlText): Node | null {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Unique keys are checked below: the parser would compare each key with all before it.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(readTokens(file), true, file.text.length)) {
    const [error] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (error) file.fail(error.pos[0], messages[error.code] ?? 'is not valid YAML');
    if (first) file.fail(document.range[0], 'holds more than one document');
    first = document;
  }
  return first?.contents ?? null;
}

/**
 * Offsets of a value, of its key, and of what is in it. The tree is as deep as the value, and no path is ever spelled
 * out.
 */
interface Place {
  key: number;
  value: number;
  inside: Map<string | number, Place>;
}

function mapToJson(file: YamlText, node: YAMLMap, path: Path, place: Place): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  const merges: unknown[] = [];
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? pair.key : undefined;
    const start = key?.range?.[0] ?? place.value;
    const name = key?.value;
    if (typeof name !== 'string') return file.fail(start, 'has a key that is not text', path);
    const inner = [...path, name];
    if (Object.hasOwn(map, name)) file.fail(start, 'occurs twice in the same map', inner);
    if (name === '<<' && file.dialect.aliases) {
      merges.push(toJson(file, pair.value, inner, { key: start, value: start, inside: new Map() }));
      continue;
    }
    if (name === '<<') file.fail(start, 'would merge another map, which is refused', inner);
    const fault = keyFault(name);
    if (fault !== undefined) file.fail(start, fault, inner);
    const child: Place = { key: start, value: start, inside: new Map() };
    place.inside.set(name, child);
    map[name] = toJson(file, pair.value, inner, child);
  }
  for (const merged of merges.flat()) {
    if (typeof merged !== 'object' || merged === null)
      return file.fail(place.value, 'merges what is no map', path);
    for (const [name, value] of Object.entries(merged)) if (!Object.hasOwn(map, name)) map[name] = value;
  }
  return map;
}

function scalarToJson(file: YamlText, value: unknown, path: Path, at: number): unknown {
  if (typeof value === 'boolean' || value === null) return value;
  let fault: string | undefined = 'is not JSON';
  if (typeof value === 'string') fault = textFault(value);
  else if (typeof value === 'number') fault = numberFault(value);
  return fault === undefined ? value : file.fail(at, fault, path);
}

/**
 * Turns a parsed node into plain JSON.
 * @param place of the value, filled in on the way
 */
function toJson(file: YamlText, node: unknown, path: Path, place: Place): unknown {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) {
    const known = file.anchors.get(node.source);
    if (!known)
      return file.fail(node.range?.[0] ?? place.value, 'has an alias of an anchor that is not there', path);
    file.count(place.value, known.size);
    return known.value;
  }
  const before = file.values;
  file.count(place.value, 1);
  const value = readNode(file, node, path, place);
  const { anchor } = node as { anchor?: string };
  if (anchor !== undefined) file.anchors.set(anchor, { value, size: file.values - before });
  return value;
}

function readNode(file: YamlText, node: unknown, path: Path, place: Place): unknown {
  if (isMap(node)) return mapToJson(file, node, path, place);
  if (isSeq(node)) {
    return node.items.map((item, index) => {
      const start = (item as Node | null)?.range?.[0] ?? place.value;
      const child: Place = { key: start, value: start, inside: new Map() };
      place.inside.set(index, child);
      return toJson(file, item, [...path, index], child);
    });
  }
  if (!isScalar(node)) return file.fail(place.value, 'is not valid YAML', path);
  // The place of a map or a list stays at its key, since its block starts on the line below.
  place.value = node.range?.[0] ?? place.value;
  return scalarToJson(file, node.value, path, place.value);
}

/**
 * Reads one YAML or JSON document of at most 256 KiB by the core schema of YAML 1.2. Anchors, aliases, tags,
 * directives, merge keys, keys that occur twice or name parts of JavaScript's objects, and numbers that can not
 * be kept exactly are refused; a dialect takes some of it.
 * @throws Problem invalid_score with the line and column
 */
export function readYaml(text: string, dialect: Dialect = {}): YamlFile {
  const file = new YamlText(text, dialect);
  checkText(file);
  const root: Place = { key: 0, value: 0, inside: new Map() };
  const value = toJson(file, compose(file), [], root);
  return {
    value,
    locate({ path, atKey }) {
      let place = root;
      let exact = true;
      for (const part of path) {
        const inner = place.inside.get(part);
        if (!inner) {
          exact = false;
          break;
        }
        place = inner;
      }
      return file.position(exact && !atKey ? place.value : place.key);
    },
  };
}
