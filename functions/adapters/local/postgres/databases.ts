/** Databases on one machine: a PostgreSQL server of our own, started when it is first needed. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../core/problem.ts';
import type {
  DatabaseLogin,
  DatabaseServer,
  Databases,
  DedicatedServers,
  SqlConnection,
} from '../../../ports/databases.ts';
import { clonesFiles } from '../../files/clones-files.ts';
import { closeToPublic, connectPostgres, sqlState } from '../../postgres/connections.ts';
import { maskCopy } from '../../postgres/copy/mask-copy.ts';
import { readCopy } from '../../postgres/copy/read-copy.ts';
import { loadData } from '../../postgres/dump/load-data.ts';
import { createOwnedServers } from '../owned-servers.ts';
import { serverAccount } from '../server-account.ts';
import { findBinaries } from './binaries.ts';
import { clusterProblem, createCluster, SUPERUSER } from './database-cluster.ts';
import { type Server, startServer, stopServer } from './server.ts';

export interface EmbeddedPostgresOptions {
  /**
   * Holds `data`, `password` (the administrator's, mode 0600), `port` and `postgres.log`. It is made with mode
   * 0700. As root the server runs as another account, which owns `data` alone.
   */
  directory: string;
  /** Lines about the server's starts and stops. */
  log?: (line: string) => void;
}

