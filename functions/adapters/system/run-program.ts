/** Runs a program to its end, within a time, and leaves nothing behind that it has started. */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Mask } from '../../core/secrets/mask.ts';
import { cut } from '../../ports/rules/log-lines.ts';
import { KEPT_LINES } from '../../ports/rules/telling-lines.ts';
import { findMarked, MARKER, sendSignal } from './marked-processes.ts';
import { startProgram } from './program.ts';

export interface RunOptions {
  cwd: string;
  /** The whole environment: nothing of Berth's own is added but a mark, by which what it starts is found. */
  env: Record<string, string>;
  signal: AbortSignal;
  timeoutMs: number;
  /** Hides secrets in each line of the output, in what is kept of it too. */
  mask?: Mask;
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
  const { cwd, env, signal, timeoutMs, mask, onLine, onStdout } = options;
  signal.throwIfAborted();
  const mark = `run-${randomUUID()}`;
  const tail: string[] = [];
  const child = startProgram({
    command,
    args,
    directory: cwd,
    variables: { ...env, [MARKER]: mark },
    ...(mask && { mask }),
    onLine(_, line) {
      tail.push(cut(line, 1000));
      if (tail.length > KEPT_LINES) tail.shift();
      onLine?.(line);
    },
    streamsStdout: onStdout !== undefined,
  });
  // What the program leaves in the background would hold the pipes open, and write into a directory that is being
  // removed.
  const cleared = child.exited.then(({ error }) => (error ? undefined : killMarked(`${mark}/`)));
  const taken =
    child.stdout &&
    onStdout?.(child.stdout).catch((error: unknown) => {
      child.kill();
      throw error;
    });

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill();
  }, timeoutMs);
  signal.addEventListener('abort', child.kill, { once: true });
  try {
    const [exit, [output]] = await Promise.all([child.ended, Promise.allSettled([taken])]);
    signal.throwIfAborted();
    if (exit.error) throw exit.error;
    // A program that failed explains more than whoever took its output.
    if (output.status === 'rejected' && (exit.code === 0 || exit.signal === 'SIGKILL') && !timedOut)
      throw output.reason;
    return { exitCode: exit.code, endedBy: exit.signal, timedOut, tail };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', child.kill);
    await cleared;
  }
}

/** Kills those that have left the group, in a session of their own; again while there are new ones. */
async function killMarked(prefix: string): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const found = await findMarked(prefix);
    if (found.length === 0) return;
    for (const { pid } of found) sendSignal(pid, 'SIGKILL');
  }
}
