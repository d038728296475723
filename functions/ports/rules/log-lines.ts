/** What a line of a log may hold: adapters share it. */
import { limits } from '../../core/limits.ts';
import type { LogLine } from '../logs.ts';

/** Bytes of one line, UTF-8, with the mark at the end of one that was longer: the rest of that is dropped. */
export const LINE_MAX = limits.logLine.value;

const encoder = new TextEncoder();
const scratch = new Uint8Array(LINE_MAX);

/** The longest beginning of the text that ends with a whole character. @param max bytes, UTF-8, at most 16 KiB */
export function cut(text: string, max = LINE_MAX): string {
  // A unit of a string is three bytes at most.
  if (text.length * 3 <= max) return text;
  const { read } = encoder.encodeInto(text, scratch.subarray(0, max));
  return text.slice(0, read);
}

/** Ends a line whose rest is dropped. */
const CUT_MARK = ' … [cut]';
const MARKED_MAX = LINE_MAX - Buffer.byteLength(CUT_MARK);

/**
 * A line as a log takes it: one that is too long is cut and says so.
 * @param isWhole false where more of the line was dropped already
 */
export function cutLine(text: string, isWhole = true): string {
  return isWhole && cut(text) === text ? text : cut(text, MARKED_MAX) + CUT_MARK;
}

/** One line for each line of the message, with the known fields only, each cut to what the port allows. */
export function normalize({ at, message, source, deployment, container, replica }: LogLine): LogLine[] {
  const messages = message.includes('\n') ? message.replace(/\r?\n$/, '').split(/\r?\n/) : [message];
  return messages.map((text) => ({
    at,
    message: cutLine(text),
    source,
    ...(deployment === undefined ? {} : { deployment }),
    ...(container === undefined ? {} : { container }),
    ...(replica === undefined ? {} : { replica }),
  }));
}

/** What a terminal would show of a line that wrote over itself, as progress bars do: the last state that says something. */
export function lastState(text: string): string {
  const states = text.replace(/\r+$/, '').split('\r');
  return states.findLast((state) => state.trim() !== '') ?? states.at(-1) ?? '';
}
