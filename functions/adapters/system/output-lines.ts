/** Splits a stream of bytes to lines, with a bound on what it keeps and on how fast it reads. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Mask } from '../../core/secrets/mask.ts';
import { cutLine, LINE_MAX } from '../../ports/rules/log-lines.ts';

/** A process that prints more waits at its full pipe: Berth's memory and the disk are spared. */
const BYTES_PER_WINDOW = 256 * 1024;
const WINDOW_MS = 100;
/** A line that writes over itself, as a progress bar does, is shown this often while it does, milliseconds. */
const STATE_MS = 1000;

const NEWLINE = 10;
const RETURN = 13;

/** Hides nothing. */
const noMask: Mask = Object.assign((text: string) => text, { longest: 0 });

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands out the last line, if it had no newline. */
  end(): void;
}

/** @param now milliseconds, of a clock that only goes forward */
export function createLineSplitter(
  onLine: (line: string) => void,
  mask: Mask = noMask,
  now: () => number = () => performance.now(),
): LineSplitter {
  // More than a line is kept, so that a secret across the cut is seen whole and hidden.
  const limit = LINE_MAX + mask.longest + 1;
  let pending: Buffer[] = [];
  let size = 0;
  let skipping = false;
  /** The last byte was a carriage return: what follows it writes over the line, if it is no newline. */
  let returned = false;
  /** What the line showed before it was written over, and was handed to nobody. */
  let state: string | undefined;
  let shownAt = Number.NEGATIVE_INFINITY;

  const take = (): string => {
    const bytes = Buffer.concat(pending);
    // Where the rest of a line is dropped, so is the character that the end falls into.
    const text = skipping ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
    const line = cutLine(mask(text), !skipping);
    pending = [];
    size = 0;
    skipping = false;
    returned = false;
    return line;
  };
  const keep = (part: Buffer): void => {
    if (skipping || part.length === 0) return;
    const room = part.subarray(0, limit - size);
    // A copy: a slice would keep the whole chunk alive.
    pending.push(Buffer.from(room));
    size += room.length;
    skipping = size >= limit;
  };
  const endLine = (): void => {
    const line = take();
    // A bar that clears itself before its end has said something before.
    const isCleared = state !== undefined && line.trim() === '';
    onLine(isCleared ? (state ?? '') : line);
    state = undefined;
    shownAt = Number.NEGATIVE_INFINITY;
  };
  const overwrite = (): void => {
    const line = take();
    if (line.trim() === '') return;
    state = line;
    if (now() - shownAt < STATE_MS) return;
    shownAt = now();
    onLine(line);
    state = undefined;
  };
  return {
    push(chunk) {
      for (let from = 0; from < chunk.length; ) {
        if (returned && chunk[from] !== NEWLINE && chunk[from] !== RETURN) overwrite();
        let to = from;
        while (to < chunk.length && chunk[to] !== NEWLINE && chunk[to] !== RETURN) to++;
        keep(chunk.subarray(from, to));
        if (chunk[to] === NEWLINE) endLine();
        else if (chunk[to] === RETURN) returned = true;
        from = to + 1;
      }
    },
    end() {
      if (size > 0 || state !== undefined) endLine();
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
