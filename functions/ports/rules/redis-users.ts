/** Who may do what on a Redis server of Berth, as the lines of an ACL file: Redis 7 or newer, and Valkey. */
import type { CacheLogin } from '../caches.ts';

/**
 * All but what administers the server. Of what Redis calls dangerous, those are given that reach no further than a
 * program's own data, which clients and queues ask for.
 */
const TENANT =
  '~* &* +@all -@admin -@dangerous +info +keys +flushdb +flushall +sort +sort_ro +swapdb +role +acl|whoami';

/** The rules of one user; a user that is there already is changed to them. */
export const tenantRules = ({ passwordHash }: CacheLogin): string[] =>
  `reset on sanitize-payload #${passwordHash} ${TENANT}`.split(' ');

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const HASH = /^[0-9a-f]{64}$/;

/** @throws TypeError for what would be read as something else */
export function checkLogin({ username, passwordHash }: CacheLogin): void {
  if (!NAME.test(username) || username === 'default') throw new TypeError('that is no name of a Redis user');
  if (!HASH.test(passwordHash)) throw new TypeError('that is no SHA-256 in hex digits');
}

/** Nobody comes in without a password. @param more whole lines before those of tenants */
export const aclFile = (logins: readonly CacheLogin[], more: readonly string[] = []): string =>
  ['user default reset off', ...more, ...logins.map((login) => userLine(login))]
    .map((line) => `${line}\n`)
    .join('');

const userLine = (login: CacheLogin): string => `user ${login.username} ${tenantRules(login).join(' ')}`;

/** The logins that an ACL file lists. */
export const loginsOf = (text: string): CacheLogin[] =>
  text.split('\n').flatMap((line) => {
    const [, username = '', passwordHash = ''] =
      /^user (\S+) reset on sanitize-payload #([0-9a-f]{64}) /.exec(line) ?? [];
    return username === '' ? [] : [{ username, passwordHash }];
  });

/** The login is added to the others, in place of what it was. */
export const withLogin = (logins: readonly CacheLogin[], login: CacheLogin): CacheLogin[] =>
  [...logins.filter(({ username }) => username !== login.username), login].toSorted((one, other) =>
    one.username < other.username ? -1 : 1,
  );

/**
 * What a server may take with all around its data, bytes: while the log is written anew it is there twice, as far as its
 * data change meanwhile.
 */
export const redisMemoryLimit = (memoryBytes: number): number => Math.ceil(memoryBytes * 1.5) + 64 * 2 ** 20;

/** What a server of Berth is set to, wherever it runs. */
export const redisSettings = (spec: { memoryBytes: number; eviction: string }): Record<string, string> => ({
  maxmemory: String(spec.memoryBytes),
  'maxmemory-policy': spec.eviction,
  // What clients do not take away is bounded too.
  'maxmemory-clients': '25%',
  maxclients: '1000',
  // Every change is on the disk within a second, and nothing is written beside that.
  appendonly: 'yes',
  appendfsync: 'everysec',
  save: '',
  'auto-aof-rewrite-min-size': '16mb',
  'enable-debug-command': 'no',
  'enable-module-command': 'no',
  'enable-protected-configs': 'no',
  'lua-time-limit': '1000',
});

/** What a server in a cluster is given for sure, which has that much data. */
export const redisRequests = (memoryBytes: number): { cpu: number; memoryBytes: number } => ({
  cpu: 0.05,
  memoryBytes: memoryBytes + 32 * 2 ** 20,
});

/** The volume of a server in a cluster, bytes: the data, and what is written anew beside it. */
export const redisVolumeBytes = (memoryBytes: number): number => Math.max(2 ** 30, 4 * memoryBytes);
