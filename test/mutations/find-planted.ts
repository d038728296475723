/** Looks for a schedule that finds a fault which was put into a copy of Berth. */
import { spawnSync } from 'node:child_process';

/** Seeds of one process: small, since a fault that is found ends with them. */
const AT_ONCE = 12;

interface Found {
  seed: number;
  /** The first promise that was broken. */
  violation: string;
}

/** @throws Error when the schedules could not be run */
function firstViolation(copy: string, seed: number, runs: number): Found | undefined {
  const options = ['--seed', String(seed), '--runs', String(runs), '--trace', '0'];
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/simulate.ts', ...options], {
    cwd: copy,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const [, found, violation = ''] = /^Seed (\d+):\n\s*(.*)$/m.exec(stdout) ?? [];
  if (found === undefined) throw new Error(`No schedule ran: ${stderr.slice(-2000)}`);
  return { seed: Number(found), violation: violation.slice(0, 200) };
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
