/** The process of a child task: takes one module and its arguments, answers, and waits to be ended. */
import { Problem } from '../../core/problem.ts';
import type { Task, TaskMessage } from './child-task.ts';

const send = (message: TaskMessage): void => void process.send?.(message);

process.once('disconnect', () => process.exit(1));
process.once('message', async ({ module, args }: { module: string; args: unknown }) => {
  try {
    const { task } = (await import(module)) as { task: Task<unknown, unknown> };
    send({ result: (await task(args, (line) => send({ line }))) ?? null });
  } catch (error) {
    if (error instanceof Problem) {
      send({ problem: { code: error.code, detail: error.message, hint: error.hint } });
      return;
    }
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    send({
      error: {
        message,
        ...(code === undefined ? {} : { code }),
        ...(syscall === undefined ? {} : { syscall }),
      },
    });
  }
});
