/** Runs a command of a workload: once, to its end, beside whatever serves. */
import { Problem, type ProblemCode } from '../../../core/problem.ts';
import type { LogLine } from '../../../ports/logs.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import type { Context } from '../context.ts';
import { discard, pruneParent } from '../layout.ts';
import { bindPorts, launchOf, prepareContainer } from '../place-files.ts';
import { describeExit } from '../programs/explain-exit.ts';
import { maskOf } from '../spec-mask.ts';

const GRACE_MS = 2000;
const NOT_FOUND = 127;
const SIGNALED = 128;

export interface CommandPlace {
  /** What it is, as the beginning of a sentence. */
  what: string;
  /** Says that it can not be run at all. */
  code: ProblemCode;
  /** A directory that is not there yet; it is gone afterwards. */
  directory: string;
  /** Takes the output, masked. */
  say(line: Omit<LogLine, 'at'>): void;
}

/**
 * @param signal ends the command
 * @returns its exit code; 128 and the number of the signal that ended it
 * @throws Problem image_unavailable | invalid_score | the code of the place
 */
export async function runProgram(
  context: Context,
  spec: WorkloadSpec,
  command: readonly string[],
  { what, code, directory, say }: CommandPlace,
  signal: AbortSignal,
): Promise<number> {
  const container = spec.containers[0];
  if (!container) {
    throw new Problem(code, `${what} can not run: the workload has no container.`, {
      hint: 'Declare a container in the Score file.',
    });
  }
  const mask = maskOf(spec, context.telemetry?.secrets(spec));
  const print = (source: LogLine['source'], message: string): void =>
    say({ message, source, deployment: spec.number, container: container.name });
  let bound = new Map<number, number>();
  try {
    const place = await prepareContainer(context, spec, container, directory);
    bound = await bindPorts(context, spec, [place]);
    const words = { ...container, command: [...command], args: [] };
    const launch = launchOf(context, spec, words, place, bound);
    if (signal.aborted) return SIGNALED + 15;
    const from = performance.now();
    const child = launch.run({ mask, onLine: print });
    const { pid } = child;
    if (pid !== undefined) context.runs.add(pid, spec, spec.number);
    const abort = (): void => void child.stop(GRACE_MS);
    signal.addEventListener('abort', abort);
    const exit = await child.ended;
    // After an abort the group has its grace, and only then is the command over.
    if (signal.aborted) await child.stop(GRACE_MS);
    signal.removeEventListener('abort', abort);
    if (pid !== undefined) context.runs.remove(pid);
    if (exit.error || exit.signal || exit.why) {
      const took = performance.now() - from;
      const { why } = describeExit(exit, launch.words[0] ?? '', took, exit.why, launch.start);
      print('berth', mask(`${what} ${why}.`));
    }
    const bySignal = exit.signal === 'SIGTERM' ? 15 : 9;
    return exit.error ? NOT_FOUND : (exit.code ?? SIGNALED + bySignal);
  } finally {
    context.ports.give(bound.values());
    await discard(context.layout, directory).catch(() => undefined);
    await pruneParent(directory);
  }
}
