/** How jobs are set and shown. */
import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';
import { limits } from '../../core/limits.ts';
import { type Job, missReasons, overlapPolicies } from '../../core/model/index.ts';
import { isTimeZone } from '../../core/schedule/schedule.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';
import { statusSchema } from '../operations/operation-view.ts';
import { commandSchema, processField, timeoutSchema } from '../runs/command-schema.ts';

export const settingFields = {
  schedule: z
    .string()
    .min(1)
    .max(200)
    .meta({
      description:
        'Five fields as in a crontab: minute, hour, day of the month, month, day of the week. An hour that is left out ' +
        'in spring is made up for right after it; in one that comes twice in autumn a job runs once, unless its hour or ' +
        'minute is `*` or has a step.',
      example: '30 2 * * *',
    }),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin')
    .meta({ description: 'Of the IANA database; UTC by default.', example: 'Europe/Berlin' }),
  command: commandSchema,
  process: processField.meta({
    description: 'With the image, variables and files of this process; with those of `web` without it.',
    example: 'worker',
  }),
  timeout: timeoutSchema,
  overlap: z.enum(overlapPolicies).meta({
    description:
      'When it is due and its last run goes on: `forbid`, the default, misses that time; `allow` runs both.',
  }),
  retries: z.int().min(0).max(limits.jobRetries.value).meta({
    description:
      'How often a run that failed is tried again: after 10 seconds, and twice as long each time, before it is due next. 0 by default.',
    example: 2,
  }),
  suspended: z.boolean().meta({ description: 'It does not run by its schedule. false by default.' }),
  wakes: z.boolean().meta({
    description:
      'It wakes an environment that sleeps. false by default: it sleeps with its environment, and that is no failure.',
  }),
};

export const jobSchema = z
  .object({
    name: nameSchema.meta({ example: 'nightly' }),
    project: z.string().meta({ example: 'demo' }),
    environment: z.string().meta({ example: 'dev' }),
    service: z.string().meta({ example: 'guestbook' }),
    ...settingFields,
    timeout: z.string().meta({ example: '1h' }),
    nextAt: timeSchema.optional().meta({ description: 'When it is due next; absent while it is suspended.' }),
    retryAt: timeSchema.optional().meta({ description: 'When a run that failed is tried again.' }),
    running: z
      .array(z.string())
      .meta({ description: 'The operations of its runs that have not ended.', example: [] }),
    last: z
      .object({
        operation: z.string(),
        status: statusSchema,
        exitCode: z.int().optional(),
        endedAt: timeSchema,
      })
      .optional()
      .meta({ description: 'The run that ended last.' }),
    missed: z
      .object({
        count: z.int().meta({ example: 1 }),
        since: timeSchema,
        reason: z.enum(missReasons).meta({ description: 'Of the last time.' }),
      })
      .optional()
      .meta({ description: 'Since the last run that began: how often it was due in vain.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Job' });

export function jobView({ environmentId: _, timeoutSeconds, retry, ...job }: Job): z.infer<typeof jobSchema> {
  return compact({ ...job, timeout: formatDuration(timeoutSeconds), retryAt: retry?.at });
}
