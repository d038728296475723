/**
 * Runs a function of a module in a process of its own. What handles thousands of files would keep this process
 * from answering, and leave it with memory that it never needs again.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Problem, type ProblemCode } from '../../core/problem.ts';

/** What a module exports as `task`. Arguments and result are plain JSON. */
export type Task<A, R> = (args: A, log: (line: string) => void) => Promise<R>;

export type TaskMessage =
  | { line: string }
  | { result: unknown }
  | { problem: { code: ProblemCode; detail: string; hint: string } }
  | { error: { message: string; code?: string; syscall?: string } };

/** The task ends with this process: a killed Berth leaves none behind. */
export function inChild<A, R>(module: URL, args: A, log: (line: string) => void): Promise<R> {
  const child = fork(fileURLToPath(new URL('./child-task.main.ts', import.meta.url)), {
    env: {},
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise<R>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => reject(new Error(`a task ended early (${signal ?? code})`)));
    child.on('message', (message: TaskMessage) => {
      if ('line' in message) log(message.line);
      else if ('result' in message) resolve(message.result as R);
      else if ('problem' in message)
        reject(new Problem(message.problem.code, message.problem.detail, { hint: message.problem.hint }));
      else reject(Object.assign(new Error(message.error.message), message.error));
    });
    child.send({ module: module.href, args });
  }).finally(() => child.kill('SIGKILL'));
}
