/** Versions: registering them from an image, and finding them by id or by an unambiguous tag. */
import { canonicalJson } from '../../core/canonical-json.ts';
import { idAfter } from '../../core/id-order.ts';
import {
  imageRemovalKey,
  serviceKey,
  VERSION_PREFIX,
  versionIdKey,
  versionKey,
  versionsLookKey,
  versionsPartition,
  versionTagKey,
} from '../../core/keys.ts';
import type { ImageRemoval, Source, Version, VersionDetail } from '../../core/model/index.ts';
import { shortHash } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { StoreConflict } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { keepWorkload, type VersionContent } from '../../records/workloads.ts';
import { madeProblems } from '../../resources/recipes/made-problems.ts';
import { recipesFor } from '../../resources/recipes/recipes-for.ts';
import { offerProblems } from '../../resources/score/workload-problems.ts';
import { refuseDeleting, versionsLook } from './version-use.ts';

interface ServiceRef {
  project: string;
  service: string;
}

export interface NewVersion extends ServiceRef {
  digest: string;
  workload: ScoreWorkload;
  source: Source;
  tags: string[];
  size?: number;
  /** The build that made the version. */
  operation?: string;
}

/** The id of a version. It follows from digest and workload, so the same pair has the same id. */
export const versionId = (digest: string, workload: ScoreWorkload): string =>
  shortHash(`${digest}\u001f${canonicalJson(workload)}`, 12);

/**
 * An order behind that of every version of the service: the clock of the process that registered the newest one may be
 * ahead of ours.
 */
async function nextOrder({ store, effects }: Ports, ref: ServiceRef): Promise<string> {
  const order = effects.id();
  const query = { pk: versionsPartition(ref), prefix: VERSION_PREFIX, limit: 1, reverse: true };
  const newest = (await store.query(query)).items[0]?.sk.slice(VERSION_PREFIX.length) ?? '';
  return order > newest ? order : idAfter(newest);
}

/**
 * Registers a version. If it exists already, it is returned with the tags added.
 * @throws Problem not_found (service), and what `madeProblems` and `offerProblems` find: a version that can run
 * nowhere is not made
 */
export async function registerVersion(
  ports: Ports,
  caller: Caller,
  input: NewVersion,
): Promise<VersionDetail> {
  const ref = { project: input.project, service: input.service };
  const id = versionId(input.digest, input.workload);
  const recipes = await recipesFor(ports.store, input.workload);
  const { workload, problems: known } = madeProblems(input.workload, input.digest, recipes);
  const [problem] = known.length > 0 ? known : await offerProblems(ports, workload);
  if (problem) throw problem;
  return retryOnConflict(async () => {
    const { store, effects } = ports;
    const pointer = await store.get<VersionContent>(versionIdKey(ref, id));
    // A workload that only a deployment still knew has no version beside it, and no order.
    const order = pointer?.data.order || (await nextOrder(ports, ref));
    const existing = pointer && (await store.get<Version>(versionKey(ref, order)));
    if (existing) refuseDeleting(existing.data);
    const removal = existing ? undefined : await imageRemoved(ports, ref, input.digest);
    const look = existing ? undefined : await store.get(versionsLookKey(ref));
    const at = new Date(effects.now()).toISOString();
    const tags = [...new Set([...(existing?.data.tags ?? []), ...input.tags])];
    const version: Version = existing
      ? {
          ...existing.data,
          tags,
          source: betterSource(existing.data.source, input.source),
          usedAt: at,
          // An older Berth did not keep whether it was.
          ...(existing.data.usedAt === undefined && { deployed: true as const }),
        }
      : {
          ...ref,
          id,
          digest: input.digest,
          tags,
          source: input.source,
          ...(input.size !== undefined && { size: input.size }),
          createdAt: at,
          createdBy: caller.actor,
          usedAt: at,
        };
    const removalKey = imageRemovalKey(ref, input.digest);
    const beside: Write[] = existing
      ? []
      : [
          removal
            ? { delete: removalKey, if: { version: removal.version } }
            : { check: removalKey, if: 'absent' },
          ...(look ? [] : [versionsLook(ref, effects.now() + FIRST_LOOK_MS, 'absent')]),
        ];
    await commitVersion(ports, caller, {
      version,
      order,
      pointer,
      existing,
      tags: input.tags,
      input,
      beside,
    });
    return { ...version, workload: input.workload };
  });
}

/** A service's versions are looked through for the first time so long after the first was registered, milliseconds. */
const FIRST_LOOK_MS = 24 * 60 * 60 * 1000;

/**
 * No version may come to be with an image that is on its way out. After that somebody may have pushed it anew.
 * @returns what tells of the removal, if there was one lately
 * @throws Problem operation_in_progress | image_unavailable
 */
