/** The database server's process: started, or adopted when it outlived the process that started it. */
import { spawn } from 'node:child_process';
import { open, readFile, realpath, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../core/problem.ts';
import { keptPort } from '../loopback-port.ts';
import type { Account } from '../server-account.ts';
import { clusterProblem, complaint, dataArgument, serverEnvironment } from './database-cluster.ts';
import { isAlive, readPidFile, runsIn } from './pidfile.ts';

export interface Server {
  pid: number;
  port: number;
  /** Its data directory, without symbolic links. */
  data: string;
  adopted: boolean;
  /** Resolves when the process that this process started is gone; never for an adopted one. */
  exited: Promise<void>;
}

export interface ServerOptions {
  postgres: string;
  account: Account | undefined;
  directory: string;
}

/** Crash recovery reads the write-ahead log, of which there is at most 256 MB. */
const START_TIMEOUT = 120_000;
const FAST_SHUTDOWN = 10_000;
const IMMEDIATE_SHUTDOWN = 5_000;
const LOG_BYTES = 10_000_000;
const POLL = 15;

/** Settings on the command line win over those in the data directory, and change with Berth. */
const settings = (port: number): Record<string, string | number> => ({
  listen_addresses: '127.0.0.1',
  port,
  unix_socket_directories: '',
  fsync: 'on',
  max_connections: 200,
  shared_buffers: '32MB',
  // There are no replicas on one machine: fewer processes run and less is written.
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  max_wal_size: '256MB',
  min_wal_size: '16MB',
  // What a database that was just made has in memory is on disk soon, so that a stop has little left to write.
  checkpoint_timeout: '30s',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Errors are the tenants' own: their statements may hold secrets, and their number has no bound.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
});

/**
 * Adopts the server that runs on the data directory, or starts one.
 * @throws Problem unavailable
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const data = await realpath(join(options.directory, 'data'));
  for (let attempt = 1; ; attempt++) {
    const running = await adopt(data);
    if (running !== undefined) return running;
    const started = await start(data, options);
    if (typeof started !== 'string') return started;
    // Another program took the port first, or processes of a server that was killed are still ending.
    const passing = /could not (bind|create any TCP)|pre-existing shared memory|lock file .* already exists/;
    if (!passing.test(started) || attempt === 5) throw clusterProblem(complaint(started));
    await sleep(200 * attempt);
  }
}

async function adopt(data: string): Promise<Server | undefined> {
  const deadline = performance.now() + START_TIMEOUT;
  for (;;) {
    const found = await readPidFile(data);
    if (found === undefined) return undefined;
    if (!(await runsIn(found.pid, data))) {
      // The process id may be another program's by now, and the server would take that one for its predecessor. The
      // rest of the file stays, because the server finds orphans of its predecessor by it.
      if (isAlive(found.pid)) await found.replacePid(2 ** 31 - 2);
      return undefined;
    }
    if (found.status === 'ready') {
      return { pid: found.pid, port: found.port, data, adopted: true, exited: new Promise(() => {}) };
    }
    if (performance.now() > deadline)
      throw clusterProblem(`process ${found.pid} holds its data but is not ready`);
    await sleep(POLL);
  }
}

/** What the log of the server says, where it does not start. */
async function start(data: string, options: ServerOptions): Promise<Server | string> {
  const { account, directory } = options;
  const port = await keptPort(directory);
  const logFile = join(directory, 'postgres.log');
  const before = await stat(logFile).catch(() => undefined);
  if (before !== undefined && before.size > LOG_BYTES) await rename(logFile, `${logFile}.1`);
  const log = await open(logFile, 'a', 0o600);
  const offset = (await log.stat()).size;
  const flags = Object.entries(settings(port)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(options.postgres, ['-D', dataArgument(data, account), ...flags], {
    cwd: data,
    env: serverEnvironment(),
    // A session of its own: Ctrl-C in a terminal reaches Berth alone, which stops the workloads first.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  child.unref();
  let ended: string | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (why: string) => {
      ended ??= why;
      resolve();
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', () => end(''));
  });
  await log.close();

  const deadline = performance.now() + START_TIMEOUT;
  while (ended === undefined) {
    const found = await readPidFile(data);
    if (found !== undefined && found.pid === child.pid && found.status === 'ready') {
      return { pid: found.pid, port, data, adopted: false, exited };
    }
    if (performance.now() > deadline) {
      child.kill('SIGQUIT');
      throw clusterProblem(`it was not ready after ${START_TIMEOUT / 1000} seconds`);
    }
    await sleep(POLL);
  }
  const said = (await readFile(logFile)).subarray(offset).toString('utf8');
  return ended || said || 'it ended at once';
}

/** Ends the server's sessions and the server; at worst without its last checkpoint, never losing a commit. */
export async function stopServer(server: Server): Promise<void> {
  const runs = () => runsIn(server.pid, server.data);
  for (const [signal, patience] of [
    ['SIGINT', FAST_SHUTDOWN],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN],
  ] as const) {
    if (!(await runs())) break;
    try {
      process.kill(server.pid, signal);
    } catch {
      break;
    }
    const deadline = performance.now() + patience;
    while (performance.now() < deadline && (await runs())) await sleep(POLL);
  }
  if (!(await runs())) return;
  throw new Problem('unavailable', `The database server does not stop: process ${server.pid} goes on.`, {
    hint: 'End that process by hand.',
  });
}
