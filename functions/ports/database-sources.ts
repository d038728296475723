/** PostgreSQL databases on servers elsewhere, whose data come in. */
export interface DatabaseSource {
  /** `postgres://user:password@host:port/database?sslmode=...`; a secret. */
  url: string;
  /** PEM of the authorities that sign its certificate, where systems do not know them. */
  authority?: string;
}

export interface DatabaseSources {
  /** What the URL must be or have, as words after "must"; undefined where it may be read from. Nothing is connected to. */
  refusal(url: string): string | undefined;
  /**
   * All of a database as it is at one moment, as `loadCopy` takes it; nothing there is changed.
   * @throws Problem import_failed in what is read, without the URL's user or password, or the reason of the signal
   */
  read(source: DatabaseSource, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
