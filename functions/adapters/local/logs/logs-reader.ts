/** Reads the end of a stream, from the newest file backwards. */

import { type FileHandle, open } from 'node:fs/promises';
import { limits } from '../../../core/limits.ts';
import type { LogLine, LogTail } from '../../../ports/logs.ts';
import { linesMissing, TAIL_MAX } from '../../../ports/rules/logs-page.ts';
import { decodeLine } from './logs-lines.ts';
import { fileIn, listFiles } from './logs-names.ts';

/** A place in a stream: a file's number and a length in bytes. */
export interface LogPosition {
  index: number;
  size: number;
}

/** The number of the first file of a stream. */
const FIRST_INDEX = 1;
const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Lines of several replicas are only nearly in the order of their times: reading goes on this far behind
 * `since` to find those that came late.
 */
export const DISORDER_MS = 60_000;

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(block, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return block.subarray(0, done);
}

/**
 * Shows the lines before `end`, the last one first, until `visit` answers false; whether it never did.
 * @param visit is told where the line begins
 */
export async function visitBackwards(
  file: FileHandle,
  end: number,
  visit: (line: Buffer, start: number) => boolean,
): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = end; position > 0; ) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = Buffer.concat([await readAt(file, position, length), rest]);
    let to = block.length;
    while (to > 0) {
      const newline = block.lastIndexOf(NEWLINE, to - 1);
      if (newline < 0) break;
      if (newline + 1 < to && !visit(block.subarray(newline + 1, to), position + newline + 1)) return false;
      to = newline;
    }
    rest = block.subarray(0, to);
  }
  return rest.length === 0 || visit(rest, 0);
}

/**
 * Shows the whole lines from `start` to `end`, until `visit` answers false; whether it never did.
 * @param visit is told where the next line begins
 */
export async function visitForwards(
  file: FileHandle,
  start: number,
  end: number,
  visit: (line: Buffer, after: number) => boolean,
): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = start; position < end; ) {
    const length = Math.min(BLOCK_BYTES, end - position);
    const block = Buffer.concat([rest, await readAt(file, position, length)]);
    const blockStart = position - rest.length;
    position += length;
    let from = 0;
    for (let newline = block.indexOf(NEWLINE); newline >= 0; newline = block.indexOf(NEWLINE, from)) {
      const line = block.subarray(from, newline);
      from = newline + 1;
      if (line.length > 0 && !visit(line, blockStart + from)) return false;
    }
    rest = block.subarray(from);
  }
  return true;
}

/** Where the last lines begin. */
export interface TailStart {
  /** The place of the first of them; undefined where there is none. */
  from?: { index: number; place: number };
  first?: LogLine;
  /** Whether something is left out that was asked for. */
  isCut: boolean;
}

/**
 * Looks for the last lines from the newest back.
 * @param options.end where to begin; defaults to what is there
 * @param take is shown each of them, the newest first
 */
export async function findTail(
  directory: string,
  options: LogTail & { end?: LogPosition },
  take: (line: LogLine) => void = () => undefined,
): Promise<TailStart> {
  const { tail = TAIL_MAX, since, end } = options;
  const found: TailStart = { isCut: false };
  let count = 0;
  let size = 0;
  /** Whether the time that was asked for was reached. */
  let reached = false;
  if (tail === 0) return found;
  const until = since === undefined ? undefined : new Date(Date.parse(since) - DISORDER_MS).toISOString();
  const visitor =
    (index: number) =>
    (bytes: Buffer, place: number): boolean => {
      const line = decodeLine(bytes);
      if (!line) return true;
      reached ||= since !== undefined && line.at <= since;
      if (until !== undefined && line.at < until) return false;
      if (since !== undefined && line.at < since) return true;
      // The line that finds no room shows that there is one.
      found.isCut = (options.tail === undefined && count === tail) || size >= limits.logTail.value;
      if (found.isCut) return false;
      take(line);
      found.from = { index, place };
      found.first = line;
      count += 1;
      size += bytes.length;
      return count < tail || options.tail === undefined;
    };

  const indexes = await listFiles(directory);
  for (const index of indexes.reverse()) {
    if (end && index > end.index) continue;
    let file: FileHandle;
    try {
      file = await open(fileIn(directory, index), 'r');
    } catch (error) {
      // Rotated away since it was listed: what is older is gone as well.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') break;
      throw error;
    }
    try {
      const size = end && index === end.index ? end.size : (await file.stat()).size;
      if (!(await visitBackwards(file, size, visitor(index)))) break;
    } finally {
      await file.close();
    }
  }
  // Of a file that was rotated away nothing is known but that it was there.
  const [oldest = FIRST_INDEX] = indexes.toSorted((a, b) => a - b);
  if (options.tail === undefined && !reached && oldest > FIRST_INDEX) found.isCut = true;
  return found;
}

/** The last lines, oldest first, all at once. @param options.end where to begin; defaults to what is there */
export async function readTail(
  directory: string,
  options: LogTail & { end?: LogPosition },
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const { isCut } = await findTail(directory, options, (line) => lines.push(line));
  lines.reverse();
  return isCut ? [linesMissing(lines[0], options.since), ...lines] : lines;
}
