/** Redis servers of one machine: the contract of the port, what a machine does to them, and the resource type on them. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalCaches, type LocalCaches } from '../../../functions/adapters/local/redis/caches.ts';
import { findRedis } from '../../../functions/adapters/local/redis/redis-program.ts';
import type { CacheEndpoint } from '../../../functions/ports/caches.ts';
import { cachesContract } from '../../contracts/caches/caches.ts';
import { redisContract } from '../../contracts/caches/redis.ts';
import { openPorts } from '../../resources/ports.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const missing =
  spawnSync('redis-server', ['--version']).status !== 0 || spawnSync('redis-cli', ['-v']).status !== 0;
if (missing) console.log('Redis servers skipped: redis-server and redis-cli are not here');

const makeDirectory = temporaryDirectories();
const made: LocalCaches[] = [];
afterAll(() => Promise.all(made.map((caches) => caches.close())));

function open(directory: string, lines: string[] = []): LocalCaches {
  const find = () => findRedis(process.env.PATH ?? '');
  const caches = createLocalCaches({ directory, find, log: (line) => lines.push(line) });
  made.push(caches);
  return caches;
}

async function ask({ host, port }: CacheEndpoint, username: string, password: string, ...words: string[]) {
  const flags = ['-h', host, '-p', String(port), '--user', username, '--no-auth-warning', ...words];
  const env = { ...process.env, REDISCLI_AUTH: password };
  const ran = await promisify(execFile)('redis-cli', flags, { env }).catch(
    (error) => error as { stdout: string; stderr: string },
  );
  return (ran.stdout + ran.stderr).trim();
}

const environment = { project: 'demo', environment: 'dev', environmentId: 'one' };
const spec = { memoryBytes: 64 * 2 ** 20, eviction: 'noeviction', operation: 'op' };
const login = {
  username: 'app',
  passwordHash: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
};

describe.skipIf(missing)('Redis on one machine', () => {
  cachesContract('processes of this machine', async () => ({
    caches: open(makeDirectory()),
    ask,
    environment,
    dispose: async () => undefined,
  }));

  redisContract('processes of this machine', async () => {
    const ports = await openPorts(makeDirectory());
    return { ports: { ...ports, caches: open(makeDirectory()) }, ask, dispose: () => ports.close() };
  });

  describe('a server', () => {
    const directory = makeDirectory();
    const cache = { ...environment, name: 'redis-machine', tag: 'berth:one' };
    const get = (at: CacheEndpoint, ...words: string[]) => ask(at, 'app', 'password', ...words);
    const pid = () => Number(readFileSync(join(directory, cache.name, 'pid'), 'utf8'));

    let first: LocalCaches;
    it('that is killed comes back by itself with what was written, at the same address', async () => {
      const lines: string[] = [];
      first = open(directory, lines);
      const at = await first.ensure(cache, spec, login);
      expect(await get(at!, 'SET', 'kept', 'yes')).toBe('OK');
      const before = pid();
      process.kill(before, 'SIGKILL');
      await expect.poll(() => get(at!, 'GET', 'kept'), { timeout: 20_000 }).toBe('yes');
      expect(pid()).not.toBe(before);
      expect(lines.join()).toContain('ended unexpectedly');
    });

    it('that an earlier life of Berth left running is ended, and its data go on', async () => {
      await first.close();
      const place = join(directory, cache.name);
      const data = join(place, 'data');
      const { uid, gid } = statSync(data);
      const port = readFileSync(join(place, 'port'), 'utf8').trim();
      const left = spawn('redis-server', ['--port', port, '--appendonly', 'yes'], { cwd: data, uid, gid });
      writeFileSync(join(place, 'pid'), String(left.pid));
      const before = pid();
      const next = open(directory);
      await next.resume();
      const at = await next.ensure(cache, spec, login);
      expect(pid()).not.toBe(before);
      expect(await get(at!, 'GET', 'kept')).toBe('yes');
      await next.close();
      await expect(next.ensure(cache, spec, login)).rejects.toThrow('Berth is stopping');
    });

    it('that sleeps is not started with Berth; the others are', async () => {
      const caches = open(directory);
      await caches.resume();
      expect(existsSync(`/proc/${pid()}`)).toBe(true);
      await caches.sleep(cache);
      await caches.close();
      const before = pid();
      const next = open(directory);
      await next.resume();
      expect(pid()).toBe(before);
      expect(existsSync(`/proc/${before}`)).toBe(false);
      await next.wake(cache);
      expect(
        await get(
          { host: '127.0.0.1', port: Number(readFileSync(join(directory, cache.name, 'port'))) },
          'GET',
          'kept',
        ),
      ).toBe('yes');
    });

    it('listens on the loopback interface alone, keeps no password, and does not run as root', () => {
      const place = join(directory, cache.name);
      const args = readFileSync(`/proc/${pid()}/cmdline`, 'utf8').replaceAll('\0', ' ');
      expect(args).toContain('127.0.0.1');
      expect(readFileSync(join(place, 'data', 'users.acl'), 'utf8')).not.toContain('password');
      expect(statSync(place).mode & 0o077).toBe(0);
      expect(statSync(`/proc/${pid()}`).uid).not.toBe(0);
    });
  });

  it('that are not there, or too old, are refused with what helps', async () => {
    const find = async () => ({ why: 'this machine has no redis-server', hint: 'Install redis-server.' });
    const caches = createLocalCaches({ directory: makeDirectory(), find });
    expect(await caches.refusal()).toMatchObject({ why: expect.stringContaining('no redis-server') });
    const cache = { ...environment, name: 'redis-none', tag: 'berth:one' };
    await expect(caches.ensure(cache, spec, login)).rejects.toMatchObject({ code: 'unavailable' });
    await caches.remove(cache);
    expect(await caches.inventory(cache)).toEqual([]);
  });
});

it.runIf(missing)('is skipped where redis-server is absent', () => undefined);
