/** A program beside a replica that is ready, which somebody types to. */
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { ExecSession } from '../../../ports/workloads.ts';
import { startPiped } from '../../system/piped-program.ts';
import type { Context } from '../context.ts';
import type { Deployment } from '../running-deployment.ts';

/**
 * It has pipes and no terminal: a pseudo-terminal takes a native library.
 * @throws Problem conflict where no replica is ready | not_supported in a container of the engine
 */
export function execBeside(
  context: Context,
  ref: InstanceRef,
  serving: Deployment | undefined,
  command: readonly string[],
): ExecSession {
  for (const replica of serving?.replicas ?? []) {
    const launch = replica.beside(command);
    if (!serving || !launch) continue;
    const { start } = launch;
    if (!start)
      throw new Problem(
        'not_supported',
        `${ref.service} runs in a container, into which no shell is opened.`,
        {
          hint: 'Run a command in a container of its own: berth run -- <command>.',
        },
      );
    const { pid, stdin, stdout, stderr, ended, kill } = startPiped(start);
    if (pid !== undefined) context.runs.add(pid, ref, serving.number);
    const { closed } = replica;
    closed.addEventListener('abort', kill, { once: true });
    if (closed.aborted) kill();
    const done = ended.then((end) => {
      closed.removeEventListener('abort', kill);
      if (pid !== undefined) context.runs.remove(pid);
      return end;
    });
    return { tty: false, stdin, stdout, stderr, ended: done, close: kill };
  }
  throw new Problem('conflict', `No replica of ${ref.service} is ready.`, {
    hint: 'Wait until it is, or look at its log for why it is not.',
  });
}
