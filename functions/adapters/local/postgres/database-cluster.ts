/** The data directory of the database server: made once, whole or not at all. */
import { spawn } from 'node:child_process';
import { chown, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import type { Account } from '../server-account.ts';

export const SUPERUSER = 'postgres';

const DRAFT = 'data-';

/** Only the administrator and tenants with their own password, only from this machine. */
const HOST_BASED_ACCESS = 'host all all 127.0.0.1/32 scram-sha-256\n';

export interface ClusterOptions {
  initdb: string;
  account: Account | undefined;
  /** Holds the data directory, `data`. */
  directory: string;
  password: string;
}

/**
 * What to call the data directory when it is the working directory. As root on Linux it is named through
 * /proc: the server's account then needs no access to the directories above, such as /root.
 */
export const dataArgument = (data: string, account: Account | undefined): string =>
  account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : data;

/** @throws Problem unavailable */
export async function createCluster({ initdb, account, directory, password }: ClusterOptions): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(DRAFT)) await rm(join(directory, name), { recursive: true, force: true });
  }
  const draft = await mkdtemp(join(directory, DRAFT));
  try {
    if (account !== undefined) await chown(draft, account.uid, account.gid);
    const args = [
      `--pgdata=${dataArgument(draft, account)}`,
      `--username=${SUPERUSER}`,
      '--auth=scram-sha-256',
      '--pwfile=/dev/stdin',
      '--encoding=UTF8',
      // This locale sorts and folds the same on every system.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      // Segments of the write-ahead log, MB: a small database stays small.
      '--wal-segsize=4',
      '--no-instructions',
    ];
    await initialise(initdb, args, { draft, account, password, directory });
    await writeFile(join(draft, 'pg_hba.conf'), HOST_BASED_ACCESS);
    await rename(draft, join(directory, 'data'));
    const handle = await open(directory);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof Problem) throw error;
    throw clusterProblem(error instanceof Error ? error.message : String(error), error);
  }
}

interface Initialisation {
  draft: string;
  directory: string;
  account: Account | undefined;
  password: string;
}

async function initialise(initdb: string, args: string[], options: Initialisation): Promise<void> {
  const { draft, directory, account, password } = options;
  // The password goes through a file that has no name any more when the program reads it.
  const passwordFile = join(directory, `${DRAFT}password`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  const stdin = await open(passwordFile, 'r');
  await rm(passwordFile);
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(initdb, args, {
        cwd: draft,
        env: serverEnvironment(),
        stdio: [stdin.fd, 'ignore', 'pipe'],
        ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
      });
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000);
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(complaint(said)))));
    });
  } finally {
    await stdin.close();
  }
}

/** Nothing of Berth's own environment reaches the server. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
});

/** Of what a PostgreSQL program printed, the line that says why it failed. */
export function complaint(said: string): string {
  const lines = said.trim().split('\n');
  const line = lines.findLast((text) => /\b(FATAL|PANIC|error):/.test(text)) ?? lines.at(-1) ?? '';
  return line.replace(/^.*?\b(FATAL|PANIC|error):\s*/, '') || 'it said nothing';
}

export function clusterProblem(why: string, cause?: unknown): Problem {
  const full = /No space left|ENOSPC|disk quota/i.test(why);
  return new Problem('unavailable', `The database server can not start: ${why.replace(/\.$/, '')}.`, {
    hint: full
      ? 'Free some disk space, then try again.'
      : 'Its own log is postgres.log in its directory below the data directory of Berth.',
    cause,
  });
}
