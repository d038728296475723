/** The route that says when office hours would wake an environment and put it to sleep. */
import * as z from 'zod';
import { nextTurns, type OfficeHours } from '../../core/schedule/office-hours.ts';
import { ScheduleError } from '../../core/schedule/schedule.ts';
import { getProject } from '../../records/read.ts';
import { invalidRequest } from '../http/problems.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';
import { hoursFields } from './environment-view.ts';

/** How many beginnings and ends are shown. */
const SHOWN = 7;

/** @throws Problem invalid_request: they end before they begin, never begin, or go from a day to itself */
export function checkedHours<Of extends OfficeHours | null>(hours: Of): Of {
  if (!hours) return hours;
  if (hours.from >= hours.to)
    throw invalidRequest([{ path: 'to', message: `has to be later than ${hours.from}, the same day` }]);
  // The library of schedules takes it for all days.
  const [alone, day] = /(\w{3})-\1/.exec(hours.days) ?? [];
  if (alone)
    throw invalidRequest([{ path: 'days', message: `can not have "${alone}": "${day}" is the day alone` }]);
  try {
    if (nextTurns(hours, 0, 1).length === 1) return hours;
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
  }
  throw invalidRequest([{ path: 'days', message: 'are no days of a week in their order, such as mon-fri' }]);
}

const previewSchema = z
  .object({
    turns: z
      .array(z.object({ at: timeSchema, state: z.enum(['awake', 'asleep']) }))
      .meta({ description: 'The next seven, in their order.' }),
  })
  .meta({ id: 'OfficeHoursPreview' });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/office-hours-preview',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'previewOfficeHours',
    summary: 'See when office hours begin and end next',
    description: 'Nothing is set. Changes between summer and winter time are those of the zone.',
    tag: 'Environments',
    query: z.strictObject(hoursFields),
    answers: { 200: { summary: 'Beginnings and ends', schema: previewSchema } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      const turns = nextTurns(checkedHours(query), ports.effects.now(), SHOWN);
      return {
        status: 200,
        body: { turns: turns.map(({ at, state }) => ({ at: new Date(at).toISOString(), state })) },
      };
    },
  }),
];
