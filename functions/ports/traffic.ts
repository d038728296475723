/** Brings requests of the outside to workloads, whichever adapter runs them. An adapter tells what it has. */
import type { EnvironmentRef, InstanceRef } from '../core/model/index.ts';
import type { ProblemDetail } from '../core/problem.ts';
import type { Disturbance, Route } from './workloads.ts';

/** A replica that takes requests. */
export interface Backend {
  /** The deployment that it is of. */
  deployment: number;
  hostname: string;
  port: number;
  /** Aborts when the replica takes no more: connections to it are to be closed. */
  closed: AbortSignal;
  /** Counts a request in flight, for which a replaced replica waits; the result ends it. */
  acquire(): () => void;
}

export interface Condition {
  /** `stopped`: scaled to 0. `failing`: it should run but does not. */
  state: 'ready' | 'starting' | 'stopped' | 'failing';
  /** Why it is failing, if that is known. */
  error?: ProblemDetail;
}

/** A workload, as the adapter that runs it sees it. Its functions are called for each request. */
export interface Upstream {
  instance: InstanceRef;
  /** Hosts and paths beside the default URL; another array when they have changed. */
  routes: readonly Route[];
  /** Undefined where nothing of it has been started yet. */
  condition(): Condition | undefined;
  /** Whether a client is kept with the replica that answered it first; none is unless given. */
  affinity?(): boolean;
  /** What may take requests at a service port, or at the first one where none is named. */
  tracks(port?: number): Track[];
}

/** One of the deployments of a workload that are served side by side. */
export interface Track {
  /**
   * Its weight beside the others. What has none gets no request; what has no ready replica gets none either, and the
   * others take its share.
   */
  weight: number;
  /** Its ready replicas. */
  backends: Backend[];
}

export interface Traffic {
  /** Declares a workload. A workload that is there already has changed: whoever waits for one looks again. */
  declare(upstream: Upstream): void;
  /** Nothing of a workload is left; idempotent. */
  withdraw(instance: InstanceRef): void;
  /** The next ready replica of a workload, in turn, of a track by weight. @param port a service port's; the first one where undefined */
  next(instance: InstanceRef, port?: number): Backend | undefined;
  /** Resolves at the next change of any workload, or when the signal aborts. */
  nextChange(signal: AbortSignal): Promise<void>;
  /** As `disturb` of the Workloads port. */
  disturb(disturbance: Disturbance): void;
  /** The URL people use. */
  url(instance: InstanceRef): string;
  /** The host that a dns resource names; unique in the environment. */
  host(environment: EnvironmentRef, label: string): string;
}
