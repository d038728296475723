/** Has all that may write below a directory stand still for a moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sendSignal } from '../../functions/adapters/system/marked-processes.ts';
import { findHolders } from './holders.ts';

export interface Still {
  /** How many processes and containers stand still. */
  stopped: number;
  paused: number;
  /** Files that are written to as memory. */
  mapped: string[];
}

interface Line extends Partial<Still> {
  failed?: string;
  wentOn?: 'asked' | 'late';
}

/**
 * A process of its own stops the others, and lets them go on even when this one is killed meanwhile.
 * @param limitMs nothing stands still for longer
 * @throws Error where something can not be stopped, or the work took longer than the limit: it has not seen one moment then
 */
export async function whileAllStandsStill<T>(
  { directory, instance, limitMs }: { directory: string; instance: string; limitMs: number },
  work: (still: Still) => Promise<T>,
): Promise<T> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'stand-still.main.ts'), directory, String(limitMs), instance],
    // In a group of its own: Ctrl-C is for the backup, whose end lets all go on.
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
  );
  child.stdin.on('error', () => undefined);
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** Undefined where the process at the other end is gone. */
  const next = async (): Promise<Line | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Line);
  };
  const end = async (): Promise<Line['wentOn']> => {
    child.stdin.end();
    let line = await next();
    for (; line && line.wentOn === undefined; line = await next())
      if (line.failed) console.error(line.failed);
    await exit;
    // It was killed, and has left all as it was.
    if (line === undefined) for (const pid of findHolders(directory)) sendSignal(pid, 'SIGCONT');
    return line?.wentOn;
  };
  const first = await next();
  if (!first || first.failed !== undefined) {
    await end();
    throw new Error(first?.failed ?? 'The process that stops the others has ended.');
  }
  const result = await work(first as Still).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const wentOn = await end();
  if (wentOn === undefined)
    throw new Error(
      'The process that stops the others was killed. They go on; see with docker ps whether containers are paused, and back up again.',
    );
  if (wentOn === 'late')
    throw new Error(
      `To copy what had changed took longer than ${limitMs / 1000} s, and everything went on meanwhile. Give it more time with --pause, or stop Berth first.`,
    );
  return result;
}
