/** Lines of text with times, by stream. */
import type { LogLevel } from '../core/logs/log-level.ts';

export interface LogLine {
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  /** One line, no newline, at most 16 KiB (longer ones are cut). Control characters are kept as they came. */
  message: string;
  source: 'stdout' | 'stderr' | 'berth';
  deployment?: number;
  container?: string;
  /** The replica that printed it, by the id that its status shows; absent where that is not known. */
  replica?: string;
  /** The service that printed it, where lines of several are in one list. */
  service?: string;
  /** The process of the service, where lines of several are in one list and it is not of the web. */
  process?: string;
  /** A line of Berth's own that stands where lines are missing; every filter but that by time lets it pass. */
  missing?: true;
}

/** Names a stream: an instance's output (`demo/dev/guestbook`) or an operation's (`operations/<id>`). */
export type LogStream = string;

/** Which lines are meant. A part that is left out lets all pass. */
export interface LogFilter {
  /** At or after this time (ISO 8601, UTC, milliseconds). */
  since?: string;
  /** At or before this time. Lines that were appended more than a minute after their time may be missing. */
  until?: string;
  /** What the line is searched by, at most 1,000 characters: words, fields and signs, as core/logs/log-query.ts has them. */
  search?: string;
  /** The line says that it is at least that severe. */
  level?: LogLevel;
  deployment?: number;
  container?: string;
  /** Whose lines the stream has, for a search that asks; it leaves none out by itself. */
  service?: string;
}

export interface LogPageQuery extends LogFilter {
  /** 1 to 10,000. */
  limit: number;
  /** `backward`, the default, goes from the newest line on, `forward` from the oldest. */
  direction?: 'backward' | 'forward';
  /** `next` of the page before, in the same direction. */
  from?: string;
}

export interface LogPage {
  /** Oldest first, in both directions. */
  lines: LogLine[];
  /** What of the output could not be read, and why, in a sentence; absent where all of it was. */
  missing?: string;
  /**
   * Where to go on in that direction; absent where there is nothing more. A page bounds how many lines it looks at,
   * so that one with `next` may hold fewer lines than asked for, or none.
   */
  next?: string;
}

/** How far back lines are read: so many lines, or all since a time. */
export type LogTail = { tail: number; since?: string } | { tail?: undefined; since: string };

/** A place between two lines of a stream; only what gave it can read it. */
export type LogPlace = string;

/** Lines behind a place. */
export interface LinesOn {
  /** The oldest first. */
  lines: LogLine[];
  /** Behind the last of them. */
  place: LogPlace;
  /** Bytes behind that place. */
  left: number;
  /** What stood between the place that was asked for and the first of these is not kept any more. */
  isCut?: true;
}

/** Reads streams on from where it was, however long ago that is. */
export interface LogReading {
  /** The streams of which something is kept and whose names begin with `prefix/`, in any order. */
  streams(prefix: string): Promise<LogStream[]>;
  /**
   * The lines behind a place, at most so many, and so many bytes but for one line that is larger by itself.
   * @param from a `place` that it gave before; the oldest line that is kept unless given
   */
  readOn(
    stream: LogStream,
    from: LogPlace | undefined,
    most: { lines: number; bytes: number },
  ): Promise<LinesOn>;
  /** Has each append told, by the stream's name; it is called while the caller of `append` waits. The result ends it. */
  watch(appended: (stream: LogStream) => void): () => void;
}

export interface Logs {
  /** Appends without waiting; order is kept. A full disk drops lines and never the caller. */
  append(stream: LogStream, line: LogLine): void;
  /**
   * The last `tail` lines (1 to 10,000) at or after `since` (ISO 8601), oldest first. Without `tail` all of them are
   * meant, and where there are more than can be given, a line of Berth's own comes first that says that lines are
   * missing. Where some of the output could not be read, such a line says so too, here and in `follow`.
   * @throws RangeError for a name, a number or a time that is none
   */
  read(stream: LogStream, options: LogTail): Promise<LogLine[]>;
  /**
   * A page of the lines that a filter lets pass.
   * @throws LogQueryError for a search that is none
   * @throws RangeError for a limit, a time or a position that is none
   */
  page(stream: LogStream, query: LogPageQuery): Promise<LogPage>;
  /** The lines that `read` gives, then new ones as they come, until the signal aborts. No line is lost between the two. */
  follow(stream: LogStream, options: LogTail & { signal: AbortSignal }): AsyncIterable<LogLine>;
  /**
   * Whether output can be read, as far as that was tried lately. Absent where it always can.
   * @throws Problem unavailable
   */
  check?(): Promise<void>;
  /**
   * Forgets what was appended before a time (ISO 8601), and the oldest of what is too much in all. Where it is absent,
   * what keeps the lines forgets them by itself.
   */
  forget?(before: string): Promise<void>;
  /** Absent where the lines are kept by others, who have no places to go on from. */
  reading?: LogReading;
  close(): Promise<void>;
}
