/** Splits a stream of bytes to lines, with a bound on what it keeps and on how fast it reads. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Mask } from '../../core/secrets/mask.ts';
import { cut, LINE_MAX } from '../../ports/rules/log-lines.ts';

/** A process that prints more waits at its full pipe: Berth's memory and the disk are spared. */
const BYTES_PER_WINDOW = 256 * 1024;
const WINDOW_MS = 100;

/** Hides nothing. */
const noMask: Mask = Object.assign((text: string) => text, { longest: 0 });

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands out the last line, if it had no newline. */
  end(): void;
}

export function createLineSplitter(onLine: (line: string) => void, mask: Mask = noMask): LineSplitter {
  // More than a line is kept, so that a secret across the cut is seen whole and hidden.
  const limit = LINE_MAX + mask.longest;
  let pending: Buffer[] = [];
  let size = 0;
  let skipping = false;

  const flush = (whole: boolean): void => {
    const bytes = Buffer.concat(pending);
    // Where the rest of a line is dropped, so is the character that the end falls into.
    let text = whole ? bytes.toString('utf8') : new StringDecoder('utf8').write(bytes);
    if (text.endsWith('\r')) text = text.slice(0, -1);
    pending = [];
    size = 0;
    onLine(cut(mask(text)));
  };
  const keep = (part: Buffer): void => {
    if (skipping || part.length === 0) return;
    const room = part.subarray(0, limit - size);
    // A copy: a slice would keep the whole chunk alive.
    pending.push(Buffer.from(room));
    size += room.length;
    if (size >= limit) {
      flush(false);
      skipping = true;
    }
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, at));
        if (!skipping) flush(true);
        skipping = false;
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (size > 0) flush(true);
    },
  };
}

/** Reads a stream to its end, line by line, at a bounded pace. */
export function readLines(stream: Readable, onLine: (line: string) => void, mask?: Mask): void {
  const splitter = createLineSplitter(onLine, mask);
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
