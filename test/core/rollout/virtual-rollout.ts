/** A rollout in virtual time: the decision function, a candidate, what serves, and people who ask for something. */

import { type Decision, decide, type Look } from '../../../functions/core/rollout/decide-rollout.ts';
import type { RequestCounts } from '../../../functions/core/rollout/request-counts.ts';
import type { RolloutPlan } from '../../../functions/core/rollout/rollout-plan.ts';

export interface Behaviour {
  /** Of a hundred answers, how many are errors at this time. */
  errors?: (seconds: number) => number;
  /** How many of the desired replicas are ready at this time. */
  ready?: (seconds: number) => number;
  restarts?: (seconds: number) => number;
}

export interface Scenario {
  plan: RolloutPlan;
  candidate?: Behaviour;
  stable?: Behaviour;
  desired?: number;
  requestsPerSecond?: number;
  /** What people ask for, by the second in which they do. */
  asked?: (seconds: number) => Pick<Look, 'asked'> & { isPaused?: boolean };
  deadlineSeconds?: number;
  untilSeconds?: number;
}

export interface Outcome {
  end: Exclude<Decision['do'], 'wait' | 'next'> | 'open';
  seconds: number;
  /** The share of requests at the start of each second. */
  percents: number[];
  last: Decision;
}

export const countsOf = (requests: number, errors: number): RequestCounts => ({
  requests,
  errors,
  within: new Map([
    [0.1, requests],
    [Number.POSITIVE_INFINITY, requests],
  ]),
});

/** Seconds that count as lately. */
const RECENT = 15;

const recentOf = (now: { requests: number; errors: number }, before: typeof now): RequestCounts =>
  countsOf(now.requests - before.requests, now.errors - before.errors);

/** Lets the seconds pass until it is decided. */
export function play(scenario: Scenario): Outcome {
  const { plan, desired = 2, requestsPerSecond = 100, deadlineSeconds = 30, untilSeconds = 4_000 } = scenario;
  let [stage, since] = [0, 0];
  let mine = { requests: 0, errors: 0 };
  /** The counters at the start of each second of the stage. */
  let past = [mine];
  const others = { requests: 0, errors: 0 };
  let unreadySince: number | undefined;
  const percents: number[] = [];
  for (let second = 0; ; second++) {
    const { percent } = plan.stages[stage] ?? { percent: 100 };
    percents.push(percent);
    const ready = scenario.candidate?.ready?.(second) ?? desired;
    unreadySince = ready >= desired ? undefined : (unreadySince ?? second);
    const decision = decide({
      now: second * 1000,
      plan,
      stage,
      since: since * 1000,
      isPaused: false,
      ...scenario.asked?.(second),
      candidate: {
        ready,
        desired,
        restarts: scenario.candidate?.restarts?.(second) ?? 0,
        unreadyMs: unreadySince === undefined ? 0 : (second - unreadySince) * 1000,
        deadlineMs: deadlineSeconds * 1000,
      },
      counts: {
        candidate: countsOf(mine.requests, mine.errors),
        recent: recentOf(mine, past.at(-RECENT) ?? past[0] ?? mine),
        stable: countsOf(others.requests, others.errors),
      },
      probes: [],
    });
    const outcome = { seconds: second, percents, last: decision };
    if (decision.do === 'promote' || decision.do === 'abort') return { ...outcome, end: decision.do };
    if (second >= untilSeconds) return { ...outcome, end: 'open' };
    if (decision.do === 'next') {
      stage++;
      since = second;
      mine = { requests: 0, errors: 0 };
      past = [];
    }
    const share = (plan.stages[stage]?.percent ?? 100) / 100;
    const errorsOf = (behaviour: Behaviour | undefined): number => (behaviour?.errors?.(second) ?? 0) / 100;
    past.push(mine);
    const requests = requestsPerSecond * share;
    mine = {
      requests: mine.requests + requests,
      errors: mine.errors + requests * errorsOf(scenario.candidate),
    };
    others.requests += requestsPerSecond * (1 - share);
    others.errors += requestsPerSecond * (1 - share) * errorsOf(scenario.stable);
  }
}
