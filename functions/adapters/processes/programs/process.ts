/** One program in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupAlive, sendSignal } from '../../system/marked-processes.ts';
import type { Mask } from '../spec-mask.ts';
import { readLines } from './output-lines.ts';

export interface ProcessOptions {
  command: string;
  args: string[];
  directory: string;
  variables: Record<string, string>;
  mask: Mask;
  onLine(source: 'stdout' | 'stderr', line: string): void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not even be started. */
  error?: NodeJS.ErrnoException;
}

export interface RunningProcess {
  /** Undefined when it could not be started. */
  pid: number | undefined;
  /** Settles when it has ended, its group is gone and its output has been read. */
  ended: Promise<Exit>;
  /** SIGTERM to the group, SIGKILL after the grace; resolves when it has ended. */
  stop(graceMs: number): Promise<Exit>;
  kill(): void;
}

/** How long output is waited for once the process is gone: someone outside its group may hold the pipe. */
const OUTPUT_GRACE_MS = 500;

function launch(options: ProcessOptions): ChildProcess | NodeJS.ErrnoException {
  try {
    return spawn(options.command, options.args, {
      cwd: options.directory,
      env: options.variables,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

export function startProcess(options: ProcessOptions): RunningProcess {
  const child = launch(options);
  if (child instanceof Error) {
    const ended = Promise.resolve({ code: null, signal: null, error: child });
    return { pid: undefined, ended, stop: () => ended, kill: () => undefined };
  }
  const { pid, stdout, stderr } = child;
  if (stdout) readLines(stdout, options.mask, (line) => options.onLine('stdout', line));
  if (stderr) readLines(stderr, options.mask, (line) => options.onLine('stderr', line));

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
    // What it started itself must not outlive it; while it is being stopped, the grace holds for them too.
    if (!stopping) kill();
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
    ended,
    kill,
    stop(graceMs) {
      stopping ??= terminate(graceMs);
      return stopping;
    },
  };
}
