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
const KILLED = 137;

/** @param start as of `startProgram` */
export function startPiped(start: {
  command: string;
  args: readonly string[];
  directory: string;
  variables: Record<string, string>;
}): PipedProgram {
  // Node throws for words that no program can be given, and tells of all else later.
  const child = spawn(start.command, start.args, {
    cwd: start.directory,
    env: start.variables,
    detached: true,
    stdio: 'pipe',
  });
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
    child.once('error', ({ message }) => {
      if (pid !== undefined) return;
      stderr.end(`${start.command} can not be started: ${message}\n`);
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
