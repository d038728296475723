/** When backups are made by themselves, and how many are kept. */
import { changesOf } from '../../core/field-changes.ts';
import { backupPlanKey, environmentKey, JOBS_QUEUE } from '../../core/keys.ts';
import { type BackupPlan, type Environment, SYSTEM_ACTOR } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { scheduleOf } from '../../core/schedule/schedule.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { getEnvironment } from '../../records/read.ts';
import { nextOf } from '../jobs/job-record.ts';
import { backupsOf, copiedResource, planOf, type ResourceRef } from './backup-records.ts';
import { startBackup } from './backups.ts';

/** What people set of a plan. */
export type PlanSettings = Pick<BackupPlan, 'schedule' | 'timeZone' | 'keep'>;

const settingsOf = ({ schedule, timeZone, keep }: PlanSettings): PlanSettings => ({
  ...(schedule !== undefined && { schedule }),
  timeZone,
  keep,
});

/** @throws Problem not_found | conflict */
export async function getPlan(ports: Ports, ref: ResourceRef): Promise<BackupPlan> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  await copiedResource(ports.store, ref);
  return (await planOf(ports.store, ref, environment)).plan;
}

/**
 * @param settings.schedule a valid one; absent where nothing is to be made by itself
 * @throws Problem not_found | not_supported | conflict
 */
export function putPlan(
  ports: Ports,
  caller: Caller,
  ref: ResourceRef,
  settings: PlanSettings,
): Promise<BackupPlan> {
  const { project, environment, resource: uid } = ref;
  return retryOnConflict(async () => {
    const parent = await getEnvironment(ports.store, ref);
    await copiedResource(ports.store, ref);
    backupsOf(ports);
    const { plan: before, version } = await planOf(ports.store, ref, parent.data);
    const { schedule: _schedule, nextAt: _nextAt, ...rest } = before;
    const plan = { ...rest, ...settings, ...nextAt(settings, ports.effects.now()) };
    const changes = changesOf(settingsOf(before), settingsOf(plan));
    await commit(ports, caller, {
      writes: [
        planWrite(plan, version === undefined ? 'absent' : { version }),
        { check: environmentKey(ref), if: { version: parent.version } },
      ],
      events: [{ project, environment, type: 'backup-plan.changed', data: { uid, changes } }],
      result: plan,
    });
    return plan;
  });
}

const nextAt = ({ schedule, timeZone }: PlanSettings, now: number): Pick<BackupPlan, 'nextAt'> =>
  schedule === undefined ? {} : nextOf(scheduleOf(schedule, timeZone), now);

function planWrite(plan: BackupPlan, condition: 'absent' | { version: number }): Write {
  const due = plan.nextAt === undefined ? {} : { due: { queue: JOBS_QUEUE, at: Date.parse(plan.nextAt) } };
  return { put: { ...backupPlanKey(plan, plan.resource), data: plan, ...due }, if: condition };
}

/**
 * Begins a backup that is due, and notes when the next one is, in one transaction. What sleeps does not change, and is not
 * backed up again.
 * @returns whether one was begun
 */
export async function startDueBackup(
  ports: Ports,
  { data: plan, version }: Item<BackupPlan>,
): Promise<boolean> {
  const { project, environment, environmentId, resource } = plan;
  const ref = { project, environment, resource };
  const parent = await ports.store.get<Environment>(environmentKey(ref));
  if (parent?.data.id !== environmentId) {
    await ports.store.transact([{ delete: backupPlanKey(ref, resource), if: { version } }]);
    return false;
  }
  const { nextAt: _due, ...rest } = plan;
  const writes = [planWrite({ ...rest, ...nextAt(plan, ports.effects.now()) }, { version })];
  const system = { actor: SYSTEM_ACTOR };
  if (parent.data.state !== 'ready') {
    await ports.store.transact(writes);
    return false;
  }
  try {
    await startBackup(ports, system, ref, { scheduled: true, writes });
    return true;
  } catch (error) {
    if (!(error instanceof Problem && error.status < 500)) throw error;
    const { code, message: cause } = error;
    await commit(ports, system, {
      writes,
      events: [{ project, environment, type: 'backup.missed', data: { uid: resource, code, cause } }],
    });
    return false;
  }
}
