/** How far a version is that is tried beside the one that serves. */
import type { KeptCounts } from './request-counts.ts';
import type { CheckResult, Verdict } from './verdict.ts';

/** What a person may ask of a rollout. */
export const rolloutActions = ['promote', 'continue', 'pause', 'resume'] as const;
export type RolloutAction = (typeof rolloutActions)[number];

/** What one look leaves to the next. Times are epoch milliseconds. */
export interface RolloutSeen {
  at: number;
  /** The candidate's restarts when it was first seen. */
  restarts: number;
  /** Since when fewer replicas than desired have been ready. */
  unreadySince?: number;
  counts: KeptCounts;
  /** How the checks did that have ended. */
  probes: CheckResult[];
}

export interface RolloutState {
  /** Index of the stage of its plan. */
  stage: number;
  /** When the stage began, moved on by the time that people paused it; absent until the version is ready. */
  since?: string;
  pausedAt?: string;
  /** What a person asked for, and has not happened yet. */
  asked?: 'promote' | 'continue';
  /** Counters: the new version's as the stage began, those of what serves as the rollout did. */
  before?: { candidate: KeptCounts; stable: KeptCounts };
  /** What the last look of this stage saw, where looks are calls of their own. */
  seen?: RolloutSeen;
  /** What was thought of it as the last stage ended. */
  verdict?: Verdict;
}