interface EmbeddedServer extends DatabaseServer {
  /** Starts the server if there are data already: after a restart workloads expect it. @throws Problem unavailable */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface EmbeddedPostgres extends Databases {
  dedicated: DedicatedServers;
  /** Starts the servers that have data: after a restart workloads expect them. @throws Problem unavailable */
  resume(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAINTENANCE = 'postgres';
const REVIVE_AFTER = 1_000;
const RECOVERY_TIMEOUT = 60_000;
const RECOVERY_POLL = 50;
/** SQLSTATE cannot_connect_now. */
const STARTING = '57P03';
/** Nobody listens there any more, or another server does, which has another password. */
const endedStates: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', '28P01']);

/** The shared server, and beside it any number of dedicated ones. */
export function createEmbeddedPostgres(options: EmbeddedPostgresOptions): EmbeddedPostgres {
  const shared = createEmbeddedServer(options);
  const servers = createOwnedServers({
    directory: join(options.directory, 'dedicated'),
    open: (directory) => createEmbeddedServer({ ...options, directory }),
  });
  return {
    superuser: true,
    clonesFiles: async () => clonesFiles(options.directory),
    connect: shared.connect,
    endpoint: shared.endpoint,
    readCopy: shared.readCopy,
    loadCopy: shared.loadCopy,
    maskCopy: shared.maskCopy,
    dedicated: {
      superuser: true,
      ensure: (name, { tag }) =>
        servers.ensure(name, tag, async (server) => {
          await server.endpoint();
          return server;
        }),
      remove: servers.remove,
      exists: servers.exists,
    },
    async resume() {
      await shared.resume();
      await servers.resume();
    },
    async close() {
      await Promise.all([shared.close(), servers.close()]);
    },
  };
}

function createEmbeddedServer(options: EmbeddedPostgresOptions): EmbeddedServer {
  const { directory, log = () => undefined } = options;
  const data = join(directory, 'data');
  let running: Promise<Running> | undefined;
  let closing: Promise<void> | undefined;

  const ensureRunning = (): Promise<Running> => {
    if (closing !== undefined) {
      throw new Problem('unavailable', 'The database server is not there: Berth is stopping.', {
        hint: 'Try again once Berth runs again.',
      });
    }
    if (running !== undefined) return running;
    const starting = bringUp(directory);
    running = starting;
    const forget = () => {
      if (running === starting) running = undefined;
    };
    starting.then(({ server }) => {
      const { pid, port, adopted } = server;
      log(`PostgreSQL ${adopted ? 'still runs' : 'started'} on port ${port} (process ${pid})`);
      server.exited.then(() => {
        forget();
        if (closing !== undefined) return;
        log('PostgreSQL ended unexpectedly; starting it again');
        setTimeout(revive, REVIVE_AFTER).unref();
      });
    }, forget);
    return starting;
  };

  /** Workloads hold connections too, so a server that ended does not wait for Berth to need it. */
  const revive = (): void => {
    if (closing !== undefined || running !== undefined) return;
    ensureRunning().catch((error: Error) => log(error.message));
  };

  const connect = async (database = MAINTENANCE): Promise<SqlConnection> => {
    const open = ({ server, password }: Running) => connectWhenReady(server.port, password, database);
    const starting = ensureRunning();
    const started = await starting;
    try {
      return await open(started);
    } catch (error) {
      // Nobody tells us when an adopted server ends.
      if (!endedStates.has(stateOf(error) ?? '')) throw error;
      if (running === starting) running = undefined;
      return open(await ensureRunning());
    }
  };

  const targetOf = async ({ database, username, password }: DatabaseLogin) => {
    const { server } = await ensureRunning();
    return { host: HOST, port: server.port, user: username, password, database };
  };

  return {
    superuser: true,
    connect,
    async endpoint() {
      const { server } = await ensureRunning();
      return { host: HOST, port: server.port, sslmode: 'disable' };
    },
    readCopy: async (login, signal) => readCopy(await targetOf(login), signal),
    loadCopy: async (login, chunks, signal) => loadData(await targetOf(login), chunks, signal),
    maskCopy: async (login, statements, signal) => maskCopy(await targetOf(login), statements, signal),
    async resume() {
      if (await exists(data)) await ensureRunning();
    },
    close() {
      closing ??= (async () => {
        const started = await running?.catch(() => undefined);
        if (started === undefined) return;
        await stopServer(started.server);
        log('PostgreSQL stopped');
      })();
      return closing;
    },
  };
}

interface Running {
  server: Server;
  password: string;
}

async function bringUp(directory: string): Promise<Running> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const data = join(directory, 'data');
    const account = await serverAccount(data);
    const { initdb, postgres } = await findBinaries(account);
    const password = await keptPassword(directory);
    const fresh = !(await exists(data));
    if (fresh) await createCluster({ initdb, account, directory, password });
    const server = await startProven({ postgres, account, directory }, password);
    return { server, password };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw clusterProblem(error instanceof Error ? error.message : String(error), error);
  }
}

/** A server that is ours: the password shows it, since both sides prove that they know it. */
async function startProven(options: Parameters<typeof startServer>[0], password: string): Promise<Server> {
  const deadline = performance.now() + RECOVERY_TIMEOUT;
  for (;;) {
    const server = await startServer(options);
    try {
      const sql = await connectWhenReady(server.port, password, MAINTENANCE);
      await closeToPublic(sql).finally(() => sql.end());
      return server;
    } catch (error) {
      if (!server.adopted) await stopServer(server);
      // A server that was found while it was being killed refuses connections until it is gone and started anew.
      const isDying = server.adopted && stateOf(error) === 'ECONNREFUSED';
      if (!isDying || performance.now() > deadline) throw error;
      await sleep(RECOVERY_POLL);
    }
  }
}

async function keptPassword(directory: string): Promise<string> {
  const file = join(directory, 'password');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept !== '') return kept;
  if (await exists(join(directory, 'data'))) {
    throw new Problem(
      'unavailable',
      'The database server can not be administered: its password file is missing.',
      {
        hint: `Put the file "password" back beside its data, or remove both to begin with no data.`,
      },
    );
  }
  const password = randomBytes(32).toString('base64url');
  const draft = await open(`${file}.new`, 'w', 0o600);
  try {
    await draft.writeFile(`${password}\n`);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
  return password;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Waits while the server recovers from a crash, its own or that of one of its processes. */
async function connectWhenReady(port: number, password: string, database: string): Promise<SqlConnection> {
  const deadline = performance.now() + RECOVERY_TIMEOUT;
  for (;;) {
    try {
      return await connectPostgres({ host: HOST, port, user: SUPERUSER, password, database });
    } catch (error) {
      if (!isRecovering(error) || performance.now() > deadline) throw error;
      await sleep(RECOVERY_POLL);
    }
  }
}

/** It says that it is starting, or it cut the connection off because one of its processes died. */
function isRecovering(error: unknown): boolean {
  const state = stateOf(error);
  if (state !== undefined) return state === STARTING || state === 'ECONNRESET';
  const cause = error instanceof Problem ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith('Connection terminated');
}

const stateOf = (error: unknown): string | undefined =>
  error instanceof Problem ? sqlState(error.cause) : undefined;
