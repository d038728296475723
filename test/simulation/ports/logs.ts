/** Logs in memory: the last lines of each stream. */
import { createFollower, type Follower } from '../../../functions/adapters/local/logs/logs-follower.ts';
import { checkStream } from '../../../functions/adapters/local/logs/logs-names.ts';
import { limits } from '../../../functions/core/limits.ts';
import type { LogLine, LogReading, Logs, LogTail } from '../../../functions/ports/logs.ts';
import { normalize } from '../../../functions/ports/rules/log-lines.ts';
import {
  checkPageQuery,
  linesMissing,
  pageOfLines,
  TAIL_MAX,
} from '../../../functions/ports/rules/logs-page.ts';
import { currentOwner, type Mortal } from '../clock.ts';

export interface SimulatedLogs extends Logs {
  linesOf(stream: string): LogLine[];
  /** All that is kept. */
  lines(): LogLine[];
  /** The names of all streams. */
  streams(): string[];
  /** How many lines were appended so far, all in all. */
  appended(): number;
}

function checkTail({ tail, since }: LogTail): LogTail {
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 0 || tail > TAIL_MAX))
    throw new RangeError(`tail is 0 to ${TAIL_MAX}, not ${tail}`);
  if (since === undefined) return { tail: tail ?? TAIL_MAX };
  if (Number.isNaN(Date.parse(since))) throw new RangeError('since is no time');
  const at = new Date(since).toISOString();
  return tail === undefined ? { since: at } : { tail, since: at };
}

/** The last lines that are asked for, behind one that says so where there are more than can be given. */
function lastOf(all: readonly LogLine[], { tail, since }: LogTail): LogLine[] {
  const asked = since === undefined ? all : all.filter(({ at }) => at >= since);
  const found = tail === 0 ? [] : asked.slice(-(tail ?? TAIL_MAX));
  let from = found.length;
  for (let bytes = 0; from > 0 && bytes < limits.logTail.value; from--)
    bytes += Buffer.byteLength(JSON.stringify(found[from - 1]));
  const lines = found.slice(from);
  const isCut = from > 0 || (tail === undefined && lines.length < asked.length);
  return isCut ? [linesMissing(lines[0], since), ...lines] : lines;
}

/** @param reading whether it gives places to go on from */
export function createSimulatedLogs({ reading = true } = {}): SimulatedLogs {
  const streams = new Map<string, LogLine[]>();
  const followers = new Map<string, Set<Follower>>();
  /** Who watches goes with its process. */
  const watchers = new Map<(stream: string) => void, Mortal | undefined>();
  let appended = 0;
  const linesOf = (stream: string): LogLine[] => streams.get(stream) ?? [];

  async function* follow(stream: string, tail: LogTail, signal: AbortSignal): AsyncGenerator<LogLine, void> {
    if (signal.aborted) return;
    const follower = createFollower(limits.logKept.value);
    const all = followers.get(stream) ?? new Set();
    followers.set(stream, all.add(follower));
    signal.addEventListener('abort', follower.end, { once: true });
    try {
      for (const line of lastOf(linesOf(stream), tail)) {
        if (signal.aborted) return;
        yield line;
      }
      for (let line = await follower.next(); line && !signal.aborted; line = await follower.next())
        yield line;
    } finally {
      signal.removeEventListener('abort', follower.end);
      all.delete(follower);
    }
  }

  /** A place is how many lines are before it. */
  const readingOf = (): LogReading => ({
    streams: async (prefix) => [...streams.keys()].filter((stream) => stream.startsWith(`${prefix}/`)),
    async readOn(stream, from = '0', most) {
      checkStream(stream);
      if (!/^\d+$/.test(from)) throw new RangeError(`${from} is no place`);
      const behind = linesOf(stream).slice(Number(from));
      const sizes = behind.map((line) => Buffer.byteLength(JSON.stringify(line)));
      let count = 0;
      for (let bytes = 0; count < Math.min(most.lines, behind.length) && bytes < most.bytes; count++) {
        bytes += sizes[count] ?? 0;
        if (count > 0 && bytes > most.bytes) break;
      }
      const left = sizes.slice(count).reduce((sum, size) => sum + size, 0);
      return { lines: behind.slice(0, count), place: String(Number(from) + count), left };
    },
    watch(told) {
      watchers.set(told, currentOwner());
      return () => watchers.delete(told);
    },
  });

  return {
    append(stream, line) {
      checkStream(stream);
      const kept = linesOf(stream);
      streams.set(stream, kept);
      for (const one of normalize(line)) {
        kept.push(one);
        appended++;
        for (const follower of followers.get(stream) ?? []) follower.push(one);
      }
      for (const [told, owner] of watchers)
        if (owner?.dead) watchers.delete(told);
        else told(stream);
    },
    async read(stream, tail) {
      checkStream(stream);
      return lastOf(linesOf(stream), checkTail(tail));
    },
    async page(stream, query) {
      checkStream(stream);
      return pageOfLines(linesOf(stream), checkPageQuery(query));
    },
    follow(stream, { signal, ...tail }) {
      checkStream(stream);
      return follow(stream, checkTail(tail as LogTail), signal);
    },
    ...(reading && { reading: readingOf() }),
    close: async () => undefined,
    linesOf: (stream) => [...linesOf(stream)],
    lines: () => [...streams.values()].flat(),
    streams: () => [...streams.keys()],
    appended: () => appended,
  };
}
