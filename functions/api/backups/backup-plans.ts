/** Routes of when backups are made by themselves. */
import * as z from 'zod';
import { getPlan, putPlan } from '../../commands/backups/backup-plans.ts';
import { limits } from '../../core/limits.ts';
import type { BackupPlan } from '../../core/model/index.ts';
import { ScheduleError, scheduleOf } from '../../core/schedule/schedule.ts';
import { invalidRequest } from '../http/problems.ts';
import { route } from '../http/route-spec.ts';
import { membersOf, timeSchema } from '../http/schemas.ts';
import { settingFields } from '../jobs/job-view.ts';
import { refOf } from './backups.ts';

const keep = z
  .int()
  .min(1)
  .max(limits.backups.value - 10)
  .meta({ description: 'How many that were checked stay. 7 by default.', example: 7 });
const { schedule, timeZone } = settingFields;

const planSchema = z
  .object({
    schedule: schedule.optional(),
    timeZone: z.string().meta({ example: 'Europe/Berlin' }),
    keep,
    nextAt: timeSchema.optional().meta({ description: 'When the next one is made.' }),
  })
  .meta({ id: 'BackupPlan' });

const body = z.strictObject({
  schedule: schedule
    .optional()
    .meta({ description: 'As that of a job. Without it nothing is made by itself.' }),
  timeZone: timeZone.default('UTC'),
  keep: keep.default(7),
});

/** @throws Problem invalid_request */
function check({ schedule: pattern, timeZone: zone }: z.output<typeof body>): void {
  try {
    if (pattern === undefined || scheduleOf(pattern, zone).next(0) !== undefined) return;
  } catch (error) {
    if (error instanceof ScheduleError) throw invalidRequest([{ path: 'schedule', message: error.message }]);
    throw error;
  }
  throw invalidRequest([{ path: 'schedule', message: 'is never due: no such day comes' }]);
}

const view = (plan: BackupPlan) => ({ status: 200, body: membersOf(planSchema, { ...plan }) });
const PATH = '/v1/projects/{project}/environments/{environment}/resources/{resource}/backup-plan';

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'backup.read', scope: 'project' },
    operationId: 'getBackupPlan',
    summary: 'Read when a database is backed up by itself',
    tag: 'Environments',
    answers: { 200: { summary: 'The plan', schema: planSchema } },
    problems: ['conflict'],
    handle: async ({ ports, params }) => view(await getPlan(ports, refOf(params))),
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'backup.write', scope: 'project' },
    operationId: 'putBackupPlan',
    summary: 'Set when a database is backed up by itself, and how many backups are kept',
    description:
      'An environment that sleeps is not backed up, since nothing changes in it. A backup that could not be begun is an event ' +
      '`backup.missed`, one that failed `backup.failed`. Older backups than those that are kept are removed once a newer one ' +
      'was checked, whoever asked for them.',
    tag: 'Environments',
    body,
    bodyExamples: { nightly: { schedule: '30 2 * * *', timeZone: 'Europe/Berlin', keep: 14 }, byHand: {} },
    answers: { 200: { summary: 'The plan', schema: planSchema } },
    problems: ['conflict', 'not_supported'],
    handle: ({ ports, params, body: asked, change }) => {
      check(asked);
      const { schedule: pattern, ...others } = asked;
      const settings = { ...others, ...(pattern !== undefined && { schedule: pattern }) };
      return change(view, (caller) => putPlan(ports, caller, refOf(params), settings));
    },
  }),
];
