/** Splits a stream of bytes to lines, with a bound on what it keeps and on how fast it reads. */
import type { Readable } from 'node:stream';
import type { Mask } from '../spec-mask.ts';

/** Bytes of one line, UTF-8; the rest of a longer one is dropped. */
export const LINE_MAX = 16 * 1024;
/** A process that prints more is held back by its full pipe, so that Berth's memory and the disk are not. */
const BYTES_PER_WINDOW = 256 * 1024;
const WINDOW_MS = 100;

/** The longest start of the text with at most `max` bytes that does not end inside a character. */
export function cut(text: string, max: number): string {
  if (text.length * 3 <= max) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands out the last line, if it had no newline. */
  end(): void;
}

export function createLineSplitter(mask: Mask, onLine: (line: string) => void): LineSplitter {
  // More than a line is kept, so that a secret across the cut is seen whole and hidden.
  const limit = LINE_MAX + mask.longest;
  let pending: Buffer[] = [];
  let size = 0;
  let skipping = false;

  const flush = (): void => {
    let text = Buffer.concat(pending).toString('utf8');
    if (text.endsWith('\r')) text = text.slice(0, -1);
    pending = [];
    size = 0;
    onLine(cut(mask(text), LINE_MAX));
  };
  const keep = (part: Buffer): void => {
    if (skipping || part.length === 0) return;
    const room = part.subarray(0, limit - size);
    // A copy: a slice would keep the whole chunk alive.
    pending.push(Buffer.from(room));
    size += room.length;
    if (size >= limit) {
      flush();
      skipping = true;
    }
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, at));
        if (!skipping) flush();
        skipping = false;
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (size > 0) flush();
    },
  };
}

/** Reads a stream to its end, line by line, at a bounded pace. */
export function readLines(stream: Readable, mask: Mask, onLine: (line: string) => void): void {
  const splitter = createLineSplitter(mask, onLine);
  let windowStart = 0;
  let used = 0;
  stream.on('data', (chunk: Buffer) => {
    const now = performance.now();
    if (now - windowStart > WINDOW_MS) {
      windowStart = now;
      used = 0;
    }
    splitter.push(chunk);
    used += chunk.length;
    if (used < BYTES_PER_WINDOW) return;
    stream.pause();
    setTimeout(() => stream.resume(), WINDOW_MS);
  });
  let ended = false;
  const end = (): void => {
    if (!ended) splitter.end();
    ended = true;
  };
  stream.on('end', end);
  stream.on('close', end);
  stream.on('error', () => undefined);
}
