/** How a version takes over step by step, as the annotations of its Score file say. Pure. */

/** So many of a hundred requests go to the new version, for a time. */
export interface Stage {
  percent: number;
  /** Absent: until a person goes on. */
  seconds?: number;
}

/** What has to hold of the new version in each stage. */
export interface RolloutChecks {
  /** The most answers with a status of 500 or more, in a hundred, unless what serves has more. */
  maxErrorRate?: number;
  /** The most that 99 of 100 requests may take, milliseconds, unless what serves takes longer. */
  maxP99Ms?: number;
  /** With fewer requests in a stage nothing is said of them before its end. */
  minRequests: number;
  /** A path of the service that the new version itself is asked for at the start of each stage. */
  url?: string;
  /** A command that is run with the new version's image and variables at the start of each stage. */
  command?: string[];
  /** An address that is told the figures at the end of each stage, and answers whether to go on. */
  webhook?: string;
}

export interface RolloutPlan {
  /** The last one gives it all requests. */
  stages: Stage[];
  checks: RolloutChecks;
}

export const strategies = ['rolling', 'recreate', 'canary', 'blue-green'] as const;
export type Strategy = (typeof strategies)[number];

export interface RolloutSettings {
  steps?: Stage[] | undefined;
  bakeSeconds?: number | undefined;
  checks: Partial<RolloutChecks>;
}

/** How long the new version has all requests before what served is let go, where nothing says so. */
export const BAKE_DEFAULT = 60;
const MIN_REQUESTS_DEFAULT = 50;
const ERROR_RATE_DEFAULT = 5;
const STEPS_DEFAULT: Stage[] = [
  { percent: 10, seconds: 120 },
  { percent: 50, seconds: 120 },
];

/** Undefined where the new version takes over as soon as it is ready, and nothing is asked of it then. */
export function rolloutPlan(strategy: Strategy, settings: RolloutSettings): RolloutPlan | undefined {
  const { steps = STEPS_DEFAULT, bakeSeconds, checks } = settings;
  const isTried = strategy === 'canary' || strategy === 'blue-green';
  const { minRequests = MIN_REQUESTS_DEFAULT, ...asked } = checks;
  if (!isTried && bakeSeconds === undefined && Object.keys(asked).length === 0) return undefined;
  const last: Stage = { percent: 100, seconds: bakeSeconds ?? BAKE_DEFAULT };
  return {
    // Before it has any request, a green version is only asked by Berth itself.
    stages:
      strategy === 'canary'
        ? [...steps, last]
        : strategy === 'blue-green'
          ? [{ percent: 0, seconds: 0 }, last]
          : [last],
    checks: { ...(isTried && { maxErrorRate: ERROR_RATE_DEFAULT }), ...asked, minRequests },
  };
}
