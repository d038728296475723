/** Redis servers, each made for one resource. */
import type { EnvironmentRef } from '../core/model/index.ts';

export interface CacheRef extends EnvironmentRef {
  /** At most 63 lower-case letters, digits and single hyphens; a letter first, no hyphen last. No other server has it. */
  name: string;
  /** A text that is written on the server, which tells it from those that are not ours. */
  tag: string;
}

export interface CacheLogin {
  username: string;
  /** SHA-256 of the password, in hex digits: the password itself never reaches the port. */
  passwordHash: string;
}

export interface CacheSpec {
  /** What the data may take; past it `eviction` says what happens. */
  memoryBytes: number;
  /** Redis's `maxmemory-policy`. */
  eviction: string;
  operation: string;
}

export interface CacheEndpoint {
  host: string;
  port: number;
}

/** Data is on disk, so that it outlives restarts and sleep. */
export interface Caches {
  /**
   * Why there are no servers, as a clause, and what helps; undefined where there are.
   * @param environment whose place is meant; any place of the installation, where absent
   */
  refusal(environment?: EnvironmentRef): Promise<{ why: string; hint: string } | undefined>;
  /**
   * Makes a server that runs, or changes one, and lets the login in; with the same again it changes nothing.
   * @returns undefined while it is being made: ask again
   * @throws ServerNotOurs | Problem unavailable
   */
  ensure(cache: CacheRef, spec: CacheSpec, login: CacheLogin): Promise<CacheEndpoint | undefined>;
  /**
   * Lets the login in beside those that are good already. Idempotent.
   * @returns undefined while it is being made so: ask again
   * @throws ServerNotOurs | Problem unavailable (there is no such server, among others)
   */
  allow(cache: CacheRef, login: CacheLogin): Promise<CacheEndpoint | undefined>;
  /** Takes a login away, and ends its connections. Idempotent. @throws ServerNotOurs */
  disable(cache: CacheRef, username: string): Promise<void>;
  /** Ends the server and keeps its data, until `wake` or `ensure`. Idempotent. @throws ServerNotOurs */
  sleep(cache: CacheRef): Promise<void>;
  /** Nothing happens where there is no such server. @throws ServerNotOurs | Problem unavailable */
  wake(cache: CacheRef): Promise<void>;
  /** Removes a server with its data. Idempotent. @returns whether nothing is left of it @throws ServerNotOurs */
  remove(cache: CacheRef): Promise<boolean>;
  /** Names of what is left of it, and carries the tag. */
  inventory(cache: CacheRef): Promise<string[]>;
}
