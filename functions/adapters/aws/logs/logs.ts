/**
 * Logs in CloudWatch Logs: one group, a stream for each of ours. An event carries the time at which its line was
 * appended, which keeps the order and lets old times through; the line's own time is in its text. What others
 * (a log agent) write into a stream is read as lines too. CloudWatch Logs shows a line some seconds after it was
 * sent, so a follower reads what is a little older again and leaves out what it has given.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../../core/limits.ts';
import type { LogLine, LogPage, LogPageQuery, Logs, LogTail } from '../../../ports/logs.ts';
import { normalize } from '../../../ports/rules/log-lines.ts';
import { checkPageQuery, createPager, linesMissing, TAIL_MAX } from '../../../ports/rules/logs-page.ts';
import { eventPages, type LogGroup } from './event-pages.ts';
import { createLogsWriter } from './log-batches.ts';
import { checkStream, decode, type Event, inOrder } from './log-events.ts';

export interface CloudWatchLogsOptions extends LogGroup {
  now?(): number;
  /** How long lines wait for others to be sent with, milliseconds; default 200. */
  delayMs?: number;
  /** Between two looks of a follower, milliseconds; default 1,000. */
  pollMs?: number;
  /** How late a line may show up, milliseconds; default 5,000. */
  lateMs?: number;
  /** Told of lines that were dropped. */
  onDrop?(stream: string, lines: number, cause: unknown): void;
}

/** The most events that one page of a filter passes over: a few requests. */
const SCAN_MAX = limits.logScan.value;
/** By how much the clocks of writers may differ from those of who asks, milliseconds. */
const SKEW_MS = 60_000;

export function createCloudWatchLogs(options: CloudWatchLogsOptions): Logs & {
  /** Resolves when all lines are sent: a function is frozen once it has answered. */
  flush(): Promise<void>;
} {
  const { client, group, now = Date.now, delayMs = 200, pollMs = 1_000, lateMs = 5_000, onDrop } = options;
  const writer = createLogsWriter({
    client,
    group,
    now,
    delayMs,
    writer: randomBytes(4).toString('hex'),
    ...(onDrop ? { onDrop } : {}),
  });

  async function* pages(
    stream: string,
    head: boolean,
    startTime: number,
    endTime?: number,
  ): AsyncGenerator<Event[]> {
    for await (const events of eventPages({ client, group }, stream, head, startTime, endTime))
      yield events.map(({ timestamp = 0, message = '' }) => decode(timestamp, message));
  }

  /** All that had to be read to know the tail, in order. */
  async function readTail(stream: string, tail: number, since: number): Promise<Event[]> {
    const found: Event[] = [];
    let fit = 0;
    for await (const page of pages(stream, false, since === 0 ? 0 : Math.max(0, since - SKEW_MS))) {
      found.unshift(...page);
      for (const { line } of page) if (isSince(line, since)) fit++;
      if (fit >= tail) break;
    }
    return withoutRepeats(found.sort(inOrder));
  }

  /** Reads on until the page is full; a stream's events are by the time at which they were appended. */
  async function readPage(stream: string, query: LogPageQuery): Promise<LogPage> {
    const forward = query.direction === 'forward';
    const pager = createPager(query, SCAN_MAX);
    const [position] = query.from?.split('.').map(Number) ?? [];
    const since = query.since === undefined ? 0 : Math.max(0, Date.parse(query.since) - SKEW_MS);
    const until = query.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(query.until) + SKEW_MS;
    const start = forward ? Math.max(since, position ?? 0) : since;
    const end = forward ? until : Math.min(until, position ?? Number.POSITIVE_INFINITY);
    let last: Event | undefined;
    for await (const page of pages(stream, forward, start, end)) {
      const events = withoutRepeats(page.sort(inOrder));
      for (const event of forward ? events : events.reverse()) {
        // The end of one page may be sent again as the beginning of the next.
        if (last && event.count >= 0 && event.id === last.id) continue;
        last = event;
        if (!pager.visit(event.timestamp, event.line)) return pager.page(false);
      }
    }
    return pager.page(true);
  }

  /** One line more than asked for shows whether there are more. */
  const mostOf = ({ tail = TAIL_MAX + 1 }: LogTail): number => tail;

  function tailOf(events: readonly Event[], { tail, since }: LogTail, from: number): LogLine[] {
    if (tail === 0) return [];
    const lines = events.map(({ line }) => line).filter((line) => isSince(line, from));
    if (tail !== undefined || lines.length <= TAIL_MAX) return lines.slice(-(tail ?? TAIL_MAX));
    const given = lines.slice(-TAIL_MAX);
    return [linesMissing(given[0], since), ...given];
  }

  async function* follow(
    stream: string,
    options: LogTail,
    since: number,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    if (signal.aborted) return;
    await writer.flush(stream);
    const begun = await readTail(stream, Math.max(mostOf(options), 1), since);
    const newest = begun.at(-1);
    for (const line of tailOf(begun, options, since)) {
      if (signal.aborted) return;
      yield line;
    }
    let seen = new Map(begun.map(({ id, timestamp }) => [id, timestamp]));
    let from = newest?.timestamp ?? 0;
    for (let first = true; !signal.aborted; first = false) {
      const fresh: Event[] = [];
      const start = Math.max(0, from - lateMs);
      for await (const page of pages(stream, true, start))
        for (const event of page) {
          if (seen.has(event.id)) continue;
          seen.set(event.id, event.timestamp);
          // The first look also finds lines that come before the tail.
          if (!(first && newest && inOrder(event, newest) < 0)) fresh.push(event);
        }
      for (const { timestamp, line } of fresh.sort(inOrder)) {
        from = Math.max(from, timestamp);
        if (signal.aborted) return;
        if (isSince(line, since)) yield line;
      }
      seen = new Map([...seen].filter(([, timestamp]) => timestamp >= from - lateMs));
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    append(stream, line) {
      checkStream(stream);
      for (const one of normalize(line)) writer.append(stream, one);
    },

    async read(stream, options) {
      const from = check(stream, options);
      await writer.flush(stream);
      return tailOf(await readTail(stream, mostOf(options), from), options, from);
    },

    async page(stream, given) {
      checkStream(stream);
      const query = checkPageQuery(given);
      await writer.flush(stream);
      return readPage(stream, query);
    },

    follow(stream, { signal, ...options }) {
      return follow(stream, options, check(stream, options), signal);
    },

    flush: () => writer.flushAll(),
    close: () => writer.flushAll(),
  };
}

/** A batch that was sent twice, as after a time-out, is there twice. What others wrote may well be the same. */
const withoutRepeats = (events: readonly Event[]): Event[] =>
  events.filter(({ id, count }, at) => count < 0 || id !== events[at - 1]?.id);

const isSince = (line: LogLine, since: number): boolean => since === 0 || Date.parse(line.at) >= since;

/** @returns the time, epoch milliseconds; 0 for all @throws RangeError */
function check(stream: string, { tail, since }: LogTail): number {
  checkStream(stream);
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 0 || tail > TAIL_MAX))
    throw new RangeError(`tail is not between 0 and ${TAIL_MAX}`);
  const from = since === undefined ? 0 : Date.parse(since);
  if (Number.isNaN(from)) throw new RangeError('since is no time');
  return from;
}
