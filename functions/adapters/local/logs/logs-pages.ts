/** Pages of a stream's files, in both directions. A position is a file's number and a place in it, bytes. */
import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../../../core/limits.ts';
import type { LogLine, LogPage, LogPageQuery } from '../../../ports/logs.ts';
import { createLineFilter } from '../../../ports/rules/logs-page.ts';
import { decodeLine } from './logs-lines.ts';
import { fileIn, listFiles } from './logs-names.ts';
import { DISORDER_MS, type LogPosition, visitBackwards, visitForwards } from './logs-reader.ts';

/** The most lines that one page passes over. */
const SCAN_MAX = limits.logScan.value;
/** A page has room for one line more as long as its messages are smaller, bytes. */
const SIZE_MAX = limits.logPage.value - limits.logLine.value;

/** Lines begin with their time, which can so be read without the rest. */
const TIME_FROM = '{"at":"'.length;
const TIME_TO = TIME_FROM + '2026-01-01T00:00:00.000Z'.length;
const timeOf = (line: Buffer): string => line.toString('latin1', TIME_FROM, TIME_TO);

/** @param end what is there; what is appended meanwhile is left out */
export async function readPage(directory: string, query: LogPageQuery, end?: LogPosition): Promise<LogPage> {
  const { limit, since, until, from } = query;
  const forward = query.direction === 'forward';
  const passing = createLineFilter(query, forward ? 'forward' : 'backward');
  const [startIndex, startAt] = from === undefined ? [] : from.split('.').map(Number);
  // Lines of several replicas are only nearly in the order of their times.
  const shift = (time: string | undefined, by: number) =>
    time === undefined ? undefined : new Date(Date.parse(time) + by).toISOString();
  const stop = forward ? shift(until, DISORDER_MS) : shift(since, -DISORDER_MS);
  const lines: LogLine[] = [];
  let scanned = 0;
  let size = 0;
  let next: string | undefined;
  let over = false;

  const visitor =
    (index: number) =>
    (bytes: Buffer, place: number): boolean => {
      const time = timeOf(bytes);
      if (stop !== undefined && (forward ? time > stop : time < stop)) {
        over = true;
        return false;
      }
      // What is far from the times that are asked for is passed over without being read.
      const outside = (since !== undefined && time < since) || (until !== undefined && time > until);
      const line = outside ? undefined : decodeLine(bytes);
      // Where there is no room for all, the line itself stays.
      for (const kept of line ? passing(line).slice(lines.length - limit) : []) {
        lines.push(kept);
        size += Buffer.byteLength(kept.message);
      }
      scanned += outside ? 0.02 : 1;
      if (lines.length < limit && scanned < SCAN_MAX && size < SIZE_MAX) return true;
      next = `${index}.${place}`;
      return false;
    };

  const indexes = await listFiles(directory);
  for (const index of forward ? indexes : indexes.reverse()) {
    if (end && index > end.index) continue;
    if (startIndex !== undefined && (forward ? index < startIndex : index > startIndex)) continue;
    let file: FileHandle;
    try {
      file = await open(fileIn(directory, index), 'r');
    } catch (error) {
      // Rotated away since it was listed: what is older is gone as well.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    try {
      const size = end && index === end.index ? end.size : (await file.stat()).size;
      const own = index === startIndex ? Math.min(startAt ?? 0, size) : undefined;
      const all = forward
        ? await visitForwards(file, own ?? 0, size, visitor(index))
        : await visitBackwards(file, own ?? size, visitor(index));
      if (!all) break;
    } finally {
      await file.close();
    }
  }
  return { lines: forward ? lines : lines.reverse(), ...(next !== undefined && !over && { next }) };
}
