/** Starts programs by argument list, in a process group of their own, and never leaves one behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { findMarked, MARKER, sendSignal } from '../system/marked-processes.ts';

/** Longer lines are cut. */
const LINE_MAX = 16 * 1024;
const TAIL_LINES = 15;
/** How long output is waited for once the program has ended: who holds its pipes then has left its group. */
const PIPES_MS = 1_000;

export interface RunOptions {
  cwd: string;
  /** The whole environment: nothing of Berth's own is added but a mark, by which what it starts is found. */
  env: Record<string, string>;
  signal: AbortSignal;
  timeoutMs: number;
  /** Takes the output line by line, control characters as they came. */
  onLine?: (line: string) => void;
  /** Takes standard output whole instead of as lines; the program is over when it has ended. */
  onStdout?: (output: Readable) => Promise<void>;
}

export interface RunResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  endedBy: NodeJS.Signals | null;
  timedOut: boolean;
  /** The last lines of its output. */
  tail: string[];
}

/**
 * Runs a program to its end. When the signal aborts or time is up, the whole group is killed.
 * @throws the error of the start (ENOENT), of `onStdout`, or the signal's reason
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  options.signal.throwIfAborted();
  const mark = `run-${randomUUID()}`;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env, [MARKER]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<{ exitCode: number | null; endedBy: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, endedBy) => resolve({ exitCode, endedBy }));
    },
  );
  ended.catch(() => undefined);
  // What it leaves in the background would hold the pipes open and go on in a directory that is being removed.
  let cleared: Promise<void> | undefined;
  child.once('exit', () => {
    killGroup(child);
    cleared = killMarked(`${mark}/`);
    // Who takes the output whole may be slower than that, and is not a program of users.
    if (!options.onStdout) setTimeout(() => closePipes(child), PIPES_MS).unref();
  });

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, options.timeoutMs);
  const abort = () => killGroup(child);
  options.signal.addEventListener('abort', abort, { once: true });

  const tail: string[] = [];
  const take = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(line);
  };
  try {
    readLines(child.stderr, take);
    let taken: Promise<void> | undefined;
    // Piped at once: Node drops what is not yet being read when the program exits.
    if (options.onStdout)
      taken = options.onStdout(child.stdout.pipe(new PassThrough())).catch((error: unknown) => {
        killGroup(child);
        throw error;
      });
    else readLines(child.stdout, take);
    const [end, output] = await Promise.allSettled([ended, taken]);
    options.signal.throwIfAborted();
    if (end.status === 'rejected') throw end.reason;
    if (
      output.status === 'rejected' &&
      (end.value.exitCode === 0 || end.value.endedBy === 'SIGKILL') &&
      !timedOut
    )
      throw output.reason;
    return { ...end.value, timedOut, tail };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', abort);
    killGroup(child);
    await cleared;
  }
}

/** Those that have left the group, in a session of their own; again while there are new ones. */
async function killMarked(prefix: string): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const found = await findMarked(prefix);
    if (found.length === 0) return;
    for (const { pid } of found) sendSignal(pid, 'SIGKILL');
  }
}

function closePipes({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}

function readLines(stream: Readable, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let cut = false;
  const add = (text: string) => {
    line += text.slice(0, LINE_MAX - line.length);
    cut ||= line.length >= LINE_MAX;
  };
  const end = () => {
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
    take(cut ? `${whole}...` : whole);
    line = '';
    cut = false;
  };
  stream.on('data', (chunk: Buffer) => {
    const parts = decoder.write(chunk).split('\n');
    for (const [position, part] of parts.entries()) {
      if (position > 0) end();
      add(part);
    }
  });
  stream.on('end', () => {
    add(decoder.end());
    if (line !== '') end();
  });
}
