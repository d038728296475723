/**
 * One Redis server of this machine, in a directory of its own:
 *
 *     owner  port  asleep      whose it is, where it listens, and whether it is to rest
 *     settings.json  admin     what it is set to, and the administrator's password
 *     data/                    the server's own: users.acl, its process's id, and all that it keeps
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../core/problem.ts';
import type { CacheLogin, CacheSpec } from '../../../ports/caches.ts';
import {
  aclFile,
  checkLogin,
  loginsOf,
  redisSettings,
  tenantRules,
  withLogin,
} from '../../../ports/rules/redis-users.ts';
import { replaceFile } from '../../files/atomic-file.ts';
import type { RunningProgram } from '../../system/program.ts';
import { keptPort } from '../loopback-port.ts';
import type { OwnedServer } from '../owned-servers.ts';
import { runsIn } from '../postgres/pidfile.ts';
import { type Account, serverAccount } from '../server-account.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import type { FoundRedis } from './redis-program.ts';

export interface LocalRedis extends OwnedServer {
  ensure(spec: CacheSpec, login: CacheLogin): Promise<number>;
  allow(login: CacheLogin): Promise<number>;
  disable(username: string): Promise<void>;
  sleep(): Promise<void>;
  wake(): Promise<void>;
}

export interface LocalRedisOptions {
  directory: string;
  find(): Promise<FoundRedis>;
  log(line: string): void;
}

interface Running {
  program: RunningProgram;
  port: number;
}

type Settings = Omit<CacheSpec, 'operation'>;

const ADMINISTRATOR = 'berth';
/** It reads all that it kept before it is ready. */
const START_TIMEOUT = 60_000;
/** It writes what is not on the disk yet. */
const STOP_TIMEOUT = 10_000;
const POLL = 20;
const REVIVE_AFTER = 1_000;
/** What could not be started is tried again after this time, milliseconds. */
const AGAIN_AFTER = 10_000;
const SAID_LINES = 20;

