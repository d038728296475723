/** Environments, and the rules that hold in them. */
import type { ProblemDetail } from '../problem.ts';
import type { OfficeHours } from '../schedule/office-hours.ts';

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
  /** Going back to a version that ran here before needs no approval. */
  rollbackWithoutApproval?: boolean;
  /** Shells may be opened here. */
  shells?: boolean;
}

/** How many replicas a process of a service has beside its web. */
export interface ProcessScale {
  /** 0 where it does not run. */
  replicas: number;
  /** People asked for so many, in place of what the Score file says. */
  isScaled?: true;
}

/** The processes of a service that run beside its web, each in replicas of its own, by name. */
export type Processes = Readonly<Record<string, ProcessScale>>;

/** The state of a service in an environment: which deployment is the newest, and which one serves. */
export interface Standing {
  /** The fence: the number of the newest deployment. It only grows (I5). */
  newest: number;
  /** The highest number that was given, where it belongs to a deployment that waits, or waited, for approval. */
  highest?: number;
  /** The deployment that serves, or served before hibernation: the last good one. */
  current?: number;
  /**
   * Absent where it runs. `stopped`: people stopped it, and it stays so until it is started or deployed. `removing`:
   * it is being removed. `removed`: nothing is left of it but its history, and the numbers go on behind it.
   */
  state?: 'stopped' | 'removing' | 'removed';
  /** How many replicas people asked for, in place of what the Score file says; deployments keep it. */
  replicas?: number;
  /** What may run beside its web: of the deployment that serves, and of all that have been accepted since. */
  processes?: Processes;
}

export interface Environment {
  project: string;
  name: string;
  /** The id differs between two environments that had the same name one after the other. */
  id: string;
  kind: 'persistent' | 'ephemeral';
  state: EnvironmentState;
  /** The name of the place that it is in; the installation's own where absent. */
  placement?: string;
  /** Counts state changes: a cleanup that was decided on one generation does nothing to the next (I8). */
  generation: number;
  /** Seconds without a request or deployment before it hibernates. */
  idleAfterSeconds?: number;
  /** Its time is over then: it is put to sleep, and destroyed later. */
  expiresAt?: string;
  /** When people last came to know of `expiresAt`: it was set then, or they were told of it. */
  expiryKnownAt?: string;
  /** Its time is over, and it is destroyed at this time unless somebody brings it back. */
  destroyAt?: string;
  /** Outside of them it sleeps. */
  officeHours?: OfficeHours;
  /** When they are looked at next. */
  hoursDueAt?: string;
  /** Until then they do not put it to sleep. */
  awakeUntil?: string;
  /** How often requests have woken it outside of them, counted until they begin at `until`. */
  wokenOutside?: { times: number; until: string };
  lastActivityAt: string;
  /** The operation that is changing its state, if any. */
  operation?: string;
  /** The operation of the latest game day that was accepted here. */
  gameDay?: string;
  /** Commands that run beside its services: the service of each, by the operation. Absent where there is none. */
  runs?: Record<string, string>;
  /** Rules that hold here beyond the usual ones; absent where the environment is not protected. */
  protection?: Protection;
  /** The standing of each service that was deployed here, by the service's name. */
  services: Record<string, Standing>;
  /** How many wakes by requests were left at a time (ISO 8601), in a cluster; all of them where absent. */
  requestWakes?: { left: number; at: string };
  /** Why not all came back when it was last woken; absent where all did. */
  wakeError?: ProblemDetail;
  /** Names of what a destroy could not remove yet. */
  leftovers?: string[];
  createdAt: string;
  createdBy: string;
}

/** What is kept of an environment that was destroyed, so that its output can be read. */
export interface DestroyedEnvironment {
  project: string;
  name: string;
  id: string;
  /** The names of the services that were ever deployed to it, in order. */
  services: string[];
  /** Names of processes beside the web, by the service; absent where there were none. */
  processes?: Record<string, string[]>;
  createdAt: string;
  destroyedAt: string;
  /** From then on nothing of its output is kept. */
  keptUntil: string;
}

/** How long output is kept, milliseconds: the retention of its log group on AWS. */
export const OUTPUT_KEPT_MS = 30 * 24 * 60 * 60 * 1000;

/** Tells whether an operation was accepted for this very environment, and not for an earlier one of its name. */
export const isFor = (
  { environmentId }: { environmentId?: string | undefined },
  { id }: Pick<Environment, 'id'>,
): boolean => environmentId === undefined || environmentId === id;

export interface EnvironmentRef {
  project: string;
  environment: string;
  /** Of the very environment, where it matters that another one of its name is none. */
  environmentId?: string;
  /** Where what was made for it is, if its record is gone. */
  placement?: string;
}
