/** Where backups are kept: apart from what they are of. */
export interface Backups {
  /**
   * Keeps a backup whole, or not at all; one of that path is replaced.
   * @param path parts of letters, digits and `-._`, with slashes between them
   * @returns its bytes
   * @throws Problem storage_full, and whatever the chunks throw
   */
  write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number>;
  /** Undefined where there is none. */
  read(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /**
   * An address from which whoever has it reads the backup, for some minutes; undefined where there is none. Absent where
   * the API sends backups itself.
   */
  link?(path: string): Promise<string | undefined>;
  /** Idempotent. */
  remove(path: string): Promise<void>;
  /** The paths that begin with a prefix, which ends in a slash, in order. */
  list(prefix: string): Promise<string[]>;
}