export function createRedisServer({ directory, find, log }: LocalRedisOptions): LocalRedis {
  const path = (name: string): string => join(directory, name);
  const users = join(directory, 'data', 'users.acl');
  let running: Promise<Running> | undefined;
  let isClosing = false;

  const readLogins = async (): Promise<CacheLogin[]> =>
    loginsOf(await readFile(users, 'utf8').catch(() => ''));

  async function writeLogins(logins: readonly CacheLogin[], account: Account | undefined): Promise<void> {
    const password = await administrator();
    const hash = createHash('sha256').update(password).digest('hex');
    const own = `user ${ADMINISTRATOR} reset on #${hash} ~* &* +@all`;
    const text = aclFile(logins, [own]);
    // A server that starts at this moment finds a file that it may read.
    await replaceFile(users, async (file) => {
      await file.writeFile(text);
      if (account) await file.chown(account.uid, account.gid);
    });
  }

  async function administrator(): Promise<string> {
    const kept = (await readFile(path('admin'), 'utf8').catch(() => '')).trim();
    if (kept !== '') return kept;
    const password = randomBytes(32).toString('base64url');
    await replaceFile(path('admin'), (file) => file.writeFile(`${password}\n`));
    return password;
  }

  async function readSettings(): Promise<Settings | undefined> {
    const text = await readFile(path('settings.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Settings);
  }

  async function start(): Promise<Running> {
    const found = await find();
    if ('why' in found) throw notStarted(found.why, found.hint);
    const settings = await readSettings();
    if (!settings) throw notStarted('it was never made');
    const data = path('data');
    await mkdir(data, { recursive: true, mode: 0o700 });
    const account = await serverAccount(data);
    if (account) await chown(data, account.uid, account.gid);
    await endFormer(await realpath(data));
    await writeLogins(await readLogins(), account);
    const port = await keptPort(directory);
    const said: string[] = [];
    const program = found.run({
      data,
      account,
      settings: { ...redisSettings(settings), aclfile: 'users.acl' },
      port,
      onLine(line) {
        said.push(line);
        if (said.length > SAID_LINES) said.shift();
      },
    });
    await writeFile(path('pid'), program.pid === undefined ? '' : `${program.pid}\n`);
    let isOver = false;
    const over = program.exited.then(({ error }) => {
      isOver = true;
      return error?.message ?? 'it ended';
    });
    const outcome = await Promise.race([whenReady(port, () => isOver), over]);
    if (outcome === undefined) return { program, port };
    await program.stop(0);
    throw notStarted(said.findLast((line) => /#|fatal|error/i.test(line))?.replace(/^.*# /, '') ?? outcome);
  }

  /** A server that an earlier life of Berth left running has all on the disk once it is asked to end. */
  async function endFormer(data: string): Promise<void> {
    const pid = Number(await readFile(path('pid'), 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid <= 1) return;
    const deadline = performance.now() + STOP_TIMEOUT;
    for (let isAsked = false; await runsIn(pid, data, '-server'); isAsked = true) {
      process.kill(pid, performance.now() > deadline ? 'SIGKILL' : isAsked ? 0 : 'SIGTERM');
      await sleep(POLL);
    }
  }

  async function whenReady(port: number, isOver: () => boolean): Promise<string | undefined> {
    const deadline = performance.now() + START_TIMEOUT;
    for (;;) {
      try {
        await asAdministrator(port, (connection) => connection.send('PING'));
        return undefined;
      } catch (error) {
        if (isOver() || performance.now() > deadline) return (error as Error).message;
        await sleep(POLL);
      }
    }
  }

  async function asAdministrator<T>(
    port: number,
    work: (connection: RedisConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await connectRedis(port, ADMINISTRATOR, await administrator());
    return work(connection).finally(() => connection.end());
  }

  function ensureRunning(): Promise<Running> {
    if (isClosing) throw notStarted('Berth is stopping');
    if (running) return running;
    const starting = start();
    running = starting;
    const forget = (): void => {
      if (running === starting) running = undefined;
    };
    starting.then(({ program }) => {
      program.exited.then(() => {
        const isUnexpected = running === starting;
        forget();
        if (!isUnexpected || isClosing) return;
        log(`The Redis server in ${directory} ended unexpectedly; starting it again`);
        setTimeout(revive, REVIVE_AFTER).unref();
      });
    }, forget);
    return starting;
  }

  /** Workloads hold connections too, so that a server that ended does not wait for Berth to need it. */
  function revive(): void {
    if (isClosing || running || existsSync(path('asleep')) || !existsSync(path('settings.json'))) return;
    ensureRunning().catch((error: Error) => {
      log(error.message);
      setTimeout(revive, AGAIN_AFTER).unref();
    });
  }

  async function allow(login: CacheLogin): Promise<number> {
    checkLogin(login);
    const data = path('data');
    await mkdir(data, { recursive: true, mode: 0o700 });
    // What it reads when it starts comes first: a crash in between loses nobody.
    await writeLogins(withLogin(await readLogins(), login), await serverAccount(data));
    const { port } = await ensureRunning();
    await asAdministrator(port, (connection) =>
      connection.send('ACL', 'SETUSER', login.username, ...tenantRules(login)),
    );
    return port;
  }

  async function stop(): Promise<void> {
    const present = running;
    running = undefined;
    const started = await present?.catch(() => undefined);
    await started?.program.stop(STOP_TIMEOUT);
  }

  return {
    async ensure({ memoryBytes, eviction }, login) {
      const settings = { memoryBytes, eviction };
      await rm(path('asleep'), { force: true });
      if (JSON.stringify(await readSettings()) !== JSON.stringify(settings)) {
        await replaceFile(path('settings.json'), (file) => file.writeFile(JSON.stringify(settings)));
        const started = await running?.catch(() => undefined);
        if (started)
          await asAdministrator(started.port, async (connection) => {
            for (const [name, value] of Object.entries(redisSettings(settings)))
              if (name.startsWith('maxmemory')) await connection.send('CONFIG', 'SET', name, value);
          });
      }
      return allow(login);
    },

    allow,

    async disable(username) {
      const logins = await readLogins();
      const rest = logins.filter((login) => login.username !== username);
      if (rest.length < logins.length) await writeLogins(rest, await serverAccount(path('data')));
      const started = await running?.catch(() => undefined);
      // With the user its connections end.
      if (started)
        await asAdministrator(started.port, (connection) => connection.send('ACL', 'DELUSER', username));
    },

    async sleep() {
      await writeFile(path('asleep'), '');
      await stop();
    },

    async wake() {
      await rm(path('asleep'), { force: true });
      await ensureRunning();
    },

    async resume() {
      revive();
      await running?.catch(() => undefined);
    },

    async close() {
      isClosing = true;
      await stop();
    },
  };
}

const notStarted = (why: string, hint = 'Look at what Berth logs of it, then try again.'): Problem =>
  new Problem('unavailable', `The Redis server can not start: ${why.replace(/\.$/, '')}.`, {
    hint,
  });
