/** Runs a release command: once, to its end, beside whatever serves. */
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { KEPT_LINES } from '../../ports/rules/telling-lines.ts';
import type { ReleaseResult, WorkloadSpec } from '../../ports/workloads.ts';
import type { Context } from './context.ts';
import { discard, pruneParent } from './layout.ts';
import { bindPorts, launchOf, prepareContainer } from './place-files.ts';
import { describeExit } from './programs/explain-exit.ts';
import { maskOf } from './spec-mask.ts';

const GRACE_MS = 2000;
const NOT_FOUND = 127;
const SIGNALED = 128;

/** @throws Problem image_unavailable | invalid_score | release_failed */
export async function runRelease(
  context: Context,
  spec: WorkloadSpec,
  command: readonly string[],
  signal: AbortSignal,
): Promise<ReleaseResult> {
  const container = spec.containers[0];
  if (!container) {
    throw new Problem('release_failed', 'The release command can not run: the workload has no container.', {
      hint: 'Declare a container in the Score file.',
    });
  }
  const mask = maskOf(spec);
  const directory = join(
    context.layout.deployment(spec, spec.number),
    `release-${context.effects.id().toLowerCase()}`,
  );
  const tail: string[] = [];
  const say = (source: 'stdout' | 'stderr' | 'berth', message: string): void => {
    tail.push(message);
    if (tail.length > KEPT_LINES) tail.shift();
    context.log(spec, { message, source, deployment: spec.number, container: container.name });
  };
  let bound = new Map<number, number>();
  try {
    const place = await prepareContainer(context, spec, container, directory);
    bound = await bindPorts(context, spec, [place]);
    const words = { ...container, command: [...command], args: [] };
    const launch = launchOf(context, spec, words, place, bound);
    if (signal.aborted) return { exitCode: SIGNALED + 15, tail };
    const from = performance.now();
    const child = launch.run({ mask, onLine: say });
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
      say(
        'berth',
        mask(
          `The release command ${describeExit(exit, launch.words[0] ?? '', performance.now() - from, exit.why, launch.start).why}.`,
        ),
      );
    }
    const bySignal = exit.signal === 'SIGTERM' ? 15 : 9;
    return { exitCode: exit.error ? NOT_FOUND : (exit.code ?? SIGNALED + bySignal), tail };
  } finally {
    context.ports.give(bound.values());
    await discard(context.layout, directory).catch(() => undefined);
    await pruneParent(directory);
  }
}
