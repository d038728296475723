/** Pipelines: environments in the order in which versions come to them, and promotions that take a version along. */

import type { Revision } from '../model/version.ts';
import type { ProblemDetail } from '../problem.ts';

/** Environments that get a version together, once the stage before has it. */
export interface Stage {
  name: string;
  environments: string[];
  /** So long a version has to serve there before it goes on; 0 for not at all. */
  bakeSeconds: number;
}

export interface Pipeline {
  project: string;
  stages: Stage[];
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}

/** An environment of a promotion, and what has become of the version there. */
export interface PromotionTarget {
  environment: string;
  /** Of the very environment that was there when the promotion began. */
  environmentId: string;
  /** `waiting`: nothing has begun there. */
  state: 'waiting' | 'deploying' | 'succeeded' | 'failed';
  /** The number of the deployment, and its operation. */
  deployment?: number;
  operation?: string;
  error?: ProblemDetail;
}

export interface PromotionStage {
  name: string;
  bakeSeconds: number;
  /** Once all have it: until then it bakes. */
  bakesUntil?: string;
  /** The next stage may have it. */
  passedAt?: string;
  targets: PromotionTarget[];
}

export type PromotionState = 'running' | 'succeeded' | 'failed' | 'canceled';

/** One version on its way through environments, one stage after the other. */
export interface Promotion {
  project: string;
  service: string;
  id: string;
  version: string;
  digest: string;
  revision?: Revision;
  /** Where it was taken from. */
  fromEnvironment: string;
  state: PromotionState;
  stages: PromotionStage[];
  /** Somebody has asked it to stop: nothing more is begun. */
  cancelRequested?: true;
  error?: ProblemDetail;
  createdAt: string;
  createdBy: string;
  /** The person who asked, where a token did so for them. */
  person?: string;
  endedAt?: string;
  /** While it can not go on: since when. */
  stuckSince?: string;
}
