/** Makes, restores, hands out and deletes backups. The workflows `backup` and `restore` carry out what takes long. */
import { backupKey, environmentKey, resourceKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Backup, Environment, Operation, Resource } from '../../core/model/index.ts';
import type { RestoreInput } from '../../core/operations/kinds/backup.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getEnvironment } from '../../records/read.ts';
import { notReady } from '../environments/environments.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import {
  type BackupRef,
  backupsOf,
  copiedResource,
  getBackup,
  pathOf,
  type ResourceRef,
  readBackups,
  removeContent,
  withCopies,
} from './backup-records.ts';

/** @throws Problem not_found | environment_not_ready */
export async function readyEnvironment(ports: Ports, ref: ResourceRef): Promise<Item<Environment>> {
  const item = await getEnvironment(ports.store, ref);
  if (item.data.state !== 'ready') throw notReady(item.data, ['ready']);
  return item;
}

const requestOf = ({ project, name, id, generation }: Environment) => ({
  project,
  environment: name,
  environmentId: id,
  generation,
});

/** All backups of a resource, the newest first. @throws Problem not_found | conflict */
export async function listBackups(ports: Ports, ref: ResourceRef): Promise<Backup[]> {
  await getEnvironment(ports.store, ref);
  await withCopies(ports.store, ref);
  return (await readBackups(ports.store, ref)).map(({ data }) => data).reverse();
}

/**
 * Begins a backup. One at a time is made of a resource.
 * @param also a further write of the same transaction, for what asks by a plan
 * @throws Problem not_found | not_supported | conflict | environment_not_ready | operation_in_progress
 */
export async function startBackup(
  ports: Ports,
  caller: Caller,
  ref: ResourceRef,
  also: { scheduled: true; writes: Write[] } | undefined = undefined,
): Promise<Operation<'backup'>> {
  const { project, environment, resource } = ref;
  const accepted = await changingEnvironment(ports.store, ref, async () => {
    const parent = await readyEnvironment(ports, ref);
    const item = await copiedResource(ports.store, ref);
    backupsOf(ports);
    const before = await readBackups(ports.store, ref);
    refuseMore(before, resource);
    const backup = ports.effects.id();
    const operation = newOperation(ports, caller.actor, {
      kind: 'backup',
      ...requestOf(parent.data),
      input: { resource, backup },
    });
    const data: Backup = {
      ...{ project, environment, environmentId: parent.data.id, resource, id: backup, state: 'making' },
      ...(also && { scheduled: true }),
      operation: operation.id,
      createdAt: operation.createdAt,
      createdBy: caller.actor,
    };
    await commit(ports, caller, {
      writes: [
        { put: { ...backupKey(ref, resource, backup), data }, if: 'absent' },
        { check: environmentKey(ref), if: { version: parent.version } },
        { check: resourceKey(ref, resource), if: { version: item.version } },
        ...acceptWrites(ports, operation),
        ...(also?.writes ?? []),
      ],
      events: [
        {
          project,
          environment,
          operation: operation.id,
          type: 'backup.started',
          data: { uid: resource, backup },
        },
      ],
      result: operation,
    });
    return operation;
  });
  await startOperation(ports, accepted);
  return accepted;
}

function refuseMore(before: readonly Item<Backup>[], resource: string): void {
  const making = before.find(({ data }) => data.state === 'making');
  if (making)
    throw new Problem('operation_in_progress', `A backup of "${resource}" is being made already.`, {
      hint: `Wait until operation ${making.data.operation} has ended, or cancel it.`,
    });
  if (before.length >= limits.backups.value)
    throw new Problem('conflict', `"${resource}" has ${before.length} backups, which is the most.`, {
      hint: 'Delete those that nobody needs, or have its plan keep fewer.',
    });
}

/**
 * Begins to put a backup, or what the last restore replaced, in the place of the data.
 * @param ref.backup absent where the last restore is to be undone
 * @throws Problem not_found | not_supported | conflict | environment_not_ready
 */
