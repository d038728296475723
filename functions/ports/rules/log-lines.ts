/** What a line of a log may hold: adapters share it. */
import { limits } from '../../core/limits.ts';
import type { LogLine } from '../logs.ts';

/** Bytes of one line, UTF-8; the rest of a longer one is dropped. */
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

/** One line for each line of the message, with the known fields only, each cut to what the port allows. */
export function normalize({ at, message, source, deployment, container }: LogLine): LogLine[] {
  const messages = message.includes('\n') ? message.replace(/\r?\n$/, '').split(/\r?\n/) : [message];
  return messages.map((text) => ({
    at,
    message: cut(text),
    source,
    ...(deployment === undefined ? {} : { deployment }),
    ...(container === undefined ? {} : { container }),
  }));
}
