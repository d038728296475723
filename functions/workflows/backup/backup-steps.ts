/** Steps of the workflow `backup`. */
import {
  getBackup,
  pathOf,
  planOf,
  readBackups,
  removeContent,
} from '../../commands/backups/backup-records.ts';
import { backupKey, backupsPath } from '../../core/keys.ts';
import { type Backup, isFor, type Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Backups } from '../../ports/backups.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { getEnvironment } from '../../records/read.ts';
import { endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { environmentOf } from '../environment-state.ts';
import { keepResult } from '../keep-result.ts';
import type { Step } from '../step.ts';
import { discard, inTime, settled, subjectOf } from './subject.ts';

type BackupStep = Step<Operation<'backup'>>;

const refOf = (operation: Operation<'backup'>) => ({ ...environmentOf(operation), ...operation.input });

/** @throws Problem not_supported */
function kept({ backups }: Ports): Backups {
  if (backups) return backups;
  throw new Problem('not_supported', 'This installation has no place for backups any more.', {
    hint: 'Have the platform team give it one again.',
  });
}

export const writeBackup: BackupStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const { data } = await getBackup(ports.store, refOf(operation));
    const { copies, request } = await subjectOf(ports, operation);
    const bytes = await settled(() =>
      inTime(signal, async () => kept(ports).write(pathOf(data), await copies.read(ports, request, signal))),
    );
    await keepResult(ports, operation.id, { bytes });
  },
};

export const checkBackup: BackupStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const { data } = await getBackup(ports.store, refOf(operation));
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    const content = await kept(ports).read(pathOf(data));
    if (!content)
      throw new Problem('backup_failed', 'What was written of the backup is gone.', {
        hint: 'Make another one.',
      });
    const summary = await settled(() =>
      inTime(signal, () => copies.load(ports, request, content, signal, stillOwned)),
    );
    await settled(() => copies.discard(ports, request, stillOwned));
    await keepResult(ports, operation.id, { ...operation.result, ...summary });
  },
};

export const finishBackup: BackupStep = {
  role: 'finish',
  async run({ ports, operation }) {
    const { resource: uid, backup } = operation.input;
    const { bytes = 0, tables = 0, rows = 0 } = (operation.result ?? {}) as Partial<Backup>;
    await endOperation(ports, operation, {
      ending: { status: 'succeeded', result: { resource: uid, backup, bytes, tables, rows } },
      event: { type: 'backup.checked', data: { uid, backup, bytes, tables, rows } },
      writes: () =>
        backupWrites(ports, operation, (data) => ({ ...data, state: 'checked', bytes, tables, rows })),
    });
    // The operation has ended: what fails here is removed after the next backup.
    await removeOlder(ports, operation).catch(() => undefined);
  },
};

async function backupWrites(
  ports: Ports,
  operation: Operation<'backup'>,
  change: (backup: Backup) => Backup,
): Promise<Write[]> {
  const { resource, backup } = operation.input;
  const item = await ports.store.get<Backup>(backupKey(environmentOf(operation), resource, backup));
  if (item?.data.operation !== operation.id) return [];
  return [{ put: { pk: item.pk, sk: item.sk, data: change(item.data) }, if: { version: item.version } }];
}

/** Keeps as many that were checked as the plan says; those that failed go with what is older than these. */
async function removeOlder(ports: Ports, operation: Operation<'backup'>): Promise<void> {
  const ref = refOf(operation);
  const { data: environment } = await getEnvironment(ports.store, ref);
  const { plan } = await planOf(ports.store, ref, environment);
  const all = await readBackups(ports.store, ref);
  const checked = all.filter(({ data }) => data.state === 'checked');
  const oldest = checked.at(-plan.keep);
  if (!oldest || !isFor(operation, environment)) return;
  for (const item of all)
    if (item.data.id < oldest.data.id && item.data.state !== 'making') await remove(ports, item);
}

async function remove(ports: Ports, item: Item<Backup>): Promise<void> {
  const { pk, sk } = item;
  const version = await removeContent(ports, item);
  await ports.store.transact([{ delete: { pk, sk }, if: { version } }]);
}

export const recoverBackup: BackupStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const ending = endingOf(errorOf(context));
    await untilOverdue(ports, operation, () => undo(ports, operation));
    const { resource: uid, backup } = operation.input;
    const { code, cause } = ending.error;
    await endOperation(ports, operation, {
      ending,
      event: { type: 'backup.failed', data: { uid, backup, code, cause } },
      writes: () =>
        backupWrites(ports, operation, (data) => ({ ...data, state: 'failed', error: ending.error })),
    });
  },
};

/** Whoever removes the resource removes what is beside it as well. */
async function undo(ports: Ports, operation: Operation<'backup'>): Promise<void> {
  const { input, environmentId = '' } = operation;
  const ref = { ...environmentOf(operation), environmentId };
  await ports.backups?.remove(`${backupsPath(ref, input.resource)}${input.backup}`);
  await discard(ports, operation);
}
