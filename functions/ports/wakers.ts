/** Tells the program that holds requests of a cluster's sleeping environments from all others. */

export interface Wakers {
  /**
   * Whether a token is one of that program, made for waking and nothing else, and good now.
   * @throws Problem unavailable | TransientError where that can not be found out
   */
  knows(token: string): Promise<boolean>;
}
