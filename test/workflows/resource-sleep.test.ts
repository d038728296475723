import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { resourceKey } from '../../functions/core/keys.ts';
import type { CacheRef, Caches } from '../../functions/ports/caches.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { changeSleep } from '../../functions/workflows/resource-sleep.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const ref = { project: 'demo', environment: 'dev' };

it('With its environment every resource sleeps and wakes that can, whatever becomes of the others', async () => {
  const store = createSqliteStore({ path: join(makeDirectory(), 'berth.db') });
  const record = (type: string, id: string, state = 'ready') => {
    const uid = `${type}.default#${id}`;
    const data = { ...ref, uid, type, class: 'default', id, state, services: ['web'], operation: 'op' };
    return { put: { ...resourceKey(ref, uid), data } };
  };
  await store.transact([
    record('redis', 'a'),
    record('redis', 'b'),
    record('redis', 'c', 'provisioning'),
    record('postgres', 'db'),
    record('unknown', 'x'),
  ]);
  const asked: string[] = [];
  const note =
    (what: string) =>
    async ({ name, tag }: CacheRef): Promise<void> => {
      asked.push(`${what} ${tag}`);
      expect(name).toMatch(/^redis-demo-dev-[0-9a-f]{12}$/);
      if (tag.endsWith('#a')) throw new Error('it does not');
    };
  const caches = { sleep: note('sleep'), wake: note('wake') } as unknown as Caches;
  const ports = { store, caches } as unknown as Ports;
  expect(await changeSleep(ports, ref, 'one', 'sleep')).toEqual([new Error('it does not')]);
  expect(asked).toEqual(['sleep berth:one:redis.default#a', 'sleep berth:one:redis.default#b']);
  expect(await changeSleep(ports, ref, 'one', 'wake')).toHaveLength(1);
  expect(asked.slice(2)).toEqual(['wake berth:one:redis.default#a', 'wake berth:one:redis.default#b']);
  await store.close();
});
