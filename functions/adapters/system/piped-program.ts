/** A program whose input and output are pipes that somebody else reads and writes, in a process group of its own. */
import { spawn } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { sendSignal } from './marked-processes.ts';

export interface PipedProgram {
  pid: number | undefined;
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Settles when it has ended and its output is read or given up; never rejects. 127 where it could not be started. */
  ended: Promise<{ exitCode: number }>;
  /** Ends it with all that it started. */
  kill(): void;
}

const NOT_FOUND = 127;
export const KILLED = 137;

interface Start {
  command: string;
  args: readonly string[];
  directory: string;
  variables: Record<string, string>;
}

const why = (command: string, { message }: Error): string =>
  `${command.slice(0, 200)} can not be started: ${message.slice(0, 500)}\n`;

/** Node throws for words that no program can be given, such as too long ones, and tells of all else later. */
function spawnPiped({ command, args, directory, variables }: Start) {
  try {
    return spawn(command, args, { cwd: directory, env: variables, detached: true, stdio: 'pipe' });
  } catch (error) {
    return error as Error;
  }
}

/** What has ended before it began, and says why. */
export function unstartable(command: string, error: Error): PipedProgram {
  const [stdin, stdout, stderr] = [new PassThrough().resume(), new PassThrough(), new PassThrough()];
  stdout.end();
  stderr.end(why(command, error));
  const ended = Promise.resolve({ exitCode: NOT_FOUND });
  return { pid: undefined, stdin, stdout, stderr, ended, kill: () => undefined };
}

/** @param start as of `startProgram` */
export function startPiped(start: Start): PipedProgram {
  const child = spawnPiped(start);
  if (child instanceof Error) return unstartable(start.command, child);
  const { pid } = child;
  const kill = (): void => {
    if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
  };
  // Piped at once: Node drops what is not yet being read when the program exits.
  const stdout = child.stdout.pipe(new PassThrough());
  const stderr = new PassThrough();
  child.stderr.pipe(stderr, { end: false });
  // Who types on after the end is no fault.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ exitCode: number }>((resolve) => {
    child.once('error', (error) => {
      if (pid !== undefined) return;
      stderr.end(why(start.command, error));
      stdout.end();
      resolve({ exitCode: NOT_FOUND });
    });
    child.once('exit', (code) => {
      // What it started must not outlive it.
      kill();
      child.once('close', () => {
        stderr.end();
        resolve({ exitCode: code ?? KILLED });
      });
    });
  });
  return { pid, stdin: child.stdin, stdout, stderr, ended, kill };
}
