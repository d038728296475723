/** The places beside the installation's own, as the host that reaches them knows them. */
import type { EnvironmentRef, Place } from '../core/model/index.ts';

export interface Places {
  /**
   * Refuses a place that this host can never work with, and asks nothing.
   * @throws Problem invalid_request | not_supported
   */
  accept(place: Place): Promise<void>;
  /**
   * Asks whether it is there, within seconds; the answer may be a few seconds old.
   * @throws Problem | Error where it can not be reached
   */
  check(place: Place): Promise<void>;
  /** The place that an environment is in; undefined where that is the installation's own. */
  of(environment: EnvironmentRef): Promise<Place | undefined>;
}
