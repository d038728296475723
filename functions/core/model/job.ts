/** Jobs: a command of a service that runs in an environment by a schedule. */
import type { InstanceRef } from './deployment.ts';
import type { RunStatus } from './operation.ts';

/** What happens when a job is due and its last run has not ended. */
export const overlapPolicies = ['forbid', 'allow'] as const;
export type OverlapPolicy = (typeof overlapPolicies)[number];

/** Why a run did not begin when it was due. */
export const missReasons = ['late', 'overlap', 'not_deployed', 'no_process', 'too_many_runs'] as const;
export type MissReason = (typeof missReasons)[number];

/** What people set of a job. */
export interface JobSettings {
  /** Cron, five fields. */
  schedule: string;
  /** Of the IANA database. */
  timeZone: string;
  command: string[];
  /** Whose image, variables and files it has; the web's without it. */
  process?: string;
  timeoutSeconds: number;
  overlap: OverlapPolicy;
  /** How often a run that failed is tried again, before the next one is due. */
  retries: number;
  suspended: boolean;
  /** It wakes an environment that sleeps; without it, it sleeps with the environment. */
  wakes: boolean;
}

export interface Job extends JobSettings, InstanceRef {
  environmentId: string;
  name: string;
  /** When it is due next; absent where no such time comes. */
  nextAt?: string;
  /** The operations of its runs that have not ended. */
  running: string[];
  /** A run that failed is tried again at this time. */
  retry?: { at: string; attempt: number; scheduledFor: string };
  /** The run that ended last. */
  last?: { operation: string; status: RunStatus; exitCode?: number; endedAt: string };
  /** Since the last run that began: how often it was due in vain, and why the last time. */
  missed?: { count: number; since: string; reason: MissReason };
  createdAt: string;
  createdBy: string;
  updatedAt: string;
}
