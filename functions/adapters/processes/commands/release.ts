/** Runs a release command; its output goes to the log of its service. */
import { join } from 'node:path';
import { KEPT_LINES } from '../../../ports/rules/telling-lines.ts';
import type { ReleaseResult, WorkloadSpec } from '../../../ports/workloads.ts';
import type { Context } from '../context.ts';
import { runProgram } from './command.ts';

/** @throws Problem image_unavailable | invalid_score | release_failed */
export async function runRelease(
  context: Context,
  spec: WorkloadSpec,
  command: readonly string[],
  signal: AbortSignal,
): Promise<ReleaseResult> {
  const tail: string[] = [];
  const place = {
    what: 'The release command',
    code: 'release_failed' as const,
    directory: join(
      context.layout.deployment(spec, spec.number),
      `release-${context.effects.id().toLowerCase()}`,
    ),
    say(line: Parameters<Context['log']>[1]) {
      tail.push(line.message);
      if (tail.length > KEPT_LINES) tail.shift();
      context.log(spec, line);
    },
  };
  return { exitCode: await runProgram(context, spec, command, place, signal), tail };
}
