/** Versions go with their images when they are old and nobody needs them, and never under somebody who does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import { deleteVersion } from '../../functions/commands/versions/delete-version.ts';
import { versionOf, versionUse } from '../../functions/commands/versions/version-use.ts';
import { findVersion, registerVersion } from '../../functions/commands/versions/versions.ts';
import {
  deploymentKey,
  environmentKey,
  eventsPartition,
  imageRemovalKey,
  REMOVAL_PREFIX,
  serviceKey,
  VERSION_PREFIX,
  versionIdKey,
  versionKey,
  versionsLookKey,
  versionsPartition,
} from '../../functions/core/keys.ts';
import { limits } from '../../functions/core/limits.ts';
import type { BerthEvent, Deployment, Standing, Version } from '../../functions/core/model/index.ts';
import { Problem } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { Write } from '../../functions/ports/store.ts';
import { CLOCK_KEY } from '../../functions/records/clock.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { withWorkload } from '../../functions/records/workloads.ts';
import { sweep } from '../../functions/sweep/sweep.ts';

const DAY = 24 * 3_600_000;
const ref = { project: 'shop', service: 'web' };
const caller = { actor: 'tester' };

let ports: Ports;
let now: number;
/** Digests that the registry has. */
let images: Set<string>;
let away: boolean;
/** Is done before the next transaction of the store that deletes a version. */
let before: (() => Promise<void>) | undefined;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  images = new Set();
  away = false;
  before = undefined;
  const store = createSqliteStore({ path: ':memory:' });
  const isDeletion = (write: Write): boolean =>
    'delete' in write && write.delete.sk.startsWith(VERSION_PREFIX);
  ports = {
    store: {
      ...store,
      async transact(writes: Write[]) {
        const act = writes.some(isDeletion) ? before : undefined;
        if (act) before = undefined;
        await act?.();
        await store.transact(writes);
      },
    },
    logs: {},
    anchors: { note: () => undefined },
    workloads: {},
    effects: { ...createEffects(), now: () => now },
    registry: {
      async resolve(_: unknown, digest: string) {
        if (images.has(digest)) return { digest, size: 1, config: {} };
        throw new Problem('image_unavailable', 'There is none.', { hint: 'Push it.' });
      },
      async removeImage(_: unknown, digest: string) {
        if (away) throw new Error('The registry is away');
        images.delete(digest);
      },
    },
  } as unknown as Ports;
  return ports.store.transact([{ put: { ...serviceKey(ref), data: ref } }]);
});
afterEach(() => ports.store.close());

const digestOf = (image: number): string => `sha256:${String(image).padStart(64, '0')}`;
const make = (image: number, { tags = [`v${image}`], name = 'web' } = {}) => {
  images.add(digestOf(image));
  return registerVersion(ports, caller, {
    ...ref,
    digest: digestOf(image),
    workload: { apiVersion: 'score.dev/v1b1', metadata: { name }, containers: { main: { image: '.' } } },
    source: { kind: 'image', reference: `web:${image}` },
    tags,
  });
};
const makeMany = async (from: number, count: number): Promise<void> => {
  for (let image = from; image < from + count; image++) await make(image);
};
/** As many as are kept for their number alone. */
const makeNewer = () => makeMany(1000, limits.versionsKept.value);

/** Deployments as they are recorded, the first with the number 1; each with the id of its version. */
async function deployed(
  environment: string,
  versions: readonly [id: string, status?: Deployment['status']][],
  standing: Partial<Standing> = {},
): Promise<void> {
  const newest = versions.length;
  const services = { web: { newest, current: newest, ...standing } };
  const key = environmentKey({ project: 'shop', environment });
  const put = { ...key, data: { project: 'shop', name: environment, services } };
  const createdAt = new Date(now).toISOString();
  const records = versions.map(([version, status = 'succeeded'], at): Write => {
    const data = { ...ref, environment, number: at + 1, version, status, createdAt };
    return { put: { ...deploymentKey({ ...ref, environment }, at + 1), data } };
  });
  await ports.store.transact([{ put }, ...records]);
}

const left = async () =>
  (await readAll<Version>(ports.store, versionsPartition(ref), VERSION_PREFIX)).map(({ data }) => data.id);
const look = async () => {
  await ports.store.transact([{ delete: CLOCK_KEY }]);
  const item = await ports.store.get(versionsLookKey(ref));
  const { errors } = await sweep(ports);
  return { errors, due: item?.due?.at };
};
/** Passes until nothing is due; the clock goes on by what a call to a registry may take. */
const settle = async (): Promise<void> => {
  for (let pass = 0; pass < 6; pass++) {
    expect((await look()).errors).toEqual([]);
    now += 3 * 60_000;
  }
};
const pass = async (days: number): Promise<void> => {
  now += days * DAY;
  await settle();
};

