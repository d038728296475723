/** Words for what went wrong with a workload. */
import { Problem } from '../../../core/problem.ts';
import { missingPackages, quoteOutput } from '../../../ports/rules/telling-lines.ts';
import type { Exit } from '../../system/program.ts';
import { explainStart, isDevDependency, moveDependency, type Start } from './explain-start.ts';

/** Lines of output that an error carries. */
const TAIL_LINES = 6;

export interface Crash {
  container: string;
  /** Such as "exited with code 1 0.2 s after its start". */
  why: string;
  hint: string;
  /** Its last lines of output, masked. */
  tail: readonly string[];
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Math.round((bytes / 1024 ** power) * 10) / 10} ${units[power]}`;
}

/**
 * @param killed why Berth ended it, if it did
 * @param start what was started, and `tail`, what it printed: both make the hint better
 */
export function describeExit(
  exit: Exit,
  command: string,
  ranMs: number,
  killed?: string,
  start?: Start,
  tail: readonly string[] = [],
): { why: string; hint: string } {
  const after = `${Math.max(ranMs / 1000, 0.1).toFixed(1)} s after its start`;
  if (killed)
    return {
      why: `was stopped ${after}, ${killed}`,
      hint: 'Raise the limit or fix what the cause names, then deploy again.',
    };
  if (exit.error) return explainStart(exit.error, command, start);
  if (exit.code === 0) {
    return {
      why: `exited with code 0 ${after}, but a service has to keep running`,
      hint: 'Keep the process in the foreground; for work that ends, use the berth.dev/release-command annotation.',
    };
  }
  return {
    why: exit.signal
      ? `was ended by signal ${exit.signal} ${after}`
      : `exited with code ${exit.code} ${after}`,
    hint: hintOf(start, tail),
  };
}

function hintOf(start: Start | undefined, tail: readonly string[]): string {
  const [name] = missingPackages(tail);
  if (name !== undefined)
    return start && isDevDependency(name, start.directory)
      ? moveDependency(name)
      : `Add ${name} to dependencies in package.json, commit the lock file, then build again.`;
  const tool = tail.map(
    (line) =>
      /^(?:\/bin\/)?(?:sh|bash|dash): (?:line )?(?:\d+: )?([\w@.-]+): (?:command )?not found/.exec(line)?.[1],
  );
  const missing = tool.find((found) => found !== undefined);
  if (missing !== undefined)
    return start && isDevDependency(missing, start.directory)
      ? moveDependency(missing)
      : `Add the package that brings ${missing} to dependencies in package.json, then build again.`;
  return 'Fix what its output says, then deploy again; the log has all of it.';
}

export const quoteTail = (tail: readonly string[]): string => ` ${quoteOutput(tail, TAIL_LINES)}`;

export function crashed(deployment: string, crashes: number, crash: Crash): Problem {
  const times = crashes > 1 ? `crashed ${crashes} times` : 'crashed';
  return new Problem(
    'workload_crashed',
    `${deployment} ${times}: container "${crash.container}" ${crash.why}.${quoteTail(crash.tail)}`,
    { hint: crash.hint },
  );
}

export function notReady(
  deployment: string,
  seconds: number,
  reason: string,
  tail: readonly string[],
): Problem {
  return new Problem(
    'workload_not_ready',
    `${deployment} was not ready within ${seconds} s: ${reason}.${quoteTail(tail)}`,
    {
      hint: reason.includes('$PORT')
        ? 'Listen on the port that the variable PORT names, on 127.0.0.1 or all interfaces, then deploy again. A worker that takes no requests needs a score.yaml without service.ports.'
        : 'Make the check that the cause names succeed, or raise the progress deadline, then deploy again.',
    },
  );
}
