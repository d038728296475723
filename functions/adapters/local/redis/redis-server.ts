/**
 * One Redis server of this machine, in a directory of its own:
 *
 *     settings.json  admin     what it is set to, and the administrator's password
 *     data/users.acl           who may do what
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { createKeptServer, type KeptServer, notStarted } from '../kept-server.ts';
import { type Account, serverAccount } from '../server-account.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import type { FoundRedis } from './redis-program.ts';

export interface LocalRedis extends Pick<KeptServer, 'sleep' | 'wake' | 'resume' | 'close'> {
  ensure(spec: CacheSpec, login: CacheLogin): Promise<number>;
  allow(login: CacheLogin): Promise<number>;
  disable(username: string): Promise<void>;
}

export interface LocalRedisOptions {
  directory: string;
  find(): Promise<FoundRedis>;
  log(line: string): void;
}

type Settings = Omit<CacheSpec, 'operation'>;

const TITLE = 'Redis server';
const ADMINISTRATOR = 'berth';

export function createRedisServer({ directory, find, log }: LocalRedisOptions): LocalRedis {
  const path = (name: string): string => join(directory, name);
  const users = join(directory, 'data', 'users.acl');
  const server = createKeptServer({
    directory,
    title: TITLE,
    program: '-server',
    isMade: () => existsSync(path('settings.json')),
    async launch({ data, account, port, onLine }) {
      const found = await find();
      if ('why' in found) throw notStarted(TITLE, found.why, found.hint);
      const settings = await readSettings();
      if (!settings) throw notStarted(TITLE, 'it was never made');
      await writeLogins(await readLogins(), account);
      return found.run({
        data,
        account,
        settings: { ...redisSettings(settings), aclfile: 'users.acl' },
        port,
        onLine,
      });
    },
    ping: (port) => asAdministrator(port, (connection) => connection.send('PING')),
    reason: (lines) => lines.findLast((line) => /#|fatal|error/i.test(line))?.replace(/^.*# /, ''),
    log,
  });

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

  async function asAdministrator<T>(
    port: number,
    work: (connection: RedisConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await connectRedis(port, ADMINISTRATOR, await administrator());
    return work(connection).finally(() => connection.end());
  }

  async function allow(login: CacheLogin): Promise<number> {
    checkLogin(login);
    const data = path('data');
    await mkdir(data, { recursive: true, mode: 0o700 });
    // What it reads when it starts comes first: a crash in between loses nobody.
    await writeLogins(withLogin(await readLogins(), login), await serverAccount(data));
    const { port } = await server.ensureRunning();
    await asAdministrator(port, (connection) =>
      connection.send('ACL', 'SETUSER', login.username, ...tenantRules(login)),
    );
    return port;
  }

  return {
    async ensure({ memoryBytes, eviction }, login) {
      const settings = { memoryBytes, eviction };
      await server.rouse();
      if (JSON.stringify(await readSettings()) !== JSON.stringify(settings)) {
        await replaceFile(path('settings.json'), (file) => file.writeFile(JSON.stringify(settings)));
        const started = await server.running();
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
      const started = await server.running();
      // With the user its connections end.
      if (started)
        await asAdministrator(started.port, (connection) => connection.send('ACL', 'DELUSER', username));
    },

    sleep: server.sleep,
    wake: server.wake,
    resume: server.resume,
    close: server.close,
  };
}