describe('A version that nobody deployed', () => {
  it('goes after 30 days with its tags, its image and its workload, once enough newer ones are there', async () => {
    const { id } = await make(1);
    await pass(31);
    expect(await left()).toEqual([id]);
    await makeNewer();
    await settle();
    await pass(29);
    expect(await left()).toContain(id);
    await pass(2);
    expect(await left()).toHaveLength(limits.versionsKept.value);
    expect(images).not.toContain(digestOf(1));
    expect(images.size).toBe(limits.versionsKept.value);
    for (const wanted of [id, 'v1'])
      await expect(findVersion(ports.store, ref, wanted)).rejects.toMatchObject({ code: 'not_found' });
    expect(await ports.store.get(versionIdKey(ref, id))).toBeUndefined();
    const events = await readAll<BerthEvent>(ports.store, eventsPartition('shop'));
    expect(events.at(-1)?.data).toMatchObject({
      type: 'version.deleted',
      data: { version: id, tags: ['v1'] },
    });
  });

  it('stays for 30 days more when it is made once more', async () => {
    const { id } = await make(1);
    await makeNewer();
    now += 29 * DAY;
    await make(1, { tags: ['again'] });
    await pass(2);
    expect(await left()).toContain(id);
    await pass(31);
    expect(await left()).not.toContain(id);
  });

  it('goes with any number of tags, and leaves those that another version has', async () => {
    const tags = Array.from({ length: 90 }, (_, at) => `t${at}`);
    await make(1, { tags });
    const other = await make(1000, { tags: ['t3'] });
    await makeMany(1001, limits.versionsKept.value - 1);
    await make(1000, { tags: ['kept'] });
    await pass(31);
    expect((await findVersion(ports.store, ref, 't3')).data.id).toBe(other.id);
    await expect(findVersion(ports.store, ref, 't89')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('A version that an environment holds stays, whatever its age', () => {
  it.each<[string, (id: string) => Promise<void>]>([
    [
      'serves, behind many that failed',
      (id) => deployed('dev', [[id], ...Array(60).fill(['x', 'failed'])], { current: 1 }),
    ],
    ['is stopped', (id) => deployed('dev', [[id]], { state: 'stopped' })],
    [
      'was removed, and can be gone back to',
      (id) => deployed('dev', [[id], ['x']], { state: 'removed', current: 2 }),
    ],
    ['is being deployed', (id) => deployed('dev', [['x'], [id, 'running']], { current: 1 })],
    [
      'waits for its approval',
      (id) => deployed('dev', [[id, 'queued'], ...Array(3).fill(['x'])], { highest: 4 }),
    ],
    ['can be gone back to', (id) => deployed('dev', [[id], ...Array(9).fill(['x'])])],
  ])('it %s', async (_, hold) => {
    const { id } = await make(1);
    const { id: free } = await make(2);
    await makeNewer();
    now += 31 * DAY;
    await hold(id);
    await settle();
    expect(await left()).toContain(id);
    expect(await left()).not.toContain(free);
    expect(images).toContain(digestOf(1));
    await expect(deleteVersion(ports, caller, ref, id)).rejects.toMatchObject({
      code: 'version_in_use',
      message: expect.stringContaining('in "dev"'),
    });
    // What was refused left no mark: it can be deployed.
    versionUse(await versionOf(ports.store, ref, id), now);
  });

  it('and no longer: behind ten that succeeded it goes, and its deployment is told of still', async () => {
    const { id } = await make(1);
    const item = await versionOf(ports.store, ref, id);
    await ports.store.transact([versionUse(item, now)]);
    await makeNewer();
    await deployed('dev', [[id], ...Array(10).fill(['x'])] as [string][]);
    await pass(31);
    expect(await left()).not.toContain(id);
    await expect(versionOf(ports.store, ref, id)).rejects.toMatchObject({ code: 'conflict' });
    const told = await withWorkload({ ...ports.store }, { ...ref, version: id } as Deployment);
    expect(told.workload.metadata.name).toBe('web');
    // It is the same version when it is made once more.
    expect((await make(1)).id).toBe(id);
  });
});

describe('A deployment and a deletion at the same time', () => {
  const accept = async (id: string): Promise<void> => {
    const use = versionUse(await versionOf(ports.store, ref, id), now);
    await ports.store.transact([use]);
    await deployed('dev', [[id, 'running']], { current: undefined as never });
  };

  it('that comes between the look and the deletion keeps the version', async () => {
    const { id } = await make(1);
    await makeNewer();
    now += 31 * DAY;
    before = () => accept(id);
    await settle();
    expect(before).toBeUndefined();
    expect(await left()).toContain(id);
    expect(images).toContain(digestOf(1));
  });

  it('is refused once somebody deletes it by hand, though others have deployed it a moment ago', async () => {
    const { id } = await make(1);
    await ports.store.transact([versionUse(await versionOf(ports.store, ref, id), now)]);
    const read = await versionOf(ports.store, ref, id);
    before = async () => {
      // Whoever has read it before finds it changed; whoever reads it now is told.
      await expect(ports.store.transact([versionUse(read, now)])).rejects.toThrow();
      await expect(accept(id)).rejects.toMatchObject({ code: 'conflict' });
    };
    await deleteVersion(ports, caller, ref, id);
    expect(before).toBeUndefined();
    expect(await left()).toEqual([]);
  });

  it('is refused by a deletion that a crash cut short, until the sweep has ended it', async () => {
    const { id } = await make(1);
    before = () => Promise.reject(new Error('The power is out'));
    await expect(deleteVersion(ports, caller, ref, id)).rejects.toThrow('power');
    await expect(accept(id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(make(1)).rejects.toMatchObject({ code: 'conflict' });
    now += 2 * 60_000;
    await settle();
    expect([await left(), images.size]).toEqual([[], 0]);
    const events = await readAll<BerthEvent>(ports.store, eventsPartition('shop'));
    expect(events.at(-1)?.data).toMatchObject({ type: 'version.deleted', actor: 'tester' });
  });
});

describe('An image', () => {
  it('stays as long as another version has it', async () => {
    const one = await make(1);
    const other = await make(1, { name: 'other', tags: [] });
    await deleteVersion(ports, caller, ref, one.id);
    await settle();
    expect(images).toContain(digestOf(1));
    await deleteVersion(ports, caller, ref, other.id);
    await settle();
    expect(images.size).toBe(0);
  });

  it('is removed when the registry is back, and no version is made of it meanwhile', async () => {
    const { id } = await make(1);
    await deleteVersion(ports, caller, ref, id);
    away = true;
    expect((await look()).errors).toHaveLength(1);
    await expect(make(1)).rejects.toMatchObject({ code: 'operation_in_progress' });
    away = false;
    // Until the call is over that may still come through, nobody asks again.
    expect((await look()).errors).toEqual([]);
    expect(images.size).toBe(1);
    now += 3 * 60_000;
    await settle();
    expect(images.size).toBe(0);
  });

  it('that is gone makes no version, though it was there a moment ago, and one that was pushed again does', async () => {
    const { id } = await make(1);
    await deleteVersion(ports, caller, ref, id);
    await settle();
    const again = make(1);
    images.clear();
    await expect(again).rejects.toMatchObject({ code: 'image_unavailable' });
    expect((await make(1)).id).toBe(id);
    expect(await ports.store.get(imageRemovalKey(ref, digestOf(1)))).toBeUndefined();
    await settle();
    expect(images.size).toBe(1);
  });
});

describe('The work of the sweep', () => {
  it('is little where nothing is due: a service with few versions is looked at once a month', async () => {
    await makeMany(1, 5);
    await pass(1.1);
    const { due = 0 } = await look();
    expect(due - now).toBeGreaterThan(29 * DAY);
  });

  it('is done in parts, and forgets what it has removed', async () => {
    await makeMany(1, 120);
    now += 31 * DAY;
    await look();
    const first = await left();
    expect(first.length).toBeGreaterThan(60);
    await settle();
    expect(await left()).toHaveLength(limits.versionsKept.value);
    await settle();
    expect(images.size).toBe(limits.versionsKept.value);
    await pass(2);
    await settle();
    expect(await readAll(ports.store, versionsPartition(ref), REMOVAL_PREFIX)).toEqual([]);
  });

  it('takes versions of an older Berth, and keeps what deployments may tell of them', async () => {
    await makeMany(1, limits.versionsKept.value + 1);
    const [id = ''] = await left();
    const { data, pk, sk } = await versionOf(ports.store, ref, id);
    const { usedAt: _, ...older } = data;
    await ports.store.transact([{ put: { pk, sk, data: older } }]);
    await pass(31);
    expect(await left()).not.toContain(id);
    expect((await ports.store.get<{ order: string }>(versionIdKey(ref, id)))?.data.order).toBe('');
    expect(versionKey(ref, '').sk).toBe(VERSION_PREFIX);
  });
});
