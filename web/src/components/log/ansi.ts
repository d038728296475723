/** Colours that programs print for terminals, as spans of text. Everything else that steers a terminal is left out. */
import { plain } from '../plain.ts';

export interface Span {
  text: string;
  /** Names of classes, such as `ansi-1 ansi-bold`. */
  style: string;
}

interface State {
  /** 0 to 15. */
  colour: number | undefined;
  background: number | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

const SGR = /\u001b\[([0-9;:]{0,64})m/g;
const fresh = (): State => ({
  colour: undefined,
  background: undefined,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
});

/** The nearest of the sixteen colours that themes have, for one of 256. */
function nearest(code: number): number | undefined {
  if (code < 16) return code;
  if (code >= 232) return code < 244 ? 8 : 7;
  const at = code - 16;
  const [red, green, blue] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6];
  return fromParts(red / 5, green / 5, blue / 5);
}

function fromParts(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most < 0.2) return 8;
  const bits = [red, green, blue].map((part) => (part > most * 0.6 ? 1 : 0));
  return bits[0]! + bits[1]! * 2 + bits[2]! * 4 + (most > 0.7 ? 8 : 0);
}

/** Reads `38;5;n` and `38;2;r;g;b` behind their first number; the colour, and how many numbers it took. */
function extended(codes: readonly number[], at: number): [number | undefined, number] {
  if (codes[at + 1] === 5) return [nearest(codes[at + 2] ?? 0), 2];
  if (codes[at + 1] === 2) {
    const [red = 0, green = 0, blue = 0] = codes.slice(at + 2, at + 5);
    return [fromParts(red / 255, green / 255, blue / 255), 4];
  }
  return [undefined, 1];
}

function apply(state: State, codes: readonly number[]): void {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) Object.assign(state, fresh());
    else if (code === 1) state.bold = true;
    else if (code === 2) state.dim = true;
    else if (code === 3) state.italic = true;
    else if (code === 4) state.underline = true;
    else if (code === 22) Object.assign(state, { bold: false, dim: false });
    else if (code === 23) state.italic = false;
    else if (code === 24) state.underline = false;
    else if (code === 39) state.colour = undefined;
    else if (code === 49) state.background = undefined;
    else if (code >= 30 && code <= 37) state.colour = code - 30;
    else if (code >= 90 && code <= 97) state.colour = code - 82;
    else if (code >= 40 && code <= 47) state.background = code - 40;
    else if (code >= 100 && code <= 107) state.background = code - 92;
    else if (code === 38 || code === 48) {
      const [colour, taken] = extended(codes, at);
      if (code === 38) state.colour = colour;
      else state.background = colour;
      at += taken;
    }
  }
}

const styleOf = ({ colour, background, bold, dim, italic, underline }: State): string =>
  [
    colour !== undefined && `ansi-${colour}`,
    background !== undefined && `ansi-on-${background}`,
    bold && 'ansi-bold',
    dim && 'ansi-dim',
    italic && 'ansi-italic',
    underline && 'ansi-underline',
  ]
    .filter(Boolean)
    .join(' ');

/** A line as spans; the text of all of them together is the line as it can be shown. */
export function spansOf(line: string): Span[] {
  if (!line.includes('\u001b')) return [{ text: plain(line), style: '' }];
  const spans: Span[] = [];
  const state = fresh();
  let from = 0;
  const add = (text: string): void => {
    const shown = plain(text);
    if (shown !== '') spans.push({ text: shown, style: styleOf(state) });
  };
  for (const match of line.matchAll(SGR)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    apply(state, (match[1] ?? '').split(/[;:]/).map(Number));
  }
  add(line.slice(from));
  return spans;
}

const MARKS_MAX = 50;
/** A word or phrase of a search that lines have to hold: no sign, no field, no negation. */
const SOUGHT = /(-?)(?:@[^\s:()"]+:)?(?:"((?:[^"\\]|\\.)*)"|([^\s()"]+))/gu;

/** What of a search can be found in a line as it stands. */
export const soughtIn = (search: string): string[] =>
  [...search.matchAll(SOUGHT)].flatMap(([all, not, phrase, word]) => {
    if (not || all.startsWith('@') || (word !== undefined && /^(?:AND|OR)$/.test(word))) return [];
    return phrase?.replaceAll(/\\(.)/gsu, '$1') || word || [];
  });

/** Where one of the words is, from and to, in order and apart. */
function placesOf(words: readonly string[], text: string): [number, number][] {
  const places: [number, number][] = [];
  for (const word of words)
    for (
      let at = text.indexOf(word);
      at !== -1 && places.length < MARKS_MAX;
      at = text.indexOf(word, at + word.length)
    )
      places.push([at, at + word.length]);
  const apart: [number, number][] = [];
  for (const [from, to] of places.sort(([left], [right]) => left - right)) {
    const last = apart.at(-1);
    if (last && from < last[1]) last[1] = Math.max(last[1], to);
    else apart.push([from, to]);
  }
  return apart;
}

/** Cuts spans where words of a search are found, in capitals or not, and marks what was found. */
export function marked(spans: readonly Span[], search: string): (Span & { found?: true })[] {
  const text = spans.map((span) => span.text).join('');
  const low = text.toLowerCase();
  // Letters whose lower case is longer would move all places behind them.
  if (low.length !== text.length) return [...spans];
  const places = placesOf(
    soughtIn(search).map((word) => word.toLowerCase()),
    low,
  );
  if (places.length === 0) return [...spans];
  const result: (Span & { found?: true })[] = [];
  let start = 0;
  for (const span of spans) {
    const end = start + span.text.length;
    let from = start;
    for (const [first, behind] of places) {
      const [left, right] = [Math.max(first, start), Math.min(behind, end)];
      if (left >= right) continue;
      if (left > from) result.push({ text: text.slice(from, left), style: span.style });
      result.push({ text: text.slice(left, right), style: span.style, found: true });
      from = right;
    }
    if (from < end) result.push({ text: text.slice(from, end), style: span.style });
    start = end;
  }
  return result;
}
