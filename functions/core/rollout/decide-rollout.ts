/**
 * What is done next with a version that is tried beside the one that serves. Pure: no clock, no input, no output. That it
 * was canceled, or that a newer one has come, ends it wherever it is, and is not decided here.
 */
import type { ProblemDetail } from '../problem.ts';
import type { RequestCounts } from './request-counts.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { type CheckResult, type Verdict, verdictOf } from './verdict.ts';

/** All that is known of it now. Times are epoch milliseconds. */
export interface Look {
  now: number;
  plan: RolloutPlan;
  /** Index of the stage it is in, and since when. */
  stage: number;
  since: number;
  /** A person has stopped the time. */
  isPaused: boolean;
  /** What a person asked for: all requests now, or the next stage now. */
  asked?: 'promote' | 'continue';
  candidate: {
    ready: number;
    desired: number;
    /** Since it was first ready. */
    restarts: number;
    /** How long fewer than desired have been ready, milliseconds. */
    unreadyMs: number;
    /** How long it may take until all are ready, milliseconds. */
    deadlineMs: number;
    reason?: string;
  };
  /**
   * The candidate's of this stage, and of its last moments, so that what has gone bad shows after long that it was well;
   * those of what serves since the rollout began.
   */
  counts: { candidate: RequestCounts; recent?: RequestCounts; stable: RequestCounts };
  /** Of the checks that are no figures. */
  probes: readonly CheckResult[];
}

export type Decision = { verdict: Verdict } & (
  | { do: 'wait'; why: 'paused' | 'person' | 'time' | 'checks' | 'replicas' }
  | { do: 'next' }
  | { do: 'promote' }
  | { do: 'abort'; error: ProblemDetail }
);

/** So many restarts are no accident. */
const CRASHES = 3;
/** A candidate without any ready replica answers nobody. */
const DOWN_MS = 3_000;

const HINT = 'What served before serves on. Look at the figures and the log, then deploy a mended version.';

/**
 * Only the candidate and its own checks decide: how what serves does now never keeps a good candidate from going on, since
 * it is the way out.
 */
export function decide(look: Look): Decision {
  const { plan, stage, candidate, asked } = look;
  const { percent, seconds } = plan.stages[stage] ?? { percent: 100 };
  const isLast = stage >= plan.stages.length - 1;
  const isOver = seconds !== undefined && look.now >= look.since + seconds * 1000;
  const verdict = judged(look, isLast && isOver);
  const abort = (error: ProblemDetail): Decision => ({ do: 'abort', verdict, error });
  const ill = illness(candidate);
  if (ill) return abort(ill);
  const isWhole = candidate.ready >= candidate.desired;
  if (asked === 'promote')
    return isWhole ? { do: 'promote', verdict } : { do: 'wait', why: 'replicas', verdict };
  if (verdict.state === 'failing')
    return abort({
      code: 'check_failed',
      cause: `It was taken back at ${percent} % of the requests: ${verdict.words}.`,
      hint: HINT,
    });
  if (look.isPaused) return { do: 'wait', why: 'paused', verdict };
  if (asked !== 'continue') {
    if (seconds === undefined) return { do: 'wait', why: 'person', verdict };
    if (!isOver) return { do: 'wait', why: 'time', verdict };
    if (look.probes.some(({ state }) => state === 'pending')) return { do: 'wait', why: 'checks', verdict };
  }
  // No request is given to what is not there.
  if (!isWhole) return { do: 'wait', why: 'replicas', verdict };
  return isLast ? { do: 'promote', verdict } : { do: 'next', verdict };
}

function judged({ plan, counts, probes }: Look, isEnd: boolean): Verdict {
  const ofStage = verdictOf(plan.checks, counts, probes, isEnd);
  if (ofStage.state === 'failing' || !counts.recent) return ofStage;
  const ofLate = verdictOf(plan.checks, { ...counts, candidate: counts.recent }, probes, false);
  return ofLate.state === 'failing' ? ofLate : ofStage;
}

/** Why a candidate is no good at all, whatever the figures say. */
function illness({
  ready,
  desired,
  restarts,
  unreadyMs,
  deadlineMs,
  reason,
}: Look['candidate']): ProblemDetail | undefined {
  const why = reason === undefined ? '' : `: ${reason}`;
  if (restarts >= CRASHES)
    return {
      code: 'workload_crashed',
      cause: `It crashed ${restarts} times while it was tried${why}.`,
      hint: HINT,
    };
  if (ready < desired && unreadyMs >= (ready === 0 ? Math.min(DOWN_MS, deadlineMs) : deadlineMs))
    return {
      code: 'workload_not_ready',
      cause: `Only ${ready} of ${desired} replicas were ready while it was tried${why}.`,
      hint: HINT,
    };
  return undefined;
}
