/** What the type `redis` guarantees wherever its servers are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResourceOutputs } from '../../../functions/core/model/index.ts';
import type { CacheEndpoint } from '../../../functions/ports/caches.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { redis } from '../../../functions/resources/redis.ts';
import { ResourcePending } from '../../../functions/resources/type.ts';
import { problemOf, requestFor } from '../../resources/ports.ts';
import { settled } from './caches.ts';

export interface RedisSubject {
  ports: Ports;
  /** As of the contract of Caches. */
  ask(at: CacheEndpoint, username: string, password: string, ...words: string[]): Promise<string>;
  dispose(): Promise<void>;
}

/** What workflows do with a resource that takes its time. */
export const untilDone = <T>(work: () => Promise<T>): Promise<T> =>
  settled(async () => {
    try {
      return { done: await work() };
    } catch (error) {
      if (error instanceof ResourcePending) return undefined;
      throw error;
    }
  }).then(({ done }) => done);

export function redisContract(name: string, makeSubject: () => Promise<RedisSubject>): void {
  describe(`redis: ${name}`, { timeout: 120_000 }, () => {
    let subject: RedisSubject;
    let ports: Ports;
    beforeAll(async () => {
      subject = await makeSubject();
      ({ ports } = subject);
    });
    afterAll(() => subject?.dispose());

    const request = requestFor({ type: 'redis' }, { name: 'cache' });
    const provision = (asked = request) => untilDone(() => redis.provision(ports, asked));
    const secretOf = async (outputs: ResourceOutputs, output: string) => {
      const { secret, version } = outputs.secrets[output] ?? { secret: '', version: '' };
      return ports.secrets.get(secret, version);
    };
    /** By the very URL that a workload is given. */
    const ask = async (outputs: ResourceOutputs, ...words: string[]) => {
      const url = new URL((await secretOf(outputs, 'url')) ?? '');
      const at = { host: url.hostname, port: Number(url.port) };
      return subject.ask(at, url.username, decodeURIComponent(url.password), ...words);
    };

    it('gives the outputs that other implementations of Score give, and a URL; the same each time', async () => {
      const outputs = await provision();
      const { host = '', port = '', username = '' } = outputs.values;
      expect(Object.keys(outputs.values).sort()).toEqual(['host', 'port', 'username']);
      expect(Object.keys(outputs.secrets).sort()).toEqual(['password', 'url']);
      const password = (await secretOf(outputs, 'password')) ?? '';
      expect(await secretOf(outputs, 'url')).toBe(`redis://${username}:${password}@${host}:${port}`);
      expect(await provision()).toEqual(outputs);
      expect(await ask(outputs, 'SET', 'a', '1')).toBe('OK');
      expect(await ask(outputs, 'GET', 'a')).toBe('1');
    });

    it('is one for each workload and environment, which the others’ password does not open', async () => {
      const outputs = await provision();
      const others = [
        requestFor({ type: 'redis' }, { name: 'other' }),
        requestFor({ type: 'redis' }, { name: 'cache', environment: 'production' }),
      ];
      for (const other of others) {
        const made = await provision(other);
        const { host = '', port } = made.values;
        const at = { host, port: Number(port) };
        const mine = (await secretOf(outputs, 'password')) ?? '';
        expect(await subject.ask(at, outputs.values.username ?? '', mine, 'PING')).toMatch(/WRONGPASS/);
        expect(await ask(made, 'GET', 'a')).toBe('');
        await untilDone(() => redis.deprovision(ports, other));
        expect(await redis.inventory(ports, other)).toEqual([]);
      }
    });

    it('is as large as its class says, and evicts as its params say', async () => {
      const large = requestFor(
        { type: 'redis', class: 'large', params: { eviction: 'allkeys-lru' } },
        { name: 'l' },
      );
      const memory = await ask(await provision(large), 'INFO', 'memory');
      expect(memory).toContain(`maxmemory:${2 ** 30}`);
      expect(memory).toContain('maxmemory_policy:allkeys-lru');
      await untilDone(() => redis.deprovision(ports, large));
    });

    it('rotates: the password in use is good until it is retired', async () => {
      const { rotate, restore, retire } = redis.rotation ?? {};
      if (!rotate || !restore || !retire) throw new Error('it has no rotation');
      const first = await provision();
      const second = await untilDone(() => rotate(ports, request, first));
      expect(second.values.username).not.toBe(first.values.username);
      expect(await untilDone(() => rotate(ports, request, first))).toEqual(second);
      for (const outputs of [first, second]) expect(await ask(outputs, 'GET', 'a')).toBe('1');
      expect(await provision()).toEqual(second);
      // Taken back, the former is current again.
      await restore(ports, request, first);
      expect((await provision()).values.username).toBe(first.values.username);
      const third = await untilDone(() => rotate(ports, request, first));
      const old = (await secretOf(first, 'password')) ?? '';
      await retire(ports, request, first, third);
      await retire(ports, request, first, third);
      expect(await secretOf(first, 'password')).toBeUndefined();
      const { host = '', port } = first.values;
      const at = { host, port: Number(port) };
      await expect
        .poll(() => subject.ask(at, first.values.username ?? '', old, 'PING'), { timeout: 60_000 })
        .toMatch(/WRONGPASS/);
      expect(await ask(third, 'GET', 'a')).toBe('1');
    });

    it('sleeps with its environment, and wakes with its data', async () => {
      const outputs = await provision();
      await redis.sleep?.(ports, request);
      await expect.poll(() => ask(outputs, 'PING'), { timeout: 60_000 }).not.toBe('PONG');
      await redis.wake?.(ports, request);
      await expect.poll(() => ask(outputs, 'GET', 'a'), { timeout: 60_000 }).toBe('1');
    });

    it('is no later environment’s of the same name, and leaves nothing when it goes', async () => {
      const later = { ...request, environmentId: 'later' };
      expect((await problemOf(redis.provision(ports, later))).code).toBe('invalid_resource');
      expect(await redis.inventory(ports, request)).toHaveLength(3);
      await untilDone(() => redis.deprovision(ports, request));
      await untilDone(() => redis.deprovision(ports, request));
      expect(await redis.inventory(ports, request)).toEqual([]);
    });

    it('is refused where there are none, with what helps, before anything is kept', async () => {
      const { caches: _, ...without } = ports;
      const { code, text } = await problemOf((async () => redis.check?.(without, request))());
      expect(code).toBe('invalid_resource');
      expect(text).toContain('by a secret with its URL');
    });
  });
}
