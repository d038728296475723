/** Lines of text with times, by stream. */
export interface LogLine {
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  /** One line, no newline, at most 16 KiB (longer ones are cut). Control characters are kept as they came. */
  message: string;
  source: 'stdout' | 'stderr' | 'berth';
  deployment?: number;
  container?: string;
}

/** Names a stream: an instance's output (`demo/dev/guestbook`) or an operation's (`operations/<id>`). */
export type LogStream = string;

export interface Logs {
  /** Appends without waiting; order is kept. A full disk drops lines and never the caller. */
  append(stream: LogStream, line: LogLine): void;
  /** The last `tail` lines (1 to 10,000) at or after `since` (ISO 8601), oldest first. */
  read(stream: LogStream, options: { tail: number; since?: string }): Promise<LogLine[]>;
  /** The last `tail` lines, then new ones as they come, until the signal aborts. No line is lost between the two. */
  follow(
    stream: LogStream,
    options: { tail: number; since?: string; signal: AbortSignal },
  ): AsyncIterable<LogLine>;
  /** Removes the stream of that name and all below it (`demo/dev`: `demo/dev/web`, not `demo/dev2/web`); idempotent. */
  remove(prefix: string): Promise<void>;
  close(): Promise<void>;
}
