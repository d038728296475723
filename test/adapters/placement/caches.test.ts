import { expect, it } from 'vitest';
import { createByPlace, type InPlace } from '../../../functions/adapters/placement/by-place.ts';
import { placesKey } from '../../../functions/core/keys.ts';
import type { Store } from '../../../functions/ports/store.ts';

const here = { project: 'demo', environment: 'dev', name: 'redis-1', tag: 'berth:one' };
const there = { ...here, environment: 'far' };

/** The installation's own place, and one beside it that environment `far` is in. */
function open(places: { home?: string; far?: string; hasFar?: boolean }) {
  const inPlace = (of: string | undefined): InPlace =>
    ({
      workloads: {},
      logs: {},
      ...(of !== undefined && {
        caches: { refusal: async () => undefined, inventory: async () => [of] },
      }),
    }) as unknown as InPlace;
  const list = places.hasFar === false ? [] : [{ name: 'elsewhere', cluster: {} }];
  const store = {
    get: async ({ pk, sk }: { pk: string; sk: string }) =>
      pk === placesKey.pk && sk === placesKey.sk
        ? { data: { places: list } }
        : { data: sk.endsWith('far') ? { id: 'two', placement: 'elsewhere' } : { id: 'one' } },
  } as unknown as Store;
  return createByPlace({
    home: inPlace(places.home),
    store,
    effects: { now: () => 0 },
    accept: () => undefined,
    open: async () => inPlace(places.far),
  }).caches;
}

it('A Redis server is made in the place of its environment', async () => {
  const caches = open({ home: 'here', far: 'there' });
  expect(await caches.inventory(here)).toEqual(['here']);
  expect(await caches.inventory(there)).toEqual(['there']);
});

it('Where the place of an environment has none it is refused there, and nowhere else', async () => {
  const caches = open({ home: 'here' });
  expect(await caches.refusal(here)).toBeUndefined();
  expect(await caches.refusal(there)).toMatchObject({ hint: expect.stringContaining('another place') });
  await expect(caches.inventory(there)).rejects.toMatchObject({ code: 'unavailable' });
});

it('Where the installation’s own place has none, another one may have: only without any is it refused everywhere', async () => {
  expect(await open({ far: 'there' }).refusal()).toBeUndefined();
  expect(await open({ hasFar: false }).refusal()).toMatchObject({ why: expect.stringMatching(/\w/) });
});
