/** Secret values, versioned. The only port that ever returns one. */
export interface Secrets {
  /**
   * Adds a version and makes it the current one.
   * @param path slash-separated, such as `demo/dev/env/API_KEY`
   * @param options.versionId makes a repeated put with the same id change nothing
   * @returns the version's id
   */
  put(path: string, value: string, options?: { versionId?: string }): Promise<string>;
  /**
   * @param version defaults to the current one
   * @returns undefined when there is no such secret or version, or it was revoked
   */
  get(path: string, version?: string): Promise<string | undefined>;
  /** Makes a version's value unreadable for good; idempotent. */
  revoke(path: string, version: string): Promise<void>;
  /** Removes the secret with all its versions; idempotent. */
  remove(path: string): Promise<void>;
  /** Paths at or below a prefix of whole segments (`demo/dev`: `demo/dev/env/A`, not `demo/dev2/env/A`), in order. */
  list(prefix: string): Promise<string[]>;
}
