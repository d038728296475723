import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnchorFiles } from '../../../functions/adapters/local/anchors.ts';
import { createSqliteStore } from '../../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import {
  findVersion,
  listVersions,
  registerVersion,
  versionId,
} from '../../../functions/commands/versions/versions.ts';
import { eventsPartition, serviceKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { readAll } from '../../../functions/records/read-all.ts';

const caller = { actor: 'tester' };
const ref = { project: 'shop', service: 'web' };
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const workload = (name = 'web') => ({
  apiVersion: 'score.dev/v1b1' as const,
  metadata: { name },
  containers: { main: { image: '.' } },
});
const input = (letter: string, tags: string[] = []) => ({
  ...ref,
  digest: digest(letter),
  workload: workload(),
  source: { kind: 'image' as const, reference: 'web:1' },
  tags,
});

let directory: string;
let ports: Ports;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-versions-'));
  const store = createSqliteStore({ path: join(directory, 'berth.db') });
  const anchors = createAnchorFiles({
    directory: join(directory, 'anchors'),
    onError: (error) => expect.unreachable(String(error)),
  });
  ports = { store, anchors, effects: createEffects() } as unknown as Ports;
  await store.transact([{ put: { ...serviceKey(ref), data: ref } }]);
});

afterAll(async () => {
  await ports.anchors.flush();
  await ports.store.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe('Registering a version', () => {
  it('gives the same one for the same digest and workload, whatever the order of keys', async () => {
    const first = await registerVersion(ports, caller, input('a', ['v1']));
    const { apiVersion, metadata, containers } = workload();
    const turned = { ...input('a', ['v1']), workload: { containers, metadata, apiVersion } };
    const second = await registerVersion(ports, caller, turned);
    expect(second).toEqual({ ...first, usedAt: expect.any(String) });
    expect(versionId(digest('a'), workload('other'))).not.toBe(first.id);
    expect((await listVersions(ports.store, ref, { limit: 10 })).items).toHaveLength(1);
  });

  it('adds tags, each once, to the one that is there', async () => {
    await registerVersion(ports, caller, input('a', ['v1', 'stable', 'stable']));
    const { data } = await findVersion(ports.store, ref, 'stable');
    expect(data.tags).toEqual(['v1', 'stable']);
  });

  it('makes one of many at once', async () => {
    const made = await Promise.all([1, 2, 3].map(() => registerVersion(ports, caller, input('b', ['many']))));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    const events = await readAll<BerthEvent>(ports.store, eventsPartition('shop'));
    const created = events.filter(
      ({ data }) => data.type === 'version.created' && data.data?.digest === digest('b'),
    );
    expect(created).toHaveLength(1);
  });

  it('needs its service, and placeholders that its resources can give', async () => {
    const nowhere = registerVersion(ports, caller, { ...input('c'), service: 'nobody' });
    await expect(nowhere).rejects.toMatchObject({ code: 'not_found' });
    const main = { image: '.', variables: { A: '${resources.db.host}' } };
    const loose = { ...input('c'), workload: { ...workload(), containers: { main } } };
    await expect((async () => registerVersion(ports, caller, loose))()).rejects.toMatchObject({
      code: 'unresolved_placeholder',
    });
  });
});

describe('Finding a version', () => {
  it('goes by id, then by a tag that one version carries', async () => {
    const { id } = await registerVersion(ports, caller, input('d', ['only']));
    expect((await findVersion(ports.store, ref, id)).data.id).toBe(id);
    expect((await findVersion(ports.store, ref, 'only')).data.id).toBe(id);
  });

  it('of a tag that several carry is ambiguous, and names them', async () => {
    const one = await registerVersion(ports, caller, input('e', ['latest']));
    const two = await registerVersion(ports, caller, input('f', ['latest']));
    await expect(findVersion(ports.store, ref, 'latest')).rejects.toMatchObject({
      code: 'ambiguous_version',
      hint: expect.stringMatching(new RegExp(`${one.id}.*${two.id}`)),
    });
  });

  it('that is another’s, or looks like one of our keys, finds none', async () => {
    const { id } = await registerVersion(ports, caller, input('a'));
    await expect(findVersion(ports.store, { ...ref, project: 'other' }, id)).rejects.toMatchObject({
      code: 'not_found',
    });
    for (const wanted of ['', 'nothing', `id#${id}`, 'version#', '../../web']) {
      await expect(findVersion(ports.store, ref, wanted)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('by a tag that reads as another version’s id finds the id', async () => {
    const one = await registerVersion(ports, caller, input('1'));
    await registerVersion(ports, caller, input('2', [one.id]));
    expect((await findVersion(ports.store, ref, one.id)).data.digest).toBe(digest('1'));
  });

  it('is registered where only a deployment still knew its workload', async () => {
    const wanted = input('9', ['known']);
    const id = versionId(wanted.digest, wanted.workload);
    const data = { order: '', workload: wanted.workload };
    await ports.store.transact([{ put: { ...versionIdKey(ref, id), data } }]);
    await registerVersion(ports, caller, wanted);
    expect((await findVersion(ports.store, ref, 'known')).data).toMatchObject({
      id,
      workload: wanted.workload,
    });
  });
});

it('comes behind the newest one, though another process registered that by a clock that is ahead', async () => {
  const service = { project: 'shop', service: 'ahead' };
  await ports.store.transact([{ put: { ...serviceKey(service), data: {} } }]);
  const ahead = { ...ports, effects: createEffects({ now: () => Date.now() + 3_600_000 }) };
  await registerVersion(ahead, caller, { ...input('a'), ...service });
  const { id } = await registerVersion(ports, caller, { ...input('b'), ...service });
  const { items } = await listVersions(ports.store, service, { limit: 10 });
  expect(items[0]).toMatchObject({ data: { id } });
});
