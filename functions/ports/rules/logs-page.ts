/** Pages of logs: what adapters share. */
import { limits } from '../../core/limits.ts';
import {
  isAtLeast,
  isQuotedSource,
  type LogLevel,
  levelOf,
  quotesSource,
} from '../../core/logs/log-level.ts';
import { parseLogQuery } from '../../core/logs/log-query.ts';
import type { LogFilter, LogLine, LogPage, LogPageQuery } from '../logs.ts';

const LIMIT_MAX = limits.logPageLines.value;
const SEARCH_MAX = limits.logSearch.value;

/** @throws RangeError */
export function checkPageQuery(query: LogPageQuery): LogPageQuery {
  const { limit, since, until, search, from } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new RangeError(`limit is not between 1 and ${LIMIT_MAX}`);
  if (search !== undefined && search.length > SEARCH_MAX) throw new RangeError('search is too long');
  if (from !== undefined && !/^\d{1,15}\.\d{1,15}$/.test(from)) throw new RangeError('from is no position');
  const time = (value: string | undefined, name: string): string | undefined => {
    if (value === undefined) return undefined;
    const date = new Date(value);
    if (Number.isNaN(date.getTime())) throw new RangeError(`${name} is no time`);
    return date.toISOString();
  };
  const [first, last] = [time(since, 'since'), time(until, 'until')];
  return {
    ...query,
    ...(first !== undefined && { since: first }),
    ...(last !== undefined && { until: last }),
  };
}

/**
 * A filter of lines that come one after the other: of each it returns what passes. What a trace quotes of the source has
 * the level of the trace; backward, where that comes first, it passes together with the line that quotes it.
 */
export function createLineFilter(
  filter: LogFilter,
  direction: 'forward' | 'backward' = 'forward',
): (line: LogLine) => LogLine[] {
  const passes = lineFilter(filter);
  // The two lines that came last, the nearest first.
  let near: LogLine[] = [];
  return (line) => {
    const [nearest, second] = near;
    near = [line, ...near].slice(0, 2);
    if (filter.level === undefined || direction === 'forward')
      return passes(line, [nearest, second]) ? [line] : [];
    if (!passes(line)) return [];
    if (!quotesSource(line.message) || !nearest) return [line];
    const quoted = !passes(nearest) && passes(nearest, [line]) ? [nearest] : [];
    const pointer = quoted.length > 0 && second && !passes(second) && passes(second, [nearest, line]);
    return [...(pointer ? [second] : []), ...quoted, line];
  };
}

/** Whether a line passes. Times in the filter have the form of those in lines. @param before the nearest first */
function lineFilter(
  filter: LogFilter,
): (line: LogLine, before?: readonly (LogLine | undefined)[]) => boolean {
  const { since, until, level, deployment, container } = filter;
  const isFound = filter.search === undefined ? undefined : parseLogQuery(filter.search);
  return (line, before = []) => {
    if (since !== undefined && line.at < since) return false;
    if (until !== undefined && line.at > until) return false;
    if (line.missing) return true;
    if (deployment !== undefined && line.deployment !== deployment) return false;
    if (container !== undefined && line.container !== container) return false;
    if (!isFound && level === undefined) return true;
    const levelNow = (): LogLevel | undefined => {
      const messages = before.map((one) => one?.message ?? '');
      return levelOf(line.message) ?? (isQuotedSource(line.message, messages) ? 'error' : undefined);
    };
    if (level !== undefined) {
      const own = levelNow();
      if (own === undefined || !isAtLeast(own, level)) return false;
    }
    return (
      isFound?.({
        ...(filter.service !== undefined && { service: filter.service }),
        ...line,
        level: levelNow,
      }) ?? true
    );
  };
}

/**
 * The line that says that lines since a time are missing. It has a time of its own, before that of the line that
 * follows, so that whoever counts lines of one time to resume behind them counts the same without it.
 */
export function linesMissing(next: LogLine | undefined, since: string | undefined): LogLine {
  const at = next?.at ?? since ?? new Date(1).toISOString();
  return {
    at: new Date(Date.parse(at) - 1).toISOString(),
    message: `Lines are missing here: there are more${since === undefined ? '' : ` since ${since}`} than a stream begins with, or than are kept. A list of lines, page by page, shows those that are kept.`,
    source: 'berth',
    missing: true,
  };
}

/** The most lines that a stream begins with. */
export const TAIL_MAX = limits.logPageLines.value;

export interface Pager {
  /** Shows it the next line in its direction, with its time. It returns false when it has enough. */
  visit(time: number, line: LogLine): boolean;
  /** The page of what it was shown. @param isEnd whether nothing more comes in its direction */
  page(isEnd: boolean): LogPage;
}

/**
 * Makes a page of lines that come in the order of their times, forward or backward. A position is a time, and how
 * many lines of that time were passed.
 * @param scanMax the most lines that one page passes over
 */
export function createPager(query: LogPageQuery, scanMax: number): Pager {
  const { limit, direction = 'backward', from } = query;
  const [startTime, startCount] = from === undefined ? [] : from.split('.').map(Number);
  const passing = createLineFilter(query, direction);
  const lines: LogLine[] = [];
  let time = startTime;
  let count = startCount ?? 0;
  let seen = 0;
  let scanned = 0;
  let bytes = 0;
  return {
    visit(at, line) {
      if (startTime !== undefined) {
        if (direction === 'backward' ? at > startTime : at < startTime) return true;
        if (at === startTime && seen < (startCount ?? 0)) {
          seen++;
          // It was on the page before, and the next one may be what it quotes.
          passing(line);
          return true;
        }
      }
      count = at === time ? count + 1 : 1;
      time = at;
      scanned++;
      // Where there is no room for all, the line itself stays.
      for (const kept of passing(line).slice(lines.length - limit)) {
        lines.push(kept);
        bytes += Buffer.byteLength(kept.message);
      }
      return lines.length < limit && scanned < scanMax && bytes < limits.logPage.value - limits.logLine.value;
    },
    page: (isEnd) => ({
      lines: direction === 'backward' ? lines.toReversed() : lines,
      ...(!isEnd && time !== undefined && { next: `${time}.${count}` }),
    }),
  };
}

/** A page of lines that are all at hand, oldest first. */
export function pageOfLines(sorted: readonly LogLine[], query: LogPageQuery): LogPage {
  const pager = createPager(query, Number.MAX_SAFE_INTEGER);
  const ordered = query.direction === 'forward' ? sorted : sorted.toReversed();
  const stopped = ordered.findIndex((line) => !pager.visit(Date.parse(line.at), line));
  return pager.page(stopped === -1 || stopped === ordered.length - 1);
}
