/** What a promotion does next, by what is recorded of it and the time: a pure function. */
import type { ProblemDetail } from '../problem.ts';
import type { Promotion, PromotionStage, PromotionTarget } from './promotion-record.ts';

export type PromotionStep =
  /** Begins the deployment there. */
  | { do: 'deploy'; target: PromotionTarget }
  /** Looks how far the deployments have come that were begun. */
  | { do: 'look'; targets: PromotionTarget[] }
  /** All have the version: from now on it bakes. */
  | { do: 'bake'; stage: PromotionStage }
  /** Nothing before that time; epoch milliseconds. */
  | { do: 'wait'; until: number }
  /** The stage is done; what was to bake has to serve still. */
  | { do: 'pass'; stage: PromotionStage }
  | { do: 'end'; state: 'succeeded' | 'canceled' }
  | { do: 'end'; state: 'failed'; error: ProblemDetail };

const unknown: ProblemDetail = {
  code: 'conflict',
  cause: 'The deployment did not succeed.',
  hint: 'Look at the deployment.',
};

/**
 * Nothing of a later stage is begun before each deployment of the one before has succeeded and has baked. After a failure,
 * or when it is to stop, nothing more is begun, and what was begun is waited for.
 * @param now epoch milliseconds
 */
export function nextStep({ stages, cancelRequested }: Promotion, now: number): PromotionStep {
  const stage = stages.find(({ passedAt }) => passedAt === undefined);
  if (!stage) return { do: 'end', state: 'succeeded' };
  const { targets, bakeSeconds, bakesUntil } = stage;
  const of = (state: PromotionTarget['state']): PromotionTarget[] =>
    targets.filter((target) => target.state === state);
  const [failed] = of('failed');
  const [waiting] = of('waiting');
  if (waiting && !failed && !cancelRequested) return { do: 'deploy', target: waiting };
  const deploying = of('deploying');
  if (deploying.length > 0) return { do: 'look', targets: deploying };
  if (failed && !cancelRequested) return { do: 'end', state: 'failed', error: failed.error ?? unknown };
  if (cancelRequested) return { do: 'end', state: 'canceled' };
  if (bakeSeconds > 0 && bakesUntil === undefined) return { do: 'bake', stage };
  if (bakesUntil !== undefined && now < Date.parse(bakesUntil))
    return { do: 'wait', until: Date.parse(bakesUntil) };
  return { do: 'pass', stage };
}
