/** Secrets that a company keeps elsewhere: they are read there, and never written. */
import type { PinnedSource, SecretKeeperName, SecretSource } from '../core/secrets/secret-source.ts';

export interface SecretKeeper {
  /**
   * The version that a deployment takes now: the one that the source names, or the newest. Its value has been read.
   * @throws Problem secret_unavailable (no such entry, key or version; or it may not be read) | TransientError
   */
  pin(source: SecretSource): Promise<string>;
  /**
   * @returns undefined where that version is gone
   * @throws Problem secret_unavailable (it may not be read, or has no such key) | TransientError
   */
  read(source: PinnedSource): Promise<string | undefined>;
}

/** Those that the platform team has connected. */
export type SecretKeepers = Partial<Record<SecretKeeperName, SecretKeeper>>;
