/** What keeps a version from being deleted while it comes to be used, and what has it deleted when it is not. */
import { RETENTION_QUEUE, versionIdKey, versionKey, versionsLookKey } from '../../core/keys.ts';
import type { Version } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Condition, Item, Store, Write } from '../../ports/store.ts';
import type { VersionContent } from '../../records/workloads.ts';

interface ServiceRef {
  project: string;
  service: string;
}

/** A use within this time after one that is recorded writes nothing, so that many at once do not get into their way. */
const SAME_USE_MS = 24 * 60 * 60 * 1000;

/**
 * The part of the transaction of a deployment that brings a version: whoever deletes the version at the same time, and
 * found no deployment that holds it, finds that it has changed; and the other way round.
 * @throws Problem conflict (it is being deleted)
 */
export function versionUse({ pk, sk, data, version }: Item<Version>, now: number): Write {
  refuseDeleting(data);
  const since = now - Date.parse(data.usedAt ?? '');
  if (data.deployed && Math.abs(since) < SAME_USE_MS) return { check: { pk, sk }, if: { version } };
  const used: Version = { ...data, usedAt: new Date(now).toISOString(), deployed: true };
  return { put: { pk, sk, data: used }, if: { version } };
}

/** @throws Problem conflict */
export function refuseDeleting({ id, service, deletingBy }: Version): void {
  if (deletingBy === undefined) return;
  throw new Problem('conflict', `Version "${id}" of service "${service}" is being deleted.`, {
    hint: 'Name another version, or build it again in a minute.',
  });
}

/**
 * The version that an earlier deployment brought.
 * @throws Problem conflict (it was deleted since)
 */
export async function versionOf(store: Store, ref: ServiceRef, id: string): Promise<Item<Version>> {
  const content = await store.get<VersionContent>(versionIdKey(ref, id));
  const item = content && (await store.get<Version>(versionKey(ref, content.data.order)));
  if (item) return item;
  throw new Problem('conflict', `Version "${id}" of service "${ref.service}" was deleted with its image.`, {
    hint: 'Build it again from its source, and deploy what comes of that.',
  });
}

/** Has the sweep look at the versions of a service at a time, epoch milliseconds. */
export const versionsLook = (ref: ServiceRef, at: number, condition?: Condition): Write => ({
  put: {
    ...versionsLookKey(ref),
    data: { project: ref.project, service: ref.service },
    due: { queue: RETENTION_QUEUE, at },
  },
  ...(condition && { if: condition }),
});
