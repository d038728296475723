/** Environments, and what they are kept to. */
export type EnvironmentState =
  | 'provisioning'
  | 'ready'
  | 'hibernating'
  | 'hibernated'
  | 'waking'
  | 'destroying'
  | 'destroyed'
  | 'failed';

export interface Protection {
  /** A deployment waits until a second person has approved it. */
  approval: boolean;
  /** Going back to what ran here before needs no approval. */
  rollbackWithoutApproval?: boolean;
}

/** How far a service is in an environment: which deployment is the newest, which one serves. */
export interface Standing {
  /** The fence: the number of the newest deployment. Only grows (I5). */
  newest: number;
  /** The highest number that was given, when that is a deployment that waits, or waited, for approval. */
  highest?: number;
  /** The deployment that serves, or served before hibernation: the last good one. */
  current?: number;
}

export interface Environment {
  project: string;
  name: string;
  /** Differs between two environments that had the same name one after the other. */
  id: string;
  kind: 'persistent' | 'ephemeral';
  state: EnvironmentState;
  /** Counts state changes: a cleanup decided on one generation does nothing to the next (I8). */
  generation: number;
  /** Seconds without a request or deployment before it hibernates. */
  idleAfterSeconds?: number;
  /** When it is destroyed. */
  expiresAt?: string;
  lastActivityAt: string;
  /** The operation that is changing its state, if any. */
  operation?: string;
  /** What has to be kept to here that is free elsewhere; absent where nothing is protected. */
  protection?: Protection;
  /** How far each service is that was deployed here, by its name. */
  services: Record<string, Standing>;
  /** What a destroy could not remove yet. */
  leftovers?: string[];
  createdAt: string;
  createdBy: string;
}

export interface EnvironmentRef {
  project: string;
  environment: string;
}
