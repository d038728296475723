/**
 * Deleting versions. The version goes with its tags in one transaction, which also records that its image is to be removed;
 * the sweep does that. What deployments tell of a version that is gone stays beside its id.
 */
import { imageRemovalKey, versionIdKey, versionTagKey } from '../../core/keys.ts';
import type { ImageRemoval, Version } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';
import type { VersionContent } from '../../records/workloads.ts';
import { type Holder, holdersOf } from './holders.ts';
import { versionsLook } from './version-use.ts';
import { findVersion } from './versions.ts';

interface ServiceRef {
  project: string;
  service: string;
}

/** So many tags go in one transaction with the version. */
const TAGS_AT_ONCE = 40;
/** What was begun, and is not over by then, was cut short, milliseconds. */
const CUT_SHORT_MS = 60_000;
/** So many of those who hold a version are named. */
const NAMED = 5;

/**
 * Deletes a version that no environment holds.
 * @param wanted id or tag
 * @throws Problem not_found | ambiguous_version | version_in_use | precondition_failed
 */
export async function deleteVersion(
  ports: Ports,
  caller: Caller,
  ref: ServiceRef,
  wanted: string,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const { store, effects } = ports;
  const found = await findVersion(store, ref, wanted);
  checkIfMatch(found, options.ifMatch);
  const { id } = found.data;
  await retryOnConflict(async () => {
    const marked = await mark(ports, caller, ref, id);
    // A deployment that was accepted before the mark is seen now, and none is accepted behind it.
    const holders = (await holdersOf(store, ref, effects.now())).get(id);
    if (!holders) return dropVersion(ports, caller, marked);
    await store.transact([keepVersion(marked)]);
    throw inUse(marked.data, holders);
  });
}

/** From here on no deployment begins that brings it. The sweep goes on with what a crash cuts short. */
async function mark(
  { store, effects }: Ports,
  { actor }: Caller,
  ref: ServiceRef,
  id: string,
): Promise<Item<Version>> {
  const { pk, sk, version, data: found } = await findVersion(store, ref, id);
  const { workload: _, ...bare } = found;
  const data: Version = { ...bare, deletingBy: bare.deletingBy ?? actor };
  await store.transact([
    { put: { pk, sk, data }, if: { version } },
    versionsLook(ref, effects.now() + CUT_SHORT_MS),
  ]);
  return { pk, sk, data, version: version + 1 };
}

/** Takes the mark back. */
export function keepVersion({ pk, sk, data, version }: Item<Version>): Write {
  const { deletingBy: _, ...kept } = data;
  return { put: { pk, sk, data: kept }, if: { version } };
}

function inUse({ id, service }: Version, holders: readonly Holder[]): Problem {
  const told = holders
    .slice(0, NAMED)
    .map(({ environment, deployment, why }) => `#${deployment} in "${environment}" ${why}`);
  const more = holders.length > NAMED ? `, and ${holders.length - NAMED} more` : '';
  return new Problem(
    'version_in_use',
    `Version "${id}" of service "${service}" is held: ${told.join(', ')}${more}.`,
    {
      hint: 'Deploy other versions there, or destroy these environments, and try again.',
    },
  );
}

/**
 * Deletes a version, which nobody holds, as it was read before that was found out.
 * @throws StoreConflict where it has changed since
 */
export async function dropVersion(ports: Ports, caller: Caller, item: Item<Version>): Promise<void> {
  const { store, effects } = ports;
  const { pk, sk, data, version } = await withFewTags(store, caller, item);
  const removalKey = imageRemovalKey(data, data.digest);
  const [content, removal] = await Promise.all([
    store.get<VersionContent>(versionIdKey(data, data.id)),
    store.get<ImageRemoval>(removalKey),
  ]);
  const toRemove: ImageRemoval = { digest: data.digest };
  await commit(ports, caller, {
    writes: [
      { delete: { pk, sk }, if: { version } },
      ...(content ? [contentWrite(content, data)] : []),
      ...(await untagWrites(store, data, data.tags)),
      { put: { ...removalKey, data: toRemove }, if: removal ? { version: removal.version } : 'absent' },
      versionsLook(data, effects.now()),
    ],
    events: [
      {
        project: data.project,
        service: data.service,
        type: 'version.deleted',
        data: { version: data.id, digest: data.digest, tags: item.data.tags },
      },
    ],
  });
}

/** The workload stays for those who read of a deployment that brought it. */
function contentWrite({ pk, sk, data, version }: Item<VersionContent>, { deployed, usedAt }: Version): Write {
  const isTold = deployed || usedAt === undefined;
  return isTold
    ? { put: { pk, sk, data: { ...data, order: '' } }, if: { version } }
    : { delete: { pk, sk }, if: { version } };
}

/** Takes tags away that are too many for one transaction. */
async function withFewTags(store: Store, { actor }: Caller, item: Item<Version>): Promise<Item<Version>> {
  let few = item;
  while (few.data.tags.length > TAGS_AT_ONCE) {
    const { pk, sk, version } = few;
    const tags = few.data.tags.slice(TAGS_AT_ONCE);
    const data: Version = { ...few.data, tags, deletingBy: few.data.deletingBy ?? actor };
    const gone = await untagWrites(store, data, few.data.tags.slice(0, TAGS_AT_ONCE));
    await store.transact([{ put: { pk, sk, data }, if: { version } }, ...gone]);
    few = { pk, sk, data, version: version + 1 };
  }
  return few;
}

async function untagWrites(store: Store, version: Version, tags: readonly string[]): Promise<Write[]> {
  const items = await store.getMany<{ ids: string[] }>(tags.map((tag) => versionTagKey(version, tag)));
  return items.flatMap((item): Write[] => {
    if (!item) return [];
    const { pk, sk } = item;
    const ids = item.data.ids.filter((id) => id !== version.id);
    const condition = { version: item.version };
    return [
      ids.length === 0
        ? { delete: { pk, sk }, if: condition }
        : { put: { pk, sk, data: { ids } }, if: condition },
    ];
  });
}
