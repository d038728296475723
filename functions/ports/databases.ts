/** PostgreSQL servers on which databases and roles are made. */

/** A connection as an administrator; one statement at a time. */
export interface SqlConnection {
  query<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

export interface DatabaseEndpoint {
  host: string;
  port: number;
  /** libpq's sslmode for those who connect. */
  sslmode: 'disable' | 'require' | 'verify-full';
  /** PEM of the authorities that sign its certificate, where systems do not know them. */
  authority?: string;
}

/** Where workloads find the authority of their database. */
export const AUTHORITY_PATH = '/etc/berth/database-authority.pem';

/** Who logs in to which database. All that is done to copy it is done as this role, whose code runs then. */
export interface DatabaseLogin {
  database: string;
  username: string;
  password: string;
}

/** How much was copied. */
export interface CopySummary {
  tables: number;
  rows: number;
}

export interface DatabaseServer {
  /** The administrator may do all, also to sessions and tables of others. */
  superuser?: true;
  /** Whether the file system of its data clones files instead of copying them; absent where nobody can tell. */
  clonesFiles?(): Promise<boolean>;
  /**
   * Connects as administrator, starting the server if it does not run yet.
   * @param database defaults to the maintenance database
   * @throws Problem unavailable
   */
  connect(database?: string): Promise<SqlConnection>;
  /** Where workloads connect. */
  endpoint(): Promise<DatabaseEndpoint>;
  /**
   * All of a database as it is at one moment, compressed, while others go on with it. What is read fails with CopyFailed
   * or the reason of the signal.
   */
  readCopy(login: DatabaseLogin, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Fills an empty database from what `readCopy` gave, perhaps of another owner or on another server, and compares the two: every object,
   * every row, every sequence.
   * @throws CopyFailed where they are not equal, or the copy is damaged
   */
  loadCopy(
    login: DatabaseLogin,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<CopySummary>;
  /**
   * Changes a copy by statements of SQL in one transaction. Values that they replaced can stay in its files and statistics: a
   * copy of it has none of them.
   * @throws MaskingFailed, with the copy in any state
   */
  maskCopy(login: DatabaseLogin, statements: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface ServerOwner {
  /** A text that is written on the server, which tells it from those that are not ours. */
  tag: string;
  operation: string;
}

/** Servers that are made for one resource each. */
export interface DedicatedServers {
  /** As that of `DatabaseServer`, for all of them. */
  superuser?: true;
  /**
   * Makes a server; with the same name and tag again it changes nothing.
   * @param name at most 63 lower-case letters, digits and single hyphens; a letter first, no hyphen last
   * @returns undefined while it is being made, which may take minutes: ask again
   * @throws ServerNotOurs | TransientError (one of that name is still being removed)
   */
  ensure(name: string, owner: ServerOwner): Promise<DatabaseServer | undefined>;
  /**
   * Removes a server with all data; where the place can, a last snapshot of it stays. Idempotent.
   * @returns whether nothing is left of it; ask again until then
   * @throws ServerNotOurs
   */
  remove(name: string, tag: string): Promise<boolean>;
  /** Names of the last snapshots that stay of servers of this name and tag; absent where there are none. */
  snapshots?(name: string, tag: string): Promise<string[]>;
  /** Whether anything is there under the name, and carries the tag. */
  exists(name: string, tag: string): Promise<boolean>;
}

/** The shared server, and servers of their own where the place can make them. */
export interface Databases extends DatabaseServer {
  dedicated?: DedicatedServers;
  close(): Promise<void>;
}
