/**
 * The sweep. It is level-triggered and reads only what is due: it starts operations that were not started, ends those
 * that overran, runs jobs, ends what was kept warm, hibernates idle environments, tells of those that expire,
 * hibernates and destroys them, retries leftovers, takes promotions, clones and deliveries of git providers further, has the network tried, looks for what people have to be
 * told of, deletes versions that nobody needs, and forgets what was kept long enough.
 */

import { expireAwaiting, isAwaiting } from '../commands/approvals/awaiting-approval.ts';
import { startDueBackup } from '../commands/backups/backup-plans.ts';
import { advanceClone } from '../commands/clones/advance-clone.ts';
import { advanceDelivery } from '../commands/connections/advance.ts';
import { lookAtPreview } from '../commands/connections/preview-steps.ts';
import { endDueStandby } from '../commands/deployments/warm.ts';
import { startDueJob } from '../commands/jobs/due-jobs.ts';
import { START_CHECK_MS, startOperation } from '../commands/operations/operations.ts';
import { advancePromotion } from '../commands/pipelines/advance-promotion.ts';
import {
  DELIVERIES_QUEUE,
  ENVIRONMENTS_QUEUE,
  isBackupPlanKey,
  isCloneKey,
  isDestroyedKey,
  isPreviewKey,
  isPromotionKey,
  isVersionsLookKey,
  JOBS_QUEUE,
  OPERATIONS_QUEUE,
  operationKey,
  RETENTION_QUEUE,
  STANDBY_QUEUE,
} from '../core/keys.ts';
import {
  type BackupPlan,
  type Clone,
  type Delivery,
  type DestroyedEnvironment,
  type Environment,
  type InstanceRef,
  isTerminal,
  type Job,
  type Operation,
  OUTPUT_KEPT_MS,
  type Preview,
  type Promotion,
} from '../core/model/index.ts';
import { recoveryOf } from '../core/operations/index.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, PAGE_LIMIT_MAX, StoreConflict } from '../ports/store.ts';
import { lookAtClock } from '../records/clock.ts';
import { operationLineKeys } from '../records/operation-summaries.ts';
import { getOperation } from '../records/read.ts';
import { lookAtAlerts } from './alerts/look-at-alerts.ts';
import { sweepEnvironment } from './environments.ts';
import { forgetMasks } from './forget-output.ts';
import { tryIsolation } from './isolation.ts';
import { lookAtPlaces } from './look-at-places.ts';
import { lookAtVersions } from './versions.ts';

const BATCH = 50;
/** The longest that a pass spends on one queue; the next one goes on, milliseconds. */
const QUEUE_MS = 10_000;
/** An operation whose bound is far is looked at this often: its run may have failed for good, milliseconds. */
const LOOK_AGAIN_MS = 2 * 60 * 60 * 1000;

/** What the log says of a clock that has jumped. */
export const CLOCK_JUMPED =
  'The clock has jumped since the last sweep. For an hour nothing is destroyed or forgotten for its age: set the clock right, if it is wrong.';

export interface SweepReport {
  started: number;
  ended: number;
  hibernated: number;
  destroyed: number;
  forgotten: number;
  /** Faults, with what each was about; the rest of the sweep went on. */
  errors: { what: string; error: unknown }[];
  /** The clock has jumped, before this pass or within the last hour: nothing goes for its age. */
  clockJumped?: 'now' | 'earlier';
}

/** One pass. A fault with one item never keeps another from its turn. */
export async function sweep(ports: Ports): Promise<SweepReport> {
  const report: SweepReport = {
    started: 0,
    ended: 0,
    hibernated: 0,
    destroyed: 0,
    forgotten: 0,
    errors: [],
  };
  // A place that is away answers late, and nothing else waits for it.
  const looking = attempt(report, 'places', () => lookAtPlaces(ports));
  const clock = await lookAtClock(ports);
  if (clock.jumpedAt !== undefined) report.clockJumped = clock.isNew ? 'now' : 'earlier';
  // Figures come from places too.
  const alerting = attempt(report, 'alerts', () =>
    lookAtAlerts(ports, clock, (environment, error) =>
      report.errors.push({ what: `alerts of ${environment}`, error }),
    ),
  );
  await each<Operation>(ports, OPERATIONS_QUEUE, report, (item) => sweepOperation(ports, item, report));
  await each<Environment>(ports, ENVIRONMENTS_QUEUE, report, (item) => sweepEnvironment(ports, item, report));
  await each<Delivery | Preview | Promotion | Clone>(ports, DELIVERIES_QUEUE, report, (item) => {
    if (isPromotionKey(item)) return advancePromotion(ports, item.data as Promotion);
    if (isCloneKey(item)) return advanceClone(ports, item.data as Clone);
    return isPreviewKey(item)
      ? lookAtPreview(ports, item as Item<Preview>)
      : advanceDelivery(ports, item.data as Delivery);
  });
  await each<Job | BackupPlan>(ports, JOBS_QUEUE, report, async (item) => {
    const began = isBackupPlanKey(item)
      ? await startDueBackup(ports, item as Item<BackupPlan>)
      : (await startDueJob(ports, item as Item<Job>)) === 'started';
    if (began) report.started++;
  });
  await each<InstanceRef>(ports, STANDBY_QUEUE, report, (item) => endDueStandby(ports, item));
  await attempt(report, 'isolation', () => tryIsolation(ports, clock.isolation));
  if (!report.clockJumped) {
    await each(ports, RETENTION_QUEUE, report, async (item) => {
      const { pk, sk, version } = item;
      if (isVersionsLookKey(item)) {
        report.forgotten += await lookAtVersions(ports, item as Item<InstanceRef>);
        return;
      }
      if (isDestroyedKey(item)) await forgetMasks(ports, item.data as DestroyedEnvironment);
      const lines =
        pk === operationKey((item.data as Operation).id).pk ? operationLineKeys(item.data as Operation) : [];
      await ports.store.transact([
        { delete: { pk, sk }, if: { version } },
        ...lines.map((key) => ({ delete: key })),
      ]);
      report.forgotten++;
    });
    const before = new Date(ports.effects.now() - OUTPUT_KEPT_MS).toISOString();
    await ports.logs.forget?.(before).catch((error) => void report.errors.push({ what: 'logs', error }));
  }
  await looking;
  await alerting;
  return report;
}

