/** What every Caches adapter guarantees. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import type { CacheEndpoint, CacheRef, Caches } from '../../../functions/ports/caches.ts';
import { ServerNotOurs } from '../../../functions/ports/rules/server-not-ours.ts';

export interface CachesSubject {
  caches: Caches;
  /**
   * Runs one command with a client that others wrote, from where workloads run.
   * @returns what it prints, errors of the server too
   */
  ask(at: CacheEndpoint, username: string, password: string, ...words: string[]): Promise<string>;
  /** Makes the environments that servers are made in. */
  environment: { project: string; environment: string; environmentId: string };
  dispose(): Promise<void>;
}

const login = (username: string, password: string) => ({
  username,
  passwordHash: createHash('sha256').update(password).digest('hex'),
});
const spec = { memoryBytes: 64 * 2 ** 20, eviction: 'noeviction', operation: 'op' };

/** Asks again until it is there, as workflows do. */
export async function settled<T>(work: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await work();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

export function cachesContract(name: string, makeSubject: () => Promise<CachesSubject>): void {
  describe(`Caches: ${name}`, { timeout: 120_000 }, () => {
    let subject: CachesSubject;
    let caches: Caches;
    let cache: CacheRef;
    let at: CacheEndpoint;
    const as = (username: string, password: string, ...words: string[]) =>
      subject.ask(at, username, password, ...words);
    const gone = async (ref: CacheRef) => settled(async () => (await caches.remove(ref)) || undefined);

    beforeAll(async () => {
      subject = await makeSubject();
      ({ caches } = subject);
      cache = { ...subject.environment, name: 'redis-contract-1', tag: 'berth:one:redis' };
      at = await settled(() => caches.ensure(cache, spec, login('app', 'first')));
    });
    afterAll(() => subject?.dispose());

    it('can be had, wherever it is asked', async () => {
      expect(await caches.refusal()).toBeUndefined();
      expect(await caches.refusal(subject.environment)).toBeUndefined();
    });

    it('lets in who has the password, and nobody else', async () => {
      expect(await as('app', 'first', 'SET', 'greeting', 'ahoy')).toBe('OK');
      expect(await as('app', 'first', 'GET', 'greeting')).toBe('ahoy');
      for (const [username, password] of [
        ['app', 'wrong'],
        ['app', ''],
        ['default', ''],
        ['default', 'first'],
        ['app-b', 'first'],
      ] as const)
        expect(await as(username, password, 'GET', 'greeting'), username).toMatch(/NOAUTH|WRONGPASS/);
    });

    it('lets a program do what queues and sessions need, and nothing that administers the server', async () => {
      for (const words of [
        ['INFO', 'memory'],
        ['KEYS', '*'],
        ['EVAL', 'return redis.call("GET", KEYS[1])', '1', 'greeting'],
        ['XADD', 'stream', '*', 'a', 'b'],
        ['PUBLISH', 'news', 'hi'],
        ['ACL', 'WHOAMI'],
      ])
        expect(await as('app', 'first', ...words), words.join(' ')).not.toMatch(/ERR|NOPERM/);
      for (const words of [
        ['CONFIG', 'GET', 'dir'],
        ['ACL', 'LIST'],
        ['ACL', 'SETUSER', 'mine', 'on'],
        ['DEBUG', 'SLEEP', '0'],
        ['SHUTDOWN', 'NOSAVE'],
        ['REPLICAOF', 'localhost', '1'],
        ['MODULE', 'LIST'],
        ['CLIENT', 'KILL', 'TYPE', 'normal'],
        ['MONITOR'],
        ['SAVE'],
        ['MIGRATE', 'localhost', '1', 'greeting', '0', '1'],
      ])
        expect(await as('app', 'first', ...words), words.join(' ')).toMatch(/NOPERM|not allowed/);
    });

    it('changes nothing when it is asked for again, and takes up what has changed', async () => {
      expect(await settled(() => caches.ensure(cache, spec, login('app', 'first')))).toEqual(at);
      const more = { ...spec, memoryBytes: 96 * 2 ** 20, eviction: 'allkeys-lru' };
      expect(await settled(() => caches.ensure(cache, more, login('app', 'first')))).toEqual(at);
      const memory = await as('app', 'first', 'INFO', 'memory');
      expect(memory).toContain('maxmemory:100663296');
      expect(memory).toContain('maxmemory_policy:allkeys-lru');
      expect(await as('app', 'first', 'GET', 'greeting')).toBe('ahoy');
    });

    it('refuses writes past its memory, and stays', async () => {
      const full = { ...cache, name: 'redis-contract-2' };
      const other = await settled(() =>
        caches.ensure(full, { ...spec, memoryBytes: 8 * 2 ** 20 }, login('app', 'first')),
      );
      const fill = 'return redis.call("SET", ARGV[1], string.rep("x", 2097152))';
      const said: string[] = [];
      for (let at = 0; at < 6; at++)
        said.push(await subject.ask(other, 'app', 'first', 'EVAL', fill, '0', `k${at}`));
      expect(said[0]).toBe('OK');
      expect(said.at(-1)).toContain('OOM');
      expect(await subject.ask(other, 'app', 'first', 'PING')).toBe('PONG');
      await gone(full);
    });

    it('has two logins beside each other until one is disabled, which comes back by no restart', async () => {
      expect(await settled(() => caches.allow(cache, login('app-b', 'second')))).toEqual(at);
      expect(await as('app', 'first', 'GET', 'greeting')).toBe('ahoy');
      expect(await as('app-b', 'second', 'GET', 'greeting')).toBe('ahoy');
      await caches.disable(cache, 'app');
      await caches.disable(cache, 'app');
      expect(await as('app-b', 'second', 'GET', 'greeting')).toBe('ahoy');
      await expect.poll(() => as('app', 'first', 'PING'), { timeout: 60_000 }).toMatch(/WRONGPASS/);
      await caches.sleep(cache);
      await caches.wake(cache);
      await expect.poll(() => as('app-b', 'second', 'GET', 'greeting'), { timeout: 60_000 }).toBe('ahoy');
      expect(await as('app', 'first', 'PING')).toMatch(/WRONGPASS/);
    });

    it('sleeps with its data, again and again, and is asked for by a deployment too', async () => {
      await as('app-b', 'second', 'SET', 'kept', 'yes');
      await caches.sleep(cache);
      await caches.sleep(cache);
      await expect.poll(() => as('app-b', 'second', 'PING'), { timeout: 60_000 }).not.toBe('PONG');
      expect(await caches.inventory(cache)).not.toEqual([]);
      expect(await settled(() => caches.ensure(cache, spec, login('app-b', 'second')))).toEqual(at);
      expect(await as('app-b', 'second', 'GET', 'kept')).toBe('yes');
    });

    it('is nobody else’s: another tag neither takes it, changes it nor removes it', async () => {
      const other = { ...cache, tag: 'berth:two:redis' };
      for (const work of [
        () => caches.ensure(other, spec, login('app', 'taken')),
        () => caches.allow(other, login('app', 'taken')),
        () => caches.disable(other, 'app-b'),
        () => caches.sleep(other),
        () => caches.remove(other),
      ])
        await expect(work()).rejects.toThrow(ServerNotOurs);
      expect(await caches.inventory(other)).toEqual([]);
      expect(await as('app-b', 'second', 'GET', 'kept')).toBe('yes');
    });

    it('takes no name of a user, and no password, that would say something else to the server', async () => {
      for (const bad of [
        { username: 'app on nopass', passwordHash: 'a'.repeat(64) },
        { username: 'default', passwordHash: 'a'.repeat(64) },
        { username: 'app', passwordHash: 'nopass' },
        { username: 'app', passwordHash: `${'a'.repeat(64)} ~* +@all` },
      ])
        await expect(caches.allow(cache, bad)).rejects.toThrow(TypeError);
    });

    it('is removed with its data, once and again; a new one of its name is empty', async () => {
      await gone(cache);
      await gone(cache);
      expect(await caches.inventory(cache)).toEqual([]);
      await caches.sleep(cache);
      await caches.wake(cache);
      await caches.disable(cache, 'app');
      await expect(caches.allow(cache, login('app', 'x'))).rejects.toThrow(Problem);
      expect(await caches.inventory(cache)).toEqual([]);
      at = await settled(() => caches.ensure(cache, spec, login('app', 'third')));
      expect(await as('app', 'third', 'GET', 'kept')).toBe('');
      await gone(cache);
    });
  });
}
