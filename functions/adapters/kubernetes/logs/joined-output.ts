/**
 * What pods printed, from the cluster and from the archive that outlives them, as one: in the order of time, each line
 * once, wherever it was found.
 */
import type { PrintedLine } from '../../../ports/log-archive.ts';
import { inOrder, millisecondsOf } from './pod-output.ts';

/** So much of a line tells it from another one of the same nanosecond; the archive may have no more of it. */
const TOLD_BY = 8_192;

/** What both sources say the same of one line: bytes that are no text are written in different ways. */
export const identityOf = ({ time, pod, container, message }: PrintedLine): string =>
  `${time} ${pod} ${container} ${message
    .slice(0, TOLD_BY)
    .replace(/\ufffd+/g, '\ufffd')
    .trimEnd()}`;

/** Oldest first, each once. */
export function unite(lines: readonly PrintedLine[]): PrintedLine[] {
  const byIdentity = new Map<string, PrintedLine>();
  for (const line of lines) {
    const identity = identityOf(line);
    if (!byIdentity.has(identity)) byIdentity.set(identity, line);
  }
  return [...byIdentity.values()].sort(inOrder);
}

/**
 * @param live oldest first
 * @param pages of the archive, in the direction
 * @yields lines in the direction, some at a time
 */
export async function* joined(
  live: readonly PrintedLine[],
  pages: AsyncIterable<PrintedLine[]>,
  direction: 'forward' | 'backward',
): AsyncGenerator<PrintedLine[]> {
  const isForward = direction === 'forward';
  const ordered = (lines: readonly PrintedLine[]): PrintedLine[] => {
    const found = unite(lines);
    return isForward ? found : found.reverse();
  };
  let waiting = live;
  for await (const page of pages) {
    const times = page.map(millisecondsOf);
    if (times.length === 0) continue;
    // The next page may have more of the millisecond that this one ends in.
    const edge = isForward ? times.reduce((a, b) => Math.max(a, b)) : times.reduce((a, b) => Math.min(a, b));
    const isBefore = (line: PrintedLine): boolean =>
      isForward ? millisecondsOf(line) < edge : millisecondsOf(line) > edge;
    const known = [...waiting, ...page];
    yield ordered(known.filter(isBefore));
    waiting = known.filter((line) => !isBefore(line));
  }
  yield ordered(waiting);
}
