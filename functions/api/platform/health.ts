/** Routes of whether Berth can serve, and of what a type of problem means. */
import * as z from 'zod';
import { sightingsKey } from '../../core/keys.ts';
import type { PlaceSightings } from '../../core/model/index.ts';
import { Problem, type ProblemCode, problemCodes } from '../../core/problem.ts';
import { CLOCK_KEY, type SeenClock } from '../../records/clock.ts';
import { route } from '../http/route-spec.ts';

export const routes = [
  route({
    method: 'get',
    path: '/healthz',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getHealth',
    summary: 'Ask whether Berth answers and can read its records',
    tag: 'Platform',
    description:
      '`degraded` where Berth answers, and the place that workloads run in does not, or has not all of them: while they ' +
      'are `starting` after a start of Berth, and where one could not be brought back, which makes them `incomplete`: ' +
      'what may pass, as a full disk, is tried again. It is `degraded` too where what they print could not be read when that was last tried. ' +
      'While a place beside the installation’s own can not be reached it is `degraded` as well, and environments elsewhere go on. ' +
      'So it is for an hour after its clock jumped, in which nothing is destroyed or forgotten for its age.',
    answers: {
      200: {
        summary: 'It does',
        schema: z.object({
          status: z.enum(['ok', 'degraded']),
          workloads: z.enum(['unreachable', 'starting', 'incomplete']).optional(),
          logs: z.literal('unreadable').optional(),
          clock: z.literal('jumped').optional(),
          placesAway: z
            .array(z.string())
            .optional()
            .meta({ description: 'Places that could not be reached when they were last looked at.' }),
        }),
      },
    },
    problems: ['unavailable'],
    handle: async ({ ports }) => {
      let seen: SeenClock | undefined;
      let away: string[];
      try {
        const [clock, places] = await Promise.all([
          ports.store.get<SeenClock>(CLOCK_KEY),
          ports.store.get<PlaceSightings>(sightingsKey),
        ]);
        seen = clock?.data;
        away = Object.entries(places?.data ?? {}).flatMap(([name, { state }]) =>
          state === 'unreachable' ? name : [],
        );
      } catch (cause) {
        throw new Problem('unavailable', 'The records can not be read.', {
          hint: 'Look for the error in the log of Berth itself.',
          cause,
        });
      }
      // Everyone may ask, so the address of the place and the reason are not shown: errors of operations have them.
      const [workloads, readable] = await Promise.all([
        (ports.workloads.check?.() ?? Promise.resolve('complete' as const)).catch(
          () => 'unreachable' as const,
        ),
        (ports.logs.check?.() ?? Promise.resolve()).then(
          () => true,
          () => false,
        ),
      ]);
      return {
        status: 200,
        body: {
          status:
            workloads === 'complete' && readable && !seen?.jumpedAt && away.length === 0 ? 'ok' : 'degraded',
          ...(workloads !== 'complete' && { workloads }),
          ...(!readable && { logs: 'unreadable' as const }),
          ...(away.length > 0 && { placesAway: away }),
          ...(seen?.jumpedAt !== undefined && { clock: 'jumped' as const }),
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/problems/{code}',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getProblemType',
    summary: 'Read what a problem type means',
    description: 'What the `type` of a problem points to.',
    tag: 'Platform',
    answers: {
      200: {
        summary: 'The problem type',
        schema: z.object({ code: z.string(), status: z.int(), title: z.string() }),
      },
    },
    handle: async ({ params }) => {
      const [status, title] = problemCodes[params.code as ProblemCode];
      return { status: 200, body: { code: params.code, status, title } };
    },
  }),
];
