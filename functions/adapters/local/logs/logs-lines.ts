/** Log lines as they are in a file: one line of JSON each. */
import type { LogLine } from '../../../ports/logs.ts';

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
  missing: true,
});
