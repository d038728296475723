/** One program, started with a list of arguments, in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mask } from '../../core/secrets/mask.ts';
import { groupAlive, sendSignal } from './marked-processes.ts';
import { readLines } from './output-lines.ts';

export interface ProgramOptions {
  command: string;
  args: readonly string[];
  directory: string;
  /** The whole environment: nothing of Berth's own is added. */
  variables: Record<string, string>;
  /** Hides secrets in each line. */
  mask?: Mask;
  /** Takes the output line by line, control characters as they came. */
  onLine(source: 'stdout' | 'stderr', line: string): void;
  /** Whom it runs as, where not as this process. */
  account?: { uid: number; gid: number };
  /** Standard output is wanted as a stream, not as lines; the program is over when that has ended. */
  streamsStdout?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not even be started. */
  error?: NodeJS.ErrnoException;
  /** What others ended it for, as a clause: "because it was out of memory: it may use 64 MiB". */
  why?: string;
}

export interface RunningProgram {
  /** Undefined when it could not be started. */
  pid: number | undefined;
  /** Only with `streamsStdout`. */
  stdout: Readable | undefined;
  /** Settles as soon as the program itself has ended; never rejects. */
  exited: Promise<Exit>;
  /** Settles when it has ended, its group is gone and its output has been read; never rejects. */
  ended: Promise<Exit>;
  /** SIGTERM to the group, SIGKILL after the grace; resolves when it has ended. */
  stop(graceMs: number): Promise<Exit>;
  kill(): void;
}

/** How long output is waited for once the process is gone: a program outside its group may hold the pipe. */
const OUTPUT_GRACE_MS = 500;

function launch(options: ProgramOptions): ChildProcess | NodeJS.ErrnoException {
  try {
    return spawn(options.command, options.args, {
      cwd: options.directory,
      env: options.variables,
      ...options.account,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** Never throws: a program that can not be started has ended with an error. */
export function startProgram(options: ProgramOptions): RunningProgram {
  const { mask, onLine, streamsStdout = false } = options;
  const child = launch(options);
  if (child instanceof Error) {
    const ended = Promise.resolve({ code: null, signal: null, error: child });
    const nothing = { pid: undefined, stdout: undefined, kill: () => undefined };
    return { ...nothing, exited: ended, ended, stop: () => ended };
  }
  const { pid, stdout, stderr } = child;
  // Piped at once: Node drops what is not yet being read when the program exits.
  const stream = streamsStdout ? stdout?.pipe(new PassThrough()) : undefined;
  if (stdout && !stream) readLines(stdout, (line) => onLine('stdout', line), mask);
  if (stderr) readLines(stderr, (line) => onLine('stderr', line), mask);

  let stopping: Promise<Exit> | undefined;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      if (pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const kill = (): void => {
    if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
  };
  const ended = exited.then(async (exit) => {
    // What the program started must not outlive it. While it is being stopped, the grace holds for that too.
    if (!stopping) kill();
    // Whoever takes the stream is no program of users, and may be slower than any grace.
    if (stream) await closed;
    const patience = new AbortController();
    await Promise.race([
      closed,
      sleep(OUTPUT_GRACE_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    stdout?.destroy();
    stderr?.destroy();
    return exit;
  });

  const terminate = async (graceMs: number): Promise<Exit> => {
    if (pid === undefined || !sendSignal(-pid, 'SIGTERM')) return ended;
    const deadline = performance.now() + graceMs;
    const timer = setTimeout(kill, graceMs);
    await exited;
    for (
      let wait = 5;
      performance.now() < deadline && (await groupAlive(pid));
      wait = Math.min(wait * 2, 100)
    ) {
      await sleep(wait);
    }
    clearTimeout(timer);
    kill();
    return ended;
  };
  return {
    pid,
    stdout: stream,
    exited,
    ended,
    kill,
    stop(graceMs) {
      stopping ??= terminate(graceMs);
      return stopping;
    },
  };
}
