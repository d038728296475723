/**
 * Ends the steps of a build. Podman goes no further in a build whose client has left, but lets the step go on that runs;
 * its processes are found by a name that their /etc/hosts has.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS = 20;
const WAIT_MS = 100;
/** The engine may be about to start one: so often nothing has to be found in a row. */
const QUIET_LOOKS = 5;

/** @param host a name that no other build has. @returns once there are none left */
export async function endSteps(host: string): Promise<void> {
  for (let look = 0, quiet = 0; look < LOOKS && quiet < QUIET_LOOKS; look++) {
    const found = await stepsOf(host);
    quiet = found.length === 0 ? quiet + 1 : 0;
    for (const pid of found)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    await sleep(WAIT_MS);
  }
}

async function stepsOf(host: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const hosts = await readFile(`/proc/${pid}/root/etc/hosts`, 'utf8').catch(() => '');
      return hosts.includes(host) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
