/** Whether what a cluster was told of networks is in force: tried from pods of Berth's own. */

/** What a pod has to be kept from, or has to reach. */
export type IsolationWay =
  /** A pod of another environment, by its own address. */
  | 'pod'
  /** A pod of another environment, by its service. */
  | 'service'
  /** Where a cloud hands out the credentials of its nodes. */
  | 'metadata'
  /** The cluster's API server. */
  | 'api'
  /** What the gateway tells of itself. */
  | 'gateway'
  /** A pod of the same environment: it has to be reached. */
  | 'neighbour'
  /** The same by its name: names have to be resolved. */
  | 'names';

export type IsolationOutcome =
  | { state: 'in_force' }
  /** `open` got through, and should not have; `shut` did not, and should have. At least one of them is not empty. */
  | { state: 'not_in_force'; open: IsolationWay[]; shut: IsolationWay[] }
  /** It could not be tried. @property why a sentence, for the platform team's log alone */
  | { state: 'unknown'; why: string };

export interface Isolation {
  /** Tells what networks are told; where it changes, they are tried anew. */
  rules(): Promise<string>;
  /**
   * Takes a trial one step further and does not wait; all it has to know is in the cluster.
   * @param trial tells it from earlier ones, of which something may be left
   * @returns undefined while it is under way
   * @throws TransientError | Problem unavailable
   */
  advance(trial: string): Promise<IsolationOutcome | undefined>;
  /** Takes away what a trial has made; idempotent. */
  end(): Promise<void>;
}
