/** Logs on one machine: a directory for each stream, with files of JSON lines. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../../core/limits.ts';
import type { LogLine, LogStream, Logs, LogTail } from '../../../ports/logs.ts';
import { normalize } from '../../../ports/rules/log-lines.ts';
import { checkPageQuery, TAIL_MAX } from '../../../ports/rules/logs-page.ts';
import { forgetFiles } from './logs-age.ts';
import { createFollower, type Follower } from './logs-follower.ts';
import { claimFormat } from './logs-format.ts';
import { checkStream } from './logs-names.ts';
import { readPage } from './logs-pages.ts';
import { readTail } from './logs-reader.ts';
import { endOf, listStreams, readOn } from './logs-reading.ts';
import { tailLines } from './logs-tail.ts';
import { createWriter, type Writer } from './logs-writer.ts';

export interface FileLogsOptions {
  directory: string;
  /** Of one file; what is kept of a log, by the number of files. */
  maxBytes?: number;
  /** Files of one stream, the oldest goes first; 4. */
  keep?: number;
  /** Of all streams together, when it is told to forget. */
  allBytes?: number;
  /** A file without new lines is closed after this time; 5 seconds. */
  idleMs?: number;
  /** Of lines that wait for one slow follower; 2 MiB. */
  followerBytes?: number;
}

/** Begins the names of what an earlier Berth was removing; no stream's name begins with it. */
const REMOVED = '@removed-';

/** It is looked for as often as that, however often it is asked for. */
const FORGET_EVERY_MS = 60 * 60 * 1000;

function checkOptions(options: LogTail): LogTail {
  const { tail, since } = options;
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 0 || tail > TAIL_MAX))
    throw new RangeError(`tail is 0 to ${TAIL_MAX}, not ${tail}`);
  if (since === undefined) return options;
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) throw new RangeError('since is no ISO 8601 time');
  return { ...options, since: time.toISOString() };
}

function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory))
    if (name.startsWith(REMOVED)) rmSync(join(directory, name), { recursive: true, force: true });
}

export function createFileLogs(options: FileLogsOptions): Logs {
  const {
    directory,
    keep = 4,
    maxBytes = limits.logKept.value / keep,
    allBytes = limits.logsKept.value,
    idleMs = 5000,
    followerBytes = 2 << 20,
  } = options;
  const writers = new Map<LogStream, Writer>();
  const followers = new Map<LogStream, Set<Follower>>();
  const watchers = new Set<(stream: LogStream) => void>();
  /** When it last looked for what to forget. */
  let looked = Number.NEGATIVE_INFINITY;
  let closed = false;

  mkdirSync(directory, { recursive: true, mode: 0o700 });
  claimFormat(directory);
  removeLeftovers(directory);

  const directoryOf = (stream: LogStream): string => join(directory, ...stream.split('/'));

  function writerOf(stream: LogStream): Writer {
    const known = writers.get(stream);
    if (known) return known;
    checkStream(stream);
    const writer = createWriter({
      directory: directoryOf(stream),
      maxBytes,
      keep,
      idleMs,
      onIdle: () => writers.delete(stream),
    });
    writers.set(stream, writer);
    return writer;
  }

  async function* followLines(
    stream: LogStream,
    options: LogTail,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine, void> {
    if (signal.aborted || closed) return;
    const follower = createFollower(followerBytes);
    const set = followers.get(stream) ?? new Set();
    followers.set(stream, set);
    signal.addEventListener('abort', follower.end, { once: true });
    try {
      // In one go: every line is either before the end that is settled here, or comes to the follower.
      const settled = writerOf(stream).settle();
      set.add(follower);
      const end = await settled;
      for await (const line of tailLines(directoryOf(stream), { ...options, end })) {
        if (signal.aborted) return;
        yield line;
      }
      for (;;) {
        const line = await follower.next();
        if (!line || signal.aborted) return;
        yield line;
      }
    } finally {
      signal.removeEventListener('abort', follower.end);
      set.delete(follower);
      if (set.size === 0 && followers.get(stream) === set) followers.delete(stream);
    }
  }

  return {
    append(stream, line) {
      if (closed) return;
      const writer = writerOf(stream);
      const readers = followers.get(stream);
      for (const normal of normalize(line)) {
        writer.append(normal);
        if (readers) for (const reader of readers) reader.push(normal);
      }
      for (const appended of watchers) appended(stream);
    },
    async read(stream, options) {
      checkStream(stream);
      const checked = checkOptions(options);
      const end = await writers.get(stream)?.settle();
      return readTail(directoryOf(stream), end ? { ...checked, end } : checked);
    },
    async page(stream, query) {
      checkStream(stream);
      const checked = checkPageQuery(query);
      const end = await writers.get(stream)?.settle();
      return readPage(directoryOf(stream), checked, end);
    },
    follow(stream, { signal, ...options }) {
      checkStream(stream);
      return followLines(stream, checkOptions(options), signal);
    },
    async forget(before) {
      if (performance.now() - looked < FORGET_EVERY_MS) return;
      looked = performance.now();
      await forgetFiles(directory, Date.parse(before), allBytes);
    },
    reading: {
      async streams(prefix) {
        // What was just begun is in no file yet.
        const begun = [...writers.keys()].filter((stream) => stream.startsWith(`${prefix}/`));
        return [...new Set([...begun, ...(await listStreams(directory, prefix))])];
      },
      async readOn(stream, from, most) {
        checkStream(stream);
        const own = directoryOf(stream);
        const writer = writers.get(stream);
        // Who is far behind does not wait for the newest lines, which under a flood are on their way for long.
        const written = writer?.written();
        const found = written && (await readOn(own, from, most, written.end));
        if (found && (written.isAll || found.left > 0)) return found;
        return readOn(own, from, most, (await writer?.settle()) ?? (await endOf(own)));
      },
      watch(appended) {
        watchers.add(appended);
        return () => watchers.delete(appended);
      },
    },
    async close() {
      closed = true;
      await Promise.all([...writers.values()].map((writer) => writer.close()));
      writers.clear();
      for (const set of followers.values()) for (const follower of set) follower.end();
    },
  };
}
