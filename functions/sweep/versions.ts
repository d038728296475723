/**
 * Looks through the versions of a service: deletes those that are old and that nobody holds, and removes images that no
 * version has any more. What this pass does not reach, or could not do, is looked at again.
 */
import { dropVersion, keepVersion } from '../commands/versions/delete-version.ts';
import { holdersOf } from '../commands/versions/holders.ts';
import { versionsLook } from '../commands/versions/version-use.ts';
import { REMOVAL_PREFIX, VERSION_PREFIX, versionsPartition } from '../core/keys.ts';
import { limits } from '../core/limits.ts';
import { type ImageRemoval, SYSTEM_ACTOR, type Version } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, StoreConflict } from '../ports/store.ts';
import { readAll } from '../records/read-all.ts';

interface ServiceRef {
  project: string;
  service: string;
}

/** So many versions, and so many images, go in one pass. */
const BATCH = 50;
/** No call to a registry takes longer: until then nobody else calls for the same image, milliseconds. */
const CALL_MS = 2 * 60_000;
/** Longer than anything takes that found an image and makes a version of it, milliseconds. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
/** What is held may not be any more by then, milliseconds. */
const HELD_AGAIN_MS = 7 * 24 * 60 * 60 * 1000;
/** Two looks at a service with nothing to do are that far from each other, milliseconds. */
const AT_THE_LEAST_MS = 60 * 60 * 1000;
const keptMs = limits.versionSeconds.value * 1000;

/** @returns how many versions were deleted */
export async function lookAtVersions(ports: Ports, { data, version }: Item<ServiceRef>): Promise<number> {
  const ref: ServiceRef = { project: data.project, service: data.service };
  const now = ports.effects.now();
  const again = [now + keptMs];
  const deleted = await deleteOld(ports, ref, now, again);
  const errors = await removeImages(ports, ref, now, again);
  // Each deletion, whoever asked for it, has the service looked at once more.
  if (deleted === 0) await ports.store.transact([versionsLook(ref, Math.min(...again), { version })]);
  if (errors.length > 0) throw errors[0];
  return deleted;
}

/** @param again gets the times at which there is something to do */
async function deleteOld(ports: Ports, ref: ServiceRef, now: number, again: number[]): Promise<number> {
  const { store } = ports;
  const versions = await readAll<Version>(store, versionsPartition(ref), VERSION_PREFIX);
  const isMarked = ({ data }: Item<Version>): boolean => data.deletingBy !== undefined;
  const beyond = versions.slice(0, -limits.versionsKept.value);
  const due = new Set(versions.filter(isMarked));
  for (const item of beyond) {
    const goesAt = Date.parse(item.data.usedAt ?? item.data.createdAt) + keptMs;
    if (goesAt <= now) due.add(item);
    else again.push(Math.max(goesAt, now + AT_THE_LEAST_MS));
  }
  if (due.size === 0) return 0;
  // Whoever comes to hold one of these from here on changes it.
  const holders = await holdersOf(store, ref, now);
  let deleted = 0;
  for (const item of due) {
    if (deleted === BATCH) break;
    const { id, deletingBy } = item.data;
    again.push(now + (holders.has(id) ? HELD_AGAIN_MS : AT_THE_LEAST_MS));
    if (!holders.has(id))
      deleted += await unlessChanged(() => dropVersion(ports, { actor: deletingBy ?? SYSTEM_ACTOR }, item));
    else if (isMarked(item)) await unlessChanged(() => store.transact([keepVersion(item)]));
  }
  return deleted;
}

/** @returns 1 when it was done, 0 where somebody else was faster */
async function unlessChanged(change: () => Promise<void>): Promise<0 | 1> {
  try {
    await change();
    return 1;
  } catch (error) {
    if (error instanceof StoreConflict) return 0;
    throw error;
  }
}

/** @returns why images could not be removed, each once */
async function removeImages(ports: Ports, ref: ServiceRef, now: number, again: number[]): Promise<unknown[]> {
  const { store } = ports;
  const removals = await readAll<ImageRemoval>(store, versionsPartition(ref), REMOVAL_PREFIX);
  if (removals.length === 0) return [];
  // With these images no version comes to be any more: so those that have them are all that there will be.
  const versions = await readAll<Version>(store, versionsPartition(ref), VERSION_PREFIX);
  const used = new Set(versions.map(({ data }) => data.digest));
  const errors: unknown[] = [];
  let calls = 0;
  for (const item of removals) {
    const { pk, sk, data, version } = item;
    const lookAt =
      data.removedAt === undefined ? after(data.askedAt, CALL_MS) : after(data.removedAt, REMEMBERED_MS);
    const isNeeded = data.removedAt === undefined && used.has(data.digest);
    if (lookAt > now && !isNeeded) {
      again.push(lookAt);
      continue;
    }
    if (data.removedAt !== undefined || isNeeded) {
      await unlessChanged(() => store.transact([{ delete: { pk, sk }, if: { version } }]));
      continue;
    }
    again.push(now + (calls < BATCH ? CALL_MS : 0));
    if (calls === BATCH) continue;
    calls++;
    await unlessChanged(() => removeImage(ports, ref, item)).catch((error: unknown) => errors.push(error));
  }
  return errors;
}

const after = (time: string | undefined, milliseconds: number): number =>
  time === undefined ? 0 : Date.parse(time) + milliseconds;

/** What is said first keeps everybody else from the registry until the call is over: a late one would meet a new image. */
async function removeImage(
  { store, registry, effects }: Ports,
  ref: ServiceRef,
  { pk, sk, data, version }: Item<ImageRemoval>,
): Promise<void> {
  const asked: ImageRemoval = { ...data, askedAt: new Date(effects.now()).toISOString() };
  await store.transact([{ put: { pk, sk, data: asked }, if: { version } }]);
  await registry.removeImage(ref, data.digest);
  const removed: ImageRemoval = { ...asked, removedAt: new Date(effects.now()).toISOString() };
  await store.transact([{ put: { pk, sk, data: removed }, if: { version: version + 1 } }]);
}
