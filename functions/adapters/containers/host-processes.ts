/** Processes of containers as those of this machine, which they are where the engine runs here. */
import { readdir, readFile } from 'node:fs/promises';

/**
 * Ends a program and all that has its terminal, or was started by it without one of its own. Its number is one of this machine only where
 * the engine runs here: elsewhere it may be another program's.
 * @returns false where it can not
 */
export async function killSession(leader: number, container: string): Promise<boolean> {
  if (leader <= 0 || !(await isIn(leader, container))) return false;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    return false;
  }
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || (await sessionOf(pid)) !== leader) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  return true;
}

/** Whether a process of this machine is in a container: engines name the group of its processes after it. */
export const isIn = (pid: number, container: string): Promise<boolean> =>
  readFile(`/proc/${pid}/cgroup`, 'utf8').then(
    (groups) => groups.includes(container),
    () => false,
  );

/** The program's name, which may have any letters, is in parentheses; state, parent, group and session follow. */
const sessionOf = (pid: number): Promise<number | undefined> =>
  readFile(`/proc/${pid}/stat`, 'latin1').then(
    (stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]),
    () => undefined,
  );
