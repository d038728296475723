/** Game days: what is made to fail in one environment, for how long, and what users saw of it. */

/** One thing that is made to fail. */
export type Fault =
  /** Ends a replica, as a crash does; of any service where none is named. Again after so long, where that is given. */
  | { type: 'kill'; service?: string; everySeconds?: number }
  /** Requests wait before they reach the service. */
  | { type: 'delay'; service: string; delayMs: number; percent: number }
  /** Requests are answered with 503 in the service's place. */
  | { type: 'abort'; service: string; percent: number }
  /** Statements on tables of the environment's databases wait. */
  | { type: 'slow-database'; delayMs: number }
  /** All connections to the environment's databases end. Again after so long, where that is given. */
  | { type: 'cut-database'; everySeconds?: number };

/** All of a game day. It is a record with an end: nothing that is made to fail outlives that. */
export interface GameDayPlan {
  faults: Fault[];
  /** After this time nothing is made to fail any more. */
  endsAt: string;
  /** Ends it early when so many of a hundred requests fail. */
  stopAtErrorPercent?: number;
}

/** What users saw of a service in a part of a game day. */
export interface SeenByUsers {
  requests: number;
  /** Answers with a status of 500 or more. */
  errors: number;
  /** The mean of the medians of ten seconds each, by their requests. */
  p50Ms: number;
  /** The worst 99th percentile of ten seconds. */
  p99Ms: number;
}

export interface GameDayReport {
  from: string;
  until: string;
  /** It ended before its time, since too many requests failed. */
  stoppedEarly: boolean;
  services: {
    service: string;
    before?: SeenByUsers;
    during?: SeenByUsers;
    after?: SeenByUsers;
    /** Why there are no figures of requests. */
    missing?: string;
    /** Replicas that were started since it began. */
    restarts: number;
    /** All replicas were ready at the end of the report. */
    ready: boolean;
    /** Why not. */
    reason?: string;
  }[];
}
