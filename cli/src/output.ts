/** What is printed: words and tables for people, JSON for programs. */
import { styleText } from 'node:util';

/** Control characters that a text of others could steer the terminal with. */
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export const plain = (text: string): string => text.replace(STEERING, '\uFFFD');

type Style = Parameters<typeof styleText>[0];

/** Coloured where a person reads it, and as it is elsewhere; NO_COLOR is heeded. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const wanted = FORCE_COLOR ? FORCE_COLOR !== '0' : stream.isTTY === true && !NO_COLOR;
  return wanted ? styleText(style, text, { validateStream: false }) : text;
}

/** A word as a shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** A line on standard output: results. */
export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

/** A line on standard error: progress and remarks, which no pipe takes for a result. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export const sayJson = (value: unknown): void => say(JSON.stringify(value, null, 2));

/** Rows under a head; columns are as wide as they have to be. */
export function table(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): void {
  const cells = rows.map((row) => row.map((cell) => plain(cell ?? '').replaceAll(/\s*\n\s*/g, ' ')));
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  say(paint('dim', line(head).trimEnd()));
  for (const row of cells) say(line(row).trimEnd());
}

const UNITS: readonly [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** `5 min ago`; times to come are `in 5 min`. @param time ISO 8601 */
export function ago(time: string | undefined, now = Date.now()): string {
  if (time === undefined) return '';
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['s', 1];
  const count = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return seconds >= 0 ? `${count} ago` : `in ${count}`;
}

/** `1 KB`, `4.2 MB` */
export const sized = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** `0.4 s`, `2 min 5 s` */
export function lasted(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