async function imageRemoved(
  { store, registry }: Ports,
  ref: ServiceRef,
  digest: string,
): Promise<Item<ImageRemoval> | undefined> {
  const removal = await store.get<ImageRemoval>(imageRemovalKey(ref, digest));
  if (!removal) return undefined;
  if (removal.data.removedAt === undefined) {
    throw new Problem(
      'operation_in_progress',
      `The image ${digest} is being removed, with a version that was deleted.`,
      { hint: 'Try again in a minute; push or build the image again where it is gone by then.' },
    );
  }
  await registry.resolve(ref, digest);
  await registry.keep?.(ref, digest);
  return removal;
}

/** An image that was named by a tag first and then by its digest is known better. */
function betterSource(before: Source, now: Source): Source {
  const byDigest = now.kind === 'image' && /(?:^|@)sha256:[0-9a-f]{64}$/.test(now.reference);
  return before.kind === 'image' && byDigest ? now : before;
}

interface VersionChange {
  version: Version;
  order: string;
  pointer: Item<VersionContent> | undefined;
  existing: Item<Version> | undefined;
  tags: string[];
  input: NewVersion;
  beside: Write[];
}

async function commitVersion(ports: Ports, caller: Caller, change: VersionChange): Promise<void> {
  const { version, order, pointer, existing } = change;
  const { workload } = change.input;
  const writes: Write[] = [
    { check: serviceKey(version), if: 'present' },
    {
      put: { ...versionKey(version, order), data: version },
      if: existing ? { version: existing.version } : 'absent',
    },
  ];
  if (!existing)
    writes.push({
      put: { ...versionIdKey(version, version.id), data: { order, workload } satisfies VersionContent },
      if: pointer ? { version: pointer.version } : 'absent',
    });
  writes.push(...change.beside, ...(await tagWrites(ports.store, version, change.tags)));
  try {
    await commit(ports, caller, {
      writes,
      events: [
        {
          project: version.project,
          service: version.service,
          type: existing ? 'version.tagged' : 'version.created',
          ...(change.input.operation && { operation: change.input.operation }),
          data: { version: version.id, digest: version.digest, tags: version.tags },
        },
      ],
      result: { ...version, workload },
    });
  } catch (error) {
    if (!(error instanceof StoreConflict) || !error.failed.includes(0)) throw error;
    throw new Problem(
      'not_found',
      `There is no service "${version.service}" in project "${version.project}".`,
      {
        hint: 'Create the service first.',
      },
    );
  }
}

async function tagWrites(store: Store, version: Version, tags: readonly string[]): Promise<Write[]> {
  const writes: Write[] = [];
  for (const tag of new Set(tags)) {
    const key = versionTagKey(version, tag);
    const item = await store.get<{ ids: string[] }>(key);
    const ids = [...new Set([...(item?.data.ids ?? []), version.id])];
    writes.push({ put: { ...key, data: { ids } }, if: item ? { version: item.version } : 'absent' });
  }
  return writes;
}

const missingVersion = ({ project, service }: ServiceRef, wanted: string): Problem =>
  new Problem('not_found', `Service "${service}" has no version "${wanted}".`, {
    hint: `List its versions with GET /v1/projects/${project}/services/${service}/versions.`,
  });

/**
 * Finds a version by its id or by a tag that only one version carries.
 * @throws Problem not_found | ambiguous_version
 */
export async function findVersion(
  store: Store,
  ref: ServiceRef,
  wanted: string,
): Promise<Item<VersionDetail>> {
  const missing = missingVersion(ref, wanted);
  const byId = await store.get<VersionContent>(versionIdKey(ref, wanted));
  if (byId) {
    const item = await store.get<Version>(versionKey(ref, byId.data.order));
    if (!item) throw missing;
    const { workload } = byId.data;
    keepWorkload(store, { ...ref, version: wanted }, workload);
    return { ...item, data: { ...item.data, workload } };
  }
  const byTag = await store.get<{ ids: string[] }>(versionTagKey(ref, wanted));
  const ids = byTag?.data.ids ?? [];
  if (ids.length > 1) {
    throw new Problem('ambiguous_version', `The tag "${wanted}" names ${ids.length} versions.`, {
      hint: `Name one of them by its id: ${ids.slice(0, 10).join(', ')}.`,
    });
  }
  if (ids[0] === undefined) throw missing;
  return findVersion(store, ref, ids[0]);
}

/** One page of versions, newest first. */
export async function listVersions(
  store: Store,
  ref: ServiceRef,
  page: { limit: number; after?: string },
): Promise<{ items: Item<Version>[]; next?: string }> {
  return store.query<Version>({
    pk: versionsPartition(ref),
    prefix: VERSION_PREFIX,
    limit: page.limit,
    reverse: true,
    ...(page.after && { after: page.after }),
  });
}
