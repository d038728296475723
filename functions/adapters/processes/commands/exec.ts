/** A program beside a replica that is ready, which somebody types to. */
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { ExecRequest, ExecSession } from '../../../ports/workloads.ts';
import { startPiped } from '../../system/piped-program.ts';
import type { Context } from '../context.ts';
import type { Start } from '../programs/explain-start.ts';
import type { Deployment } from '../running-deployment.ts';

/**
 * In a container of the engine it has a terminal where one is asked for. A process has pipes: a pseudo-terminal takes a native
 * library.
 * @throws Problem conflict where no replica is ready
 */
export async function execBeside(
  context: Context,
  ref: InstanceRef,
  serving: Deployment | undefined,
  { command, tty }: ExecRequest,
): Promise<ExecSession> {
  for (const replica of serving?.replicas ?? []) {
    const launch = replica.beside(command);
    if (!serving || !launch) continue;
    const { start, words, open } = launch;
    const session = start ? startProcess(context, ref, serving.number, start) : await open(words, tty);
    if (!session) continue;
    const { closed } = replica;
    const { close } = session;
    closed.addEventListener('abort', close, { once: true });
    if (closed.aborted) close();
    void session.ended.then(() => closed.removeEventListener('abort', close));
    return session;
  }
  throw new Problem('conflict', `No replica of ${ref.service} is ready.`, {
    hint: 'Wait until it is, or look at its log for why it is not.',
  });
}

function startProcess({ runs }: Context, ref: InstanceRef, number: number, start: Start): ExecSession {
  const { pid, ended, kill, ...streams } = startPiped(start);
  if (pid === undefined) return { ...streams, tty: false, ended, close: kill };
  runs.add(pid, ref, number);
  const done = ended.then((end) => {
    runs.remove(pid);
    return end;
  });
  return { ...streams, tty: false, ended: done, close: kill };
}
