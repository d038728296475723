/** Databases on a PostgreSQL server that runs by itself: the administrator's connection and where workloads connect. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { Databases, SqlConnection } from '../../ports/databases.ts';
import { closeToPublic, connectPostgres, type PostgresTarget, sqlState } from './connections.ts';
import { maskCopy } from './copy/mask-copy.ts';
import { readCopy } from './copy/read-copy.ts';
import { loadData } from './dump/load-data.ts';

export interface Credentials {
  username: string;
  password: string;
}

export interface PostgresServerOptions {
  host: string;
  port: number;
  /** The administrator's credentials; they are asked for again when the server refuses those that it gave before. */
  credentials(): Promise<Credentials>;
  /** Without it there is no TLS, as for a server that is reached within a network of its own. */
  tls?: PostgresTarget['tls'];
  /** Default `postgres`. */
  maintenanceDatabase?: string;
  /** How long a paused server may take to come back, milliseconds; default 60,000. */
  resumeMs?: number;
}

const CONNECT_TIMEOUT_MS = 15_000;
const RETRY_MS = 1_000;
/** The password was changed since it was read. */
const REFUSED = '28P01';
/** The server is paused, starting, or failing over. */
const NOT_YET = /^(57P03|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND)$/;

export function createPostgresServer(options: PostgresServerOptions): Databases {
  const { host, port, tls, maintenanceDatabase = 'postgres', resumeMs = 60_000 } = options;
  let known: Promise<Credentials> | undefined;
  let prepared: Promise<void> | undefined;
  let closed = false;

  async function attempt(database: string): Promise<SqlConnection> {
    known ??= options.credentials();
    const reading = known;
    try {
      const { username: user, password } = await reading;
      const target = { host, port, user, password, database, connectTimeoutMs: CONNECT_TIMEOUT_MS };
      return await connectPostgres({ ...target, ...(tls && { tls }) });
    } catch (error) {
      const read = await reading.then(
        () => true,
        () => false,
      );
      if ((!read || stateOf(error) === REFUSED) && known === reading) known = undefined;
      throw error;
    }
  }

  async function open(database: string): Promise<SqlConnection> {
    const end = performance.now() + resumeMs;
    for (let refused = false; ; ) {
      if (closed) throw stopped();
      try {
        return await attempt(database);
      } catch (error) {
        const state = stateOf(error) ?? '';
        if (state === REFUSED && !refused) refused = true;
        else if (NOT_YET.test(state) && performance.now() < end) await sleep(RETRY_MS);
        else throw error;
      }
    }
  }

  /**
   * The databases that come with a server are open to everybody: they are closed once, before anything else is done.
   */
  function prepare(): Promise<void> {
    prepared ??= (async () => {
      const sql = await open(maintenanceDatabase);
      await closeToPublic(sql).finally(() => sql.end());
    })();
    const preparing = prepared;
    preparing.catch(() => {
      if (prepared === preparing) prepared = undefined;
    });
    return preparing;
  }

  return {
    async connect(database = maintenanceDatabase) {
      await prepare();
      return open(database);
    },
    async endpoint() {
      if (closed) throw stopped();
      return {
        host,
        port,
        sslmode: tls ? 'verify-full' : 'disable',
        ...(tls && tls !== true && { authority: tls.ca }),
      };
    },
    readCopy: async ({ database, username, password }, signal) =>
      readCopy({ host, port, user: username, password, database, ...(tls && { tls }) }, signal),
    loadCopy: ({ database, username, password }, chunks, signal) =>
      loadData({ host, port, user: username, password, database, ...(tls && { tls }) }, chunks, signal),
    maskCopy: ({ database, username, password }, statements, signal) =>
      maskCopy({ host, port, user: username, password, database, ...(tls && { tls }) }, statements, signal),
    async close() {
      closed = true;
    },
  };
}

const stateOf = (error: unknown): string | undefined =>
  sqlState(error instanceof Problem ? error.cause : error);

const stopped = (): Problem =>
  new Problem('unavailable', 'The database server is not there: Berth is stopping.', {
    hint: 'Try again once Berth runs again.',
  });
