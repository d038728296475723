/** Where requests of the outside go: which workload is behind a host, and which of its replicas takes the next one. */
import type { InstanceRef } from '../core/model/index.ts';
import type { ProblemDetail } from '../core/problem.ts';

/** A replica that takes requests. */
export interface Backend {
  hostname: string;
  port: number;
  /** Aborts when the replica takes no more: connections to it are to be closed. */
  closed: AbortSignal;
  /** Counts a request in flight, for which a replaced replica waits; the result ends it. */
  acquire(): () => void;
}

export interface Target {
  instance: InstanceRef;
  /** `stopped`: scaled to 0. `failing`: it should run but does not. */
  state: 'ready' | 'starting' | 'stopped' | 'failing';
  /** Why it is failing, if that is known. */
  error?: ProblemDetail;
  /** The next ready replica in turn; undefined unless the state is `ready`, or where the workload has no port. */
  next(): Backend | undefined;
}

export interface Targets {
  /**
   * The workload behind a host (lower case, no port) and a path (raw, without the query). Undefined where none
   * has been declared. Cheap: asked for each request.
   */
  targets(host: string, path: string): Target | undefined;
  /** Resolves at the next change of any workload, or when the signal aborts. */
  nextChange(signal: AbortSignal): Promise<void>;
}
