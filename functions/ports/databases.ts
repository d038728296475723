/** A PostgreSQL server on which databases and roles are made. */

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
}

export interface Databases {
  /**
   * Connects as administrator, starting the server if it does not run yet.
   * @param database defaults to the maintenance database
   * @throws Problem unavailable
   */
  connect(database?: string): Promise<SqlConnection>;
  /** Where workloads connect. */
  endpoint(): Promise<DatabaseEndpoint>;
  close(): Promise<void>;
}
