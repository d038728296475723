/** Writes one stream: gathers lines for a moment, appends them to the newest file, starts a new one in time. */

import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { limits } from '../../../core/limits.ts';
import type { LogLine } from '../../../ports/logs.ts';
import { droppedLine, encodeLine } from './logs-lines.ts';
import { fileIn, listFiles } from './logs-names.ts';
import type { LogPosition } from './logs-reader.ts';

export interface WriterOptions {
  directory: string;
  /** A file grows no larger than this, but for a line that is larger by itself. */
  maxBytes: number;
  /** Files of the stream that are kept. */
  keep: number;
  /** The file is closed after this time without a line. */
  idleMs: number;
  /** Nothing is left to do, and no file is open. */
  onIdle: () => void;
}

export interface Writer {
  append(line: LogLine): void;
  /** Where the stream ends as far as it is in the files, and whether that is all; undefined where it was not looked up. */
  written(): { end: LogPosition; isAll: boolean } | undefined;
  /** Resolves once all that was appended before is in the files or given up: where the stream ends then. */
  settle(): Promise<LogPosition>;
  close(): Promise<void>;
}

const FLUSH_MS = 25;
/** What waits for a slow disk; beyond it lines are dropped. */
const BACKLOG_MAX_BYTES = limits.logBacklog.value;
const WHY = 'the disk was full or too slow';
const NEWLINE = 10;

interface Encoded {
  at: string;
  text: string;
  bytes: number;
  /** Lines that are lost with it: more than one where it tells of others. */
  lines: number;
}

function encode(line: LogLine, lines = 1): Encoded {
  const text = encodeLine(line);
  return { at: line.at, text, bytes: Buffer.byteLength(text), lines };
}

const encodeDropped = (at: string, count: number): Encoded => encode(droppedLine(at, count, WHY), count);

export function createWriter(options: WriterOptions): Writer {
  const { directory, maxBytes, keep, idleMs, onIdle } = options;
  let chain: Promise<void> = Promise.resolve();
  let pending: Encoded[] = [];
  let backlog = 0;
  /** Lines that could not be written. */
  let dropped = 0;
  /** Lines that found the backlog full, behind those that are pending. */
  let refused: { count: number; at: string } | undefined;
  let file: FileHandle | undefined;
  /** Where the stream ends; undefined until looked up. */
  let end: LogPosition | undefined;
  let flushTimer: NodeJS.Timeout | undefined;
  let idleTimer: NodeJS.Timeout | undefined;

  async function locate(): Promise<LogPosition> {
    if (end) return end;
    const indexes = await listFiles(directory);
    const index = indexes.at(-1) ?? 1;
    const size = indexes.length === 0 ? 0 : (await stat(fileIn(directory, index))).size;
    end = { index, size };
    await prune(indexes, index);
    return end;
  }

  async function prune(indexes: number[], newest: number): Promise<void> {
    for (const index of indexes)
      if (index <= newest - keep) await rm(fileIn(directory, index), { force: true });
  }

  async function closeFile(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close();
  }

  async function openFile(): Promise<FileHandle> {
    if (file) return file;
    const { index } = await locate();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const opened = await open(fileIn(directory, index), 'a+', 0o600);
    try {
      let { size } = await opened.stat();
      const last = Buffer.alloc(1);
      // A crash may have left part of a line: the next one must not be glued to it.
      if (size > 0 && (await opened.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== NEWLINE) {
        await opened.appendFile('\n');
        size++;
      }
      end = { index, size };
    } catch (error) {
      await opened.close();
      throw error;
    }
    file = opened;
    return opened;
  }

  async function rotate(): Promise<void> {
    await closeFile();
    const { index } = await locate();
    end = { index: index + 1, size: 0 };
    await prune([index + 1 - keep], index + 1);
  }

  async function write(text: string, bytes: number): Promise<void> {
    const target = await openFile();
    const { index, size } = await locate();
    try {
      await target.appendFile(text);
    } catch (error) {
      // Whatever part of it was written goes, so that what counts as dropped is not there.
      await target.truncate(size).catch(() => undefined);
      throw error;
    }
    end = { index, size: size + bytes };
  }

  /** As many of the lines as fit into the newest file, at least one into an empty one. */
  async function writeSome(lines: Encoded[]): Promise<number> {
    const { size } = await locate();
    let text = '';
    let bytes = 0;
    let count = 0;
    for (const line of lines) {
      if (size + bytes > 0 && size + bytes + line.bytes > maxBytes) break;
      text += line.text;
      bytes += line.bytes;
      count++;
    }
    if (count > 0) await write(text, bytes);
    return count;
  }

  /** Appends lines, or counts those that it could not; never rejects. */
  async function writeAll(lines: Encoded[]): Promise<void> {
    let done = 0;
    try {
      await openFile();
      const missing = dropped;
      if (missing > 0) {
        const { text, bytes } = encodeDropped(lines[0]?.at ?? '', missing);
        await write(text, bytes);
        dropped -= missing;
      }
      for (;;) {
        done += await writeSome(lines.slice(done));
        if (done === lines.length) break;
        await rotate();
      }
    } catch {
      for (const line of lines.slice(done)) dropped += line.lines;
      await closeFile().catch(() => undefined);
      end = undefined;
    }
    for (const { bytes } of lines) backlog -= bytes;
  }

  function add(line: Encoded): void {
    backlog += line.bytes;
    pending.push(line);
  }

  function seal(): Promise<void> {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    if (refused) add(encodeDropped(refused.at, refused.count));
    refused = undefined;
    if (pending.length > 0) {
      const lines = pending;
      pending = [];
      chain = chain.then(() => writeAll(lines));
    }
    return chain;
  }

  function startIdle(): void {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (pending.length > 0 || backlog > 0) return startIdle();
      // Later ones wait in the chain for the file to be closed, or are written by another writer after it.
      chain = chain.then(() => closeFile()).catch(() => undefined);
      if (dropped === 0) onIdle();
    }, idleMs);
    idleTimer.unref();
  }

  startIdle();

  return {
    append(line) {
      const encoded = encode(line);
      // Once one is refused, so are those behind it until the next flush: what is missing is in one place.
      if (refused || backlog + encoded.bytes > BACKLOG_MAX_BYTES)
        refused = { count: (refused?.count ?? 0) + 1, at: line.at };
      else add(encoded);
      flushTimer ??= setTimeout(seal, FLUSH_MS);
      idleTimer?.refresh();
    },
    written: () => end && { end: { ...end }, isAll: backlog === 0 && !refused },
    settle() {
      startIdle();
      // What is appended from now on is behind this in the chain.
      const position = seal().then(() => locate());
      chain = position.then(
        () => undefined,
        () => undefined,
      );
      return position.then((found) => ({ ...found }));
    },
    async close() {
      clearTimeout(idleTimer);
      await seal();
      await closeFile().catch(() => undefined);
    },
  };
}