/** Acts on all that is due, however much that is, as long as there is time. */
async function each<T>(
  ports: Ports,
  queue: string,
  report: SweepReport,
  act: (item: Item<T>) => Promise<void>,
): Promise<void> {
  const { store, effects } = ports;
  const before = effects.now();
  const seen = new Set<string>();
  const nameOf = ({ pk, sk }: Item<T>): string => `${pk} ${sk}`;
  // What stays due, as an item that fails, keeps none behind it from its turn.
  for (let left = 0; ; ) {
    const limit = Math.min(BATCH + left, PAGE_LIMIT_MAX);
    const due = await store.due<T>({ queue, before, limit });
    const fresh = due.filter((item) => !seen.has(nameOf(item)));
    for (const item of fresh) {
      seen.add(nameOf(item));
      await attempt(report, nameOf(item), () => act(item));
    }
    left = due.length - fresh.length;
    const isAll = due.length < limit || (fresh.length === 0 && limit === PAGE_LIMIT_MAX);
    if (isAll || effects.now() - before > QUEUE_MS) return;
  }
}

async function attempt(report: SweepReport, what: string, act: () => Promise<void>): Promise<void> {
  await act().catch((error: unknown) => {
    // Another process has changed the item in the meantime: it deals with the item, or the item is due again.
    if (error instanceof StoreConflict) return;
    if (error instanceof Problem && error.status < 500) return;
    report.errors.push({ what, error });
  });
}

async function sweepOperation(ports: Ports, item: Item<Operation>, report: SweepReport): Promise<void> {
  const operation = item.data;
  if (isTerminal(operation.status)) return;
  if (isAwaiting(item)) {
    if (report.clockJumped) return;
    await expireAwaiting(ports, item);
    report.ended++;
    return;
  }
  if (!report.clockJumped && ports.effects.now() >= Date.parse(operation.deadline)) {
    await endOperationOf(ports, operation, 'States.Timeout');
    report.ended++;
    return;
  }
  const status = await ports.workflows.describe(operation.kind, operation.id);
  if (status === undefined) {
    await startOperation(ports, operation);
    report.started++;
    // The operation could not be started again, so the next pass tries it once more.
    return postpone(ports, item, START_CHECK_MS);
  }
  if (status !== 'running') {
    // The operation may have ended since it was read.
    if (isTerminal((await getOperation(ports.store, operation.id)).data.status)) return;
    // The run ended but the record did not: nothing else will end it.
    await endOperationOf(ports, operation, 'Berth.Lost');
    report.ended++;
    return;
  }
  await postpone(ports, item, LOOK_AGAIN_MS);
}

/**
 * Ends an operation whose run, including its compensation, has failed for good, as on a full disk.
 * @param error name of the run's error
 * @returns false when it has to be tried again
 */
export async function endLost(ports: Ports, id: string, error: string): Promise<boolean> {
  const item = await ports.store.get<Operation>(operationKey(id));
  if (!item || isTerminal(item.data.status)) return true;
  return endOperationOf(ports, item.data, error).then(
    () => true,
    () => false,
  );
}

/** How long the sweep waits for a compensation, milliseconds; it looks again where that goes on. */
const RECOVERY_MS = 60_000;

/** Runs an operation's compensation outside of a workflow, where the steps of workflows have their rights. */
async function endOperationOf(ports: Ports, operation: Operation, reason: string): Promise<void> {
  await ports.workflows.stop(operation.kind, operation.id, 'It is ended by the sweep.');
  const input = { operation: operation.id, error: { Error: reason, Cause: 'Ended by the sweep' } };
  await ports.workflows.runStep(recoveryOf(operation.kind), input, AbortSignal.timeout(RECOVERY_MS));
}

/** Never beyond the operation's bound: a clock that is ahead for a while would hide it for as long. */
async function postpone(ports: Ports, item: Item<Operation>, byMs: number): Promise<void> {
  const at = Math.min(Date.parse(item.data.deadline), ports.effects.now() + byMs);
  const put = { ...operationKey(item.data.id), data: item.data, due: { queue: OPERATIONS_QUEUE, at } };
  await ports.store.transact([{ put, if: { version: item.version } }]);
}
