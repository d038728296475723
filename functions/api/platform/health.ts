/** Routes of whether Berth can serve, and of what a type of problem means. */
import * as z from 'zod';
import { sightingsKey } from '../../core/keys.ts';
import type { PlaceSightings } from '../../core/model/index.ts';
import { Problem, type ProblemCode, problemCodes } from '../../core/problem.ts';
import { CLOCK_KEY, type SeenClock, type SeenIsolation } from '../../records/clock.ts';
import { route } from '../http/route-spec.ts';

const way = z.enum(['pod', 'service', 'metadata', 'api', 'gateway', 'neighbour', 'names']);

const isolationSchema = z.object({
  state: z.enum(['in_force', 'not_in_force', 'unknown']),
  at: z.string().describe('When it was last tried.'),
  open: z.array(way).optional().describe('What workloads reach, and must not.'),
  shut: z.array(way).optional().describe('What they do not reach, and have to.'),
  hint: z.string().optional().describe('What to do.'),
});

/** Why it is so is in the log of Berth alone: everyone may ask here. */
function isolationOf({ last }: SeenIsolation): z.output<typeof isolationSchema> | undefined {
  if (!last) return undefined;
  const { at, outcome } = last;
  if (outcome.state === 'in_force') return { state: 'in_force', at };
  if (outcome.state === 'unknown')
    return {
      state: 'unknown',
      at,
      hint: 'Mend what the log of Berth says about isolation; it is tried again within an hour.',
    };
  const { open, shut } = outcome;
  const hint =
    open.length > 0
      ? 'Have the cluster enforce network policies: on EKS Auto Mode by the ConfigMap amazon-vpc-cni that the stacks make, elsewhere by a network plugin that does. It is tried again within an hour.'
      : shut.includes('neighbour')
        ? 'Look at the network plugin of the cluster: pods of one environment do not reach each other. It is tried again within an hour.'
        : 'Look at what resolves names in the cluster, and on EKS at berth:serviceCidr. It is tried again within an hour.';
  return { state: 'not_in_force', at, open, shut, hint };
}

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
      'So it is for an hour after its clock jumped, in which nothing is destroyed or forgotten for its age. ' +
      'In a cluster, pods of Berth try each day whether environments are kept apart as they are meant to be: it is `degraded` ' +
      'while `isolation` is not in force or not known.',
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
          isolation: isolationSchema.optional(),
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
      const isolation = isolationOf(seen?.isolation ?? {});
      const isWell =
        workloads === 'complete' &&
        readable &&
        !seen?.jumpedAt &&
        away.length === 0 &&
        (isolation?.state ?? 'in_force') === 'in_force';
      return {
        status: 200,
        body: {
          status: isWell ? 'ok' : 'degraded',
          ...(workloads !== 'complete' && { workloads }),
          ...(!readable && { logs: 'unreadable' as const }),
          ...(away.length > 0 && { placesAway: away }),
          ...(seen?.jumpedAt !== undefined && { clock: 'jumped' as const }),
          ...(isolation && { isolation }),
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
