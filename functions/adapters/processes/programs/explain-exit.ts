/** Words for what went wrong with a workload. */
import { stripVTControlCharacters } from 'node:util';
import { Problem } from '../../../core/problem.ts';
import { cut } from '../../../ports/rules/log-lines.ts';
import type { Exit } from '../../system/program.ts';

/** Lines of output that an error carries, and the bytes of each. */
const TAIL_LINES = 5;
const TAIL_BYTES = 300;

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

/** @param killed why Berth ended it, if it did. */
export function describeExit(
  exit: Exit,
  command: string,
  ranMs: number,
  killed?: string,
): { why: string; hint: string } {
  const after = `${Math.max(ranMs / 1000, 0.1).toFixed(1)} s after its start`;
  if (killed)
    return {
      why: `was stopped ${after}, ${killed}`,
      hint: 'Raise the limit or fix what the cause names, then deploy again.',
    };
  if (exit.error) {
    const missing = exit.error.code === 'ENOENT';
    return {
      why: missing
        ? `could not be started: there is no program ${JSON.stringify(command)} in the image or on the PATH`
        : `could not be started: ${JSON.stringify(command)} gave ${exit.error.code ?? exit.error.message}`,
      hint: 'Correct `command` in the Score file, or the entrypoint of the image, then deploy again.',
    };
  }
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
    hint: 'Fix what its last lines of output say, then deploy again; the log has all of it.',
  };
}

/** Without colours, control characters and blank lines; an error is shown in many places. */
const plain = (line: string): string =>
  cut(stripVTControlCharacters(line).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' '), TAIL_BYTES).trim();

export function quoteTail(tail: readonly string[]): string {
  const lines = tail.map(plain).filter(Boolean).slice(-TAIL_LINES);
  return lines.length > 0 ? ` Its last output:\n${lines.join('\n')}` : ' It printed nothing.';
}

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
        ? 'Listen on the port that the variable PORT names, on 127.0.0.1 or all interfaces, then deploy again.'
        : 'Make the check that the cause names succeed, or raise the progress deadline, then deploy again.',
    },
  );
}
