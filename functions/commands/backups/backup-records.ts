/** The records of backups, and where what they hold is kept. */
import {
  backupKey,
  backupPlanKey,
  backupPrefix,
  backupsPath,
  environmentPartition,
  resourceKey,
} from '../../core/keys.ts';
import type { Backup, BackupPlan, Environment, EnvironmentRef, Resource } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Backups } from '../../ports/backups.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { mustGet } from '../../records/commit.ts';
import { readAll } from '../../records/read-all.ts';
import { findResourceType } from '../../resources/index.ts';
import type { ResourceCopies } from '../../resources/type.ts';

export type ResourceRef = EnvironmentRef & { resource: string };
export type BackupRef = ResourceRef & { backup: string };

/** How many stay where nobody has said so. */
export const KEEP = 7;

/** @throws Problem not_supported */
export function backupsOf({ backups }: Pick<Ports, 'backups'>): Backups {
  if (backups) return backups;
  throw new Problem(
    'not_supported',
    'No backups are made here: this installation has no place to keep them.',
    {
      hint: 'Take the snapshots of the database server itself, or have a job run pg_dump from an image that has it.',
    },
  );
}

/** A resource whose type can copy its data, in whatever state it is. @throws Problem not_found | conflict */
export async function withCopies(
  store: Store,
  ref: ResourceRef,
): Promise<{ item: Item<Resource>; copies: ResourceCopies }> {
  const { environment, resource: uid } = ref;
  const item = await mustGet<Resource>(
    store,
    resourceKey(ref, uid),
    `resource "${uid}" in environment "${environment}"`,
    'List its resources with GET .../resources.',
  );
  const copies = findResourceType(item.data.type)?.copies;
  if (copies) return { item, copies };
  throw noData(uid, 'Databases can be backed up.');
}

const noData = (uid: string, hint: string): Problem =>
  new Problem('conflict', `The resource "${uid}" has no data that can be backed up now.`, { hint });

/** @throws Problem not_found | conflict (a type without copies, or not ready) */
export async function copiedResource(store: Store, ref: ResourceRef): Promise<Item<Resource>> {
  const { item } = await withCopies(store, ref);
  if (item.data.state === 'ready') return item;
  throw noData(ref.resource, 'Wait until the deployment that makes it has ended.');
}

/** @throws Problem not_found */
export const getBackup = (store: Store, ref: BackupRef): Promise<Item<Backup>> =>
  mustGet<Backup>(
    store,
    backupKey(ref, ref.resource, ref.backup),
    `backup "${ref.backup}" of "${ref.resource}" in environment "${ref.environment}"`,
    'List the backups of the resource to see their ids.',
  );

export const readBackups = (store: Store, ref: ResourceRef): Promise<Item<Backup>[]> =>
  readAll<Backup>(store, environmentPartition(ref), backupPrefix(ref.resource));

/** The plan, or what holds where nobody has set one. */
export async function planOf(
  store: Store,
  ref: ResourceRef,
  { id: environmentId }: Pick<Environment, 'id'>,
): Promise<{ plan: BackupPlan; version?: number }> {
  const { project, environment, resource } = ref;
  const item = await store.get<BackupPlan>(backupPlanKey(ref, resource));
  if (item) return { plan: item.data, version: item.version };
  return { plan: { project, environment, environmentId, resource, timeZone: 'UTC', keep: KEEP } };
}

/**
 * Removes what is kept of a backup. Its record says so before, since nobody may take for whole what was cut short; who deletes it
 * again goes on.
 * @returns the version of the record, which is still there
 */
export async function removeContent(
  ports: Pick<Ports, 'backups' | 'store'>,
  { pk, sk, version, data }: Item<Backup>,
): Promise<number> {
  const isMarked = data.state === 'deleting';
  if (!isMarked)
    await ports.store.transact([{ put: { pk, sk, data: { ...data, state: 'deleting' } }, if: { version } }]);
  await backupsOf(ports).remove(pathOf(data));
  return isMarked ? version : version + 1;
}

export const pathOf = (backup: Backup): string => `${backupsPath(backup, backup.resource)}${backup.id}`;
