/** Lines on their way to one reader, who may be slower than they come. */
import type { LogLine } from '../../../ports/logs.ts';
import { droppedLine } from './logs-lines.ts';

export interface Follower {
  push(line: LogLine): void;
  /** The next line; undefined once it was ended and nothing is left. One call at a time. */
  next(): Promise<LogLine | undefined>;
  end(): void;
}

/** What a line costs beside its text. */
const LINE_BYTES = 64;

/**
 * @param maxBytes of lines that wait; what comes beyond is dropped, and a line tells the reader so
 */
export function createFollower(maxBytes: number): Follower {
  let queue: LogLine[] = [];
  let head = 0;
  let bytes = 0;
  let dropped: { count: number; at: string } | undefined;
  let ended = false;
  let wake: (() => void) | undefined;

  const costOf = (line: LogLine): number => line.message.length + LINE_BYTES;

  function add(line: LogLine): void {
    queue.push(line);
    bytes += costOf(line);
  }

  function addDropped(): void {
    if (!dropped) return;
    add(droppedLine(dropped.at, dropped.count, 'they came faster than they were read'));
    dropped = undefined;
  }

  function take(): LogLine | undefined {
    if (head === queue.length) addDropped();
    const line = queue[head];
    if (!line) return undefined;
    head++;
    bytes -= costOf(line);
    if (head === queue.length || head === 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    return line;
  }

  return {
    push(line) {
      if (ended) return;
      if (bytes + costOf(line) > maxBytes) {
        dropped = { count: (dropped?.count ?? 0) + 1, at: line.at };
        return;
      }
      addDropped();
      add(line);
      wake?.();
    },
    async next() {
      let line = take();
      while (!line && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        line = take();
      }
      return line;
    },
    end() {
      ended = true;
      wake?.();
    },
  };
}
