/** Services in environments, and their deployments. */
import type { ProblemDetail } from '../problem.ts';
import type { RecipePin } from '../recipes/recipe.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import type { ScoreWorkload } from '../score/workload.ts';
import type { EnvironmentRef, Processes, Standing } from './environment.ts';
import type { RunStatus } from './operation.ts';
import type { ResourceOutputs } from './resource.ts';
import type { Revision } from './version.ts';

/** A service in an environment, as the record of the environment has it. */
export interface Instance extends InstanceRef, Standing {}

export interface InstanceRef extends EnvironmentRef {
  service: string;
  /** What runs beside its web, where whoever has the reference knows; nothing where absent. */
  processes?: Processes;
}

/** A second person's approval of a deployment. */
export interface Approval {
  state: 'pending' | 'approved' | 'rejected' | 'expired' | 'canceled';
  /** The person who asked for the deployment; someone else has to approve. */
  requestedBy: string;
  /** The deployment is given up at this time. */
  expiresAt: string;
  decidedBy?: string;
  decidedAt?: string;
}

/**
 * What a deployment does. `redeploy`, `restart`, `scale` and `start` put the version that was there once more, with
 * secrets and variables as they are now. `stop` and `remove` end it: they too have a number, and thereby the fence.
 */
export const deploymentKinds = [
  'deploy',
  'promote',
  'rollback',
  'redeploy',
  'restart',
  'scale',
  'start',
  'stop',
  'remove',
] as const;
export type DeploymentKind = (typeof deploymentKinds)[number];

/** Tells whether a deployment runs the same version once more: nothing new comes with it that has to be prepared. */
export const isSameAgain = (kind: DeploymentKind): boolean =>
  kind === 'redeploy' || kind === 'restart' || kind === 'scale' || kind === 'start';

/** One version put into one environment for one service. The workload is that of the version, as the recipes make it. */
export interface Deployment {
  project: string;
  environment: string;
  /** Of the very environment: a later one may have its name. Absent in older records. */
  environmentId?: string;
  service: string;
  number: number;
  kind: DeploymentKind;
  version: string;
  digest: string;
  revision?: Revision;
  /**
   * Outputs by the workload's resource names. They are resolved once, and a rollback restores them (absent until
   * prepared).
   */
  outputs?: Record<string, ResourceOutputs>;
  /**
   * Of a workload that takes all variables and secrets of its environment: the names that it takes, as they were when
   * the deployment was accepted.
   */
  variables?: string[];
  /** What made resources of the workload, by the Score file's names for these; absent where no recipe did. */
  recipes?: Record<string, RecipePin>;
  /** The scale that people set, in place of what the Score file asks for. */
  replicas?: number;
  /** What runs beside its web, and in how many replicas; absent where there is nothing. */
  processes?: Processes;
  /** What its own replicas are called, where that is not `web`. Absent in older records. */
  main?: string;
  /** The workload has no service port, so that it has no URL. */
  portless?: true;
  rollbackTo?: number;
  fromEnvironment?: string;
  /** Of a redeployment: the rotation that made it. */
  rotation?: string;
  status: RunStatus;
  /** Present where the environment asks for approval. */
  approval?: Approval;
  operation: string;
  /** Present where it takes over step by step. */
  rollout?: RolloutState;
  error?: ProblemDetail;
  createdAt: string;
  createdBy: string;
  finishedAt?: string;
}

/** A deployment with what its version came with, as its recipes make it, and a placeholder for each of its `variables`. */
export interface DeploymentDetail extends Deployment {
  workload: ScoreWorkload;
}
