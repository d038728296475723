/** Waits for a rollout, and says why it failed. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem, type ProblemCode } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { StillProgressing } from '../step.ts';

/** @throws StillProgressing | Problem as a rollout that failed */
export async function untilReady(
  ports: Ports,
  instance: InstanceRef,
  number: number,
  signal: AbortSignal,
): Promise<void> {
  const rollout = await ports.workloads.awaitRollout(instance, number, signal);
  if (rollout.state === 'ready') return;
  if (rollout.state === 'progressing') throw new StillProgressing();
  const { code, cause, hint } = rollout.error;
  throw new Problem(asRolloutCode(code), cause, { hint });
}

const rolloutCodes = [
  'workload_crashed',
  'workload_not_ready',
  'image_unavailable',
  'fenced',
  'superseded',
  'environment_gone',
] as const;

/** The code of a failed rollout, if an adapter may give it; the general one otherwise. */
const asRolloutCode = (code: ProblemCode): (typeof rolloutCodes)[number] =>
  rolloutCodes.find((known) => known === code) ?? 'workload_not_ready';
