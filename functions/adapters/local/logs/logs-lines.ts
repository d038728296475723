/** Log lines: cut to what the port allows, and written as one line of JSON each. */
import type { LogLine } from '../../../ports/logs.ts';

const MESSAGE_MAX_BYTES = 16 * 1024;
const encoder = new TextEncoder();
const scratch = new Uint8Array(MESSAGE_MAX_BYTES);

/** The longest beginning of at most 16 KiB that ends with a whole character. */
function cut(message: string): string {
  if (message.length * 3 <= MESSAGE_MAX_BYTES) return message;
  const { read } = encoder.encodeInto(message, scratch);
  return read < message.length ? message.slice(0, read) : message;
}

/** One line for each line of the message, with the known fields only. */
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

export const encodeLine = (line: LogLine): string => `${JSON.stringify(line)}\n`;

/** The line, or undefined when a crash or a full disk left only a part of it. */
export function decodeLine(bytes: Buffer): LogLine | undefined {
  try {
    const line = JSON.parse(bytes.toString()) as LogLine | null;
    return typeof line?.at === 'string' && typeof line.message === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}

/** Stands where lines are missing. @param at time of the line that follows, or of the last one missing */
export const droppedLine = (at: string, count: number, why: string): LogLine => ({
  at,
  message: `${count} ${count === 1 ? 'line was' : 'lines were'} dropped here: ${why}.`,
  source: 'berth',
});
