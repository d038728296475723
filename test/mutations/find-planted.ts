/** Looks for a schedule that finds a fault which was put into a copy of Berth. */
import { spawnSync } from 'node:child_process';

/** Seeds of one process: small, since a fault that is found ends with them. */
const AT_ONCE = 25;

interface Found {
  seed: number;
  /** The first promise that was broken. */
  violation: string;
}

/** @throws Error when the schedules could not be run */
function firstViolation(copy: string, seed: number, runs: number): Found | undefined {
  const args = ['test/mutations/first-violation.ts', String(seed), String(runs)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  if (status !== 0) throw new Error(`No schedule ran: ${stderr.slice(-2000)}`);
  if (stdout === '') return undefined;
  const found = JSON.parse(stdout) as Found;
  return { ...found, violation: found.violation.slice(0, 200) };
}

/**
 * A seed that breaks a promise without the fault too says nothing of it, and is passed over.
 * @param withFault runs something while the fault is in the copy
 */
export function firstSeedThatFinds(
  copy: string,
  { first, runs }: { first: number; runs: number },
  withFault: (run: () => Found | undefined) => Found | undefined,
): Found | undefined {
  for (let seed = first; seed < first + runs; ) {
    const from = seed;
    const count = Math.min(AT_ONCE, first + runs - from);
    const found = withFault(() => firstViolation(copy, from, count));
    if (found && !firstViolation(copy, found.seed, 1)) return found;
    seed = found ? found.seed + 1 : from + count;
  }
  return undefined;
}
