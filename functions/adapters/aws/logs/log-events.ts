/** Log lines as events of CloudWatch Logs, and names of streams. */
import type { LogLine } from '../../../ports/logs.ts';
import { cutLine, lastState } from '../../../ports/rules/log-lines.ts';

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const SEGMENTS_MAX = 8;
/** CloudWatch Logs' limit on the name of a stream. */
const NAME_MAX_LENGTH = 512;

/** @throws RangeError when it is no name of a stream */
export function checkStream(name: string): void {
  const segments = name.split('/');
  if (
    name.length > NAME_MAX_LENGTH ||
    segments.length > SEGMENTS_MAX ||
    !segments.every((segment) => SEGMENT.test(segment))
  )
    throw new RangeError(`${JSON.stringify(name)} is no name of a log stream`);
}

/** A line in a stream, and what keeps it in its place. */
export interface Event {
  /** When it was appended, epoch milliseconds; never before the one that its writer appended earlier. */
  timestamp: number;
  /** Tells the event from all others of its stream. */
  id: string;
  /** The number of the line among those of its writer; -1 where the writer is not ours. */
  count: number;
  line: LogLine;
}

/** By time, then as the writer appended them. */
export const inOrder = (a: Event, b: Event): number =>
  a.timestamp - b.timestamp ||
  (a.id.slice(0, 8) < b.id.slice(0, 8) ? -1 : a.id.slice(0, 8) > b.id.slice(0, 8) ? 1 : a.count - b.count);

/** @param writer eight characters */
export const encode = (line: LogLine, writer: string, count: number): string =>
  JSON.stringify({ w: writer, n: count, ...line });

/** What others wrote into the stream becomes a line as it is. */
export function decode(timestamp: number, text: string): Event {
  try {
    const { w, n, ...line } = JSON.parse(text) as Partial<LogLine> & { w?: unknown; n?: unknown };
    if (typeof w === 'string' && typeof n === 'number' && typeof line.at === 'string')
      return { timestamp, id: `${w}-${n}`, count: n, line: line as LogLine };
  } catch {
    // Not ours.
  }
  const at = new Date(timestamp).toISOString();
  return {
    timestamp,
    id: `        ${timestamp}-${text}`,
    count: -1,
    line: { at, message: cutLine(lastState(text)), source: 'stdout' },
  };
}
