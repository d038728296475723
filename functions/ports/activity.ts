/** When an environment was last used, and how much. */
import type { EnvironmentRef, InstanceRef } from '../core/model/index.ts';
import type { RequestCounts } from '../core/rollout/request-counts.ts';

export interface RequestSample {
  at: string;
  /** How long the sample is: so many seconds from `at` on. */
  seconds: number;
  requests: number;
  /** Answers with a status of 500 or more. */
  errors: number;
  /** How long the requests in this sample took, milliseconds. */
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

export interface Activity {
  /**
   * Time of the last request to each, epoch milliseconds; undefined where there was none, `unknown` where requests
   * are not seen at all. In the order asked.
   */
  lastRequests(environments: readonly EnvironmentRef[]): Promise<(number | 'unknown' | undefined)[]>;
  /**
   * Samples of the last `windowSeconds`, oldest first; only those with requests. Of an hour at most they are of ten
   * seconds each; of more than that they are longer, or are those of the last hour where no others are kept.
   * @throws Problem unavailable where requests are not seen at all
   */
  requests(instance: InstanceRef, windowSeconds: number): Promise<RequestSample[]>;
  /**
   * What each deployment of an instance has been asked, by its number; of those that were asked lately. Counters only
   * grow, but may begin anew.
   * @throws Problem unavailable where requests are not seen at all
   */
  counts(instance: InstanceRef): Promise<ReadonlyMap<number, RequestCounts>>;
  /** Forgets an environment; idempotent. */
  forget(environment: EnvironmentRef): Promise<void>;
}
