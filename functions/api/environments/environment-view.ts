/** How environments are shown. */
import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';
import { type Environment, HOME } from '../../core/model/index.ts';
import { shownState } from '../../core/schedule/expiry-steps.ts';
import { DAYS_PATTERN, TIME_PATTERN } from '../../core/schedule/office-hours.ts';
import { isTimeZone } from '../../core/schedule/schedule.ts';
import { membersOf, nameSchema, timeSchema } from '../http/schemas.ts';

export const protectionSchema = z
  .object({
    approval: z.boolean().meta({ description: 'A second person approves each deployment.' }),
    rollbackWithoutApproval: z
      .boolean()
      .optional()
      .meta({ description: 'Going back to what ran here before needs no approval.' }),
    shells: z
      .boolean()
      .optional()
      .meta({ description: 'Shells may be opened into its services; without it they may not.' }),
  })
  .meta({ id: 'Protection' });

/** What begins after it ends, or not on the same day, is refused by whoever takes it. */
export const hoursFields = {
  days: z
    .string()
    .max(64)
    .regex(DAYS_PATTERN, 'must be days of the week, such as mon-fri or mon,wed,fri')
    .meta({ example: 'mon-fri' }),
  from: z.string().regex(TIME_PATTERN, 'must be a time of day, such as 08:00').meta({ example: '08:00' }),
  to: z
    .string()
    .regex(TIME_PATTERN, 'must be a time of day, such as 19:00')
    .meta({ description: 'Later the same day.', example: '19:00' }),
  zone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin')
    .meta({ description: 'Of the IANA database.', example: 'Europe/Berlin' }),
};

export const officeHoursSchema = z.object(hoursFields).meta({ id: 'OfficeHours' });

export const environmentSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    name: nameSchema.meta({ example: 'dev' }),
    id: z.string().meta({ description: 'Differs between two of the same name, one after the other.' }),
    kind: z.enum(['persistent', 'ephemeral']),
    state: z.enum([
      'provisioning',
      'ready',
      'hibernating',
      'hibernated',
      'expired',
      'waking',
      'destroying',
      'destroyed',
      'failed',
    ]),
    placement: nameSchema.meta({ description: 'The place that it is in.', example: HOME }),
    idleAfter: z.string().optional().meta({ example: '8h' }),
    hibernatesAt: timeSchema
      .optional()
      .meta({ description: 'Not before this time; each request and deployment puts it off.' }),
    officeHours: officeHoursSchema
      .optional()
      .meta({ description: 'Outside of them it sleeps, and when they begin it is woken.' }),
    awakeUntil: timeSchema
      .optional()
      .meta({ description: 'Until then its office hours do not put it to sleep.' }),
    protection: protectionSchema.optional(),
    expiresAt: timeSchema.optional().meta({
      description: 'When its time is over: it sleeps from then on, and is destroyed three days later.',
    }),
    destroyAt: timeSchema.optional().meta({
      description:
        'When it is destroyed with its data; there once its time is over, until somebody wakes it, deploys to it or extends it.',
    }),
    lastActivityAt: timeSchema.meta({
      description:
        'Of the last request or deployment. In lists, and where no idle rule asks for it, of the last that was recorded.',
    }),
    operation: z.string().optional().meta({ description: 'The operation that changes its state.' }),
    leftovers: z
      .array(z.string())
      .optional()
      .meta({ description: 'What could not be removed yet; it is tried again.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Environment' });

/**
 * The environment with the time of its last request, which the sweep writes into the record only now and then.
 * @param lastRequest epoch milliseconds
 */
export function withLastRequest(environment: Environment, lastRequest: number | undefined): Environment {
  if (lastRequest === undefined || lastRequest <= Date.parse(environment.lastActivityAt)) return environment;
  return { ...environment, lastActivityAt: new Date(lastRequest).toISOString() };
}

export function environmentView(environment: Environment): z.infer<typeof environmentSchema> {
  const { idleAfterSeconds: idle, state, lastActivityAt } = environment;
  return membersOf(environmentSchema, {
    ...environment,
    state: shownState(environment),
    placement: environment.placement ?? HOME,
    idleAfter: idle === undefined ? undefined : formatDuration(idle),
    hibernatesAt:
      idle === undefined || state !== 'ready'
        ? undefined
        : new Date(Date.parse(lastActivityAt) + idle * 1000).toISOString(),
  });
}