export function startRestore(
  ports: Ports,
  caller: Caller,
  ref: ResourceRef & { backup?: string },
): Promise<Operation<'restore'>> {
  const { resource, backup } = ref;
  const input = { resource, ...(backup !== undefined && { backup }) };
  return beginRestore(ports, caller, ref, input, async ({ data }) => {
    if (backup !== undefined) {
      backupsOf(ports);
      await checkedBackup(ports, { ...ref, backup });
    } else if (!data.replaced)
      throw new Problem('conflict', `Nothing was replaced in "${resource}" that could come back.`, {
        hint: 'Name a backup to restore.',
      });
  });
}

/**
 * Begins to put in the place of the data what `input` names.
 * @param check what else there has to be
 * @throws Problem not_found | conflict | environment_not_ready, and what `check` throws
 */
export async function beginRestore(
  ports: Ports,
  caller: Caller,
  ref: ResourceRef,
  input: RestoreInput,
  check: (resource: Item<Resource>) => Promise<void> = async () => undefined,
): Promise<Operation<'restore'>> {
  const { project, environment, resource } = ref;
  const accepted = await changingEnvironment(ports.store, ref, async () => {
    const parent = await readyEnvironment(ports, ref);
    const item = await copiedResource(ports.store, ref);
    await check(item);
    const request = requestOf(parent.data);
    const operation = newOperation(ports, caller.actor, { kind: 'restore', ...request, input });
    const started = { project, environment, operation: operation.id, type: 'restore.started' } as const;
    await commit(ports, caller, {
      writes: [
        { check: environmentKey(ref), if: { version: parent.version } },
        { check: resourceKey(ref, resource), if: { version: item.version } },
        ...acceptWrites(ports, operation),
      ],
      events: [{ ...started, data: restoreFacts(input) }],
      result: operation,
    });
    return operation;
  });
  await startOperation(ports, accepted);
  return accepted;
}

/** What events tell of a restore. */
export const restoreFacts = ({ resource: uid, backup, source }: RestoreInput) => ({
  uid,
  ...(backup !== undefined && { backup }),
  ...(source !== undefined && { source }),
});

/** @throws Problem not_found | conflict */
async function checkedBackup(ports: Ports, ref: BackupRef): Promise<Item<Backup>> {
  const item = await getBackup(ports.store, ref);
  if (item.data.state === 'checked') return item;
  throw new Problem('conflict', `The backup "${ref.backup}" can not be used: it is not checked.`, {
    hint: item.data.state === 'making' ? 'Wait until it is made.' : 'Choose one that was checked.',
  });
}

/**
 * Its content, or an address of it where the place has one; the audit trail records that it was handed out.
 * @throws Problem not_found | conflict
 */
export async function downloadBackup(
  ports: Ports,
  caller: Caller,
  ref: BackupRef,
): Promise<AsyncIterable<Uint8Array> | string> {
  const { project, environment, resource, backup } = ref;
  const item = await checkedBackup(ports, ref);
  const { link, read } = backupsOf(ports);
  const content = await (link ?? read)(pathOf(item.data));
  if (content === undefined)
    throw new Problem('not_found', `The content of backup "${backup}" is gone.`, {
      hint: 'Delete it, and make another one.',
    });
  await commit(ports, caller, {
    writes: [{ check: backupKey(ref, resource, backup), if: { version: item.version } }],
    events: [{ project, environment, type: 'backup.downloaded', data: { uid: resource, backup } }],
  });
  return content;
}

/** @throws Problem not_found | operation_in_progress */
export async function deleteBackup(ports: Ports, caller: Caller, ref: BackupRef): Promise<void> {
  const { project, environment, resource, backup } = ref;
  const item = await getBackup(ports.store, ref);
  const { data } = item;
  if (data.state === 'making')
    throw new Problem('operation_in_progress', `The backup "${backup}" is being made.`, {
      hint: `Cancel operation ${data.operation} first.`,
    });
  // What is kept goes before its record, so that nothing is without an owner.
  const version = await removeContent(ports, item);
  await commit(ports, caller, {
    writes: [{ delete: backupKey(ref, resource, backup), if: { version } }],
    events: [{ project, environment, type: 'backup.deleted', data: { uid: resource, backup } }],
  });
}
