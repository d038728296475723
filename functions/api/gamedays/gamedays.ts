/** The route that holds a game day. */
import * as z from 'zod';
import { holdGameDay } from '../../commands/gamedays/gamedays.ts';
import { limits } from '../../core/limits.ts';
import type { Fault } from '../../core/model/index.ts';
import { route } from '../http/route-spec.ts';
import { compact, durationSchema, nameSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';

const DURATION = { min: 10, max: 600 };
const DELAY_MAX_MS = limits.gameDayDelay.value * 1000;
const HOLD_MAX_MS = limits.gameDayHold.value * 1000;

const service = nameSchema;
const percent = z
  .int()
  .min(1)
  .max(100)
  .default(100)
  .meta({ description: 'Of a hundred requests. 100 without it.' });
const every = durationSchema(
  DURATION,
  'Again after so long, until the game day ends: 10s to 10m.',
).optional();

const faultSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('kill').meta({ description: 'Ends one replica, as a crash does.' }),
      service: service
        .optional()
        .meta({ description: 'Of which service; of any without it.', example: 'guestbook' }),
      every,
    }),
    z.strictObject({
      type: z.literal('delay').meta({ description: 'Requests wait before they reach the service.' }),
      service,
      delayMs: z.int().min(1).max(DELAY_MAX_MS).meta({ example: 500 }),
      percent,
    }),
    z.strictObject({
      type: z
        .literal('abort')
        .meta({ description: 'Requests are answered with 503 in place of the service.' }),
      service,
      percent,
    }),
    z.strictObject({
      type: z.literal('slow-database').meta({
        description: 'Statements on tables of the databases in the environment wait.',
      }),
      delayMs: z.int().min(1).max(HOLD_MAX_MS).meta({ description: 'For at most so long.', example: 300 }),
    }),
    z.strictObject({
      type: z.literal('cut-database').meta({
        description:
          'Ends all connections to the databases in the environment; new ones can be opened at once.',
      }),
      every,
    }),
  ])
  .meta({ id: 'Fault', description: 'One thing that is made to fail.' });

const body = z.strictObject({
  duration: durationSchema(DURATION, 'How long: 10s to 10m. After it nothing is made to fail any more.').meta(
    {
      example: '1m',
    },
  ),
  faults: z.array(faultSchema).min(1).max(10),
  stopAtErrorPercent: z.int().min(1).max(100).optional().meta({
    description:
      'Ends it early once so many of a hundred requests have failed since it began, of 20 at least.',
    example: 50,
  }),
});

function faultOf(fault: z.output<typeof faultSchema>): Fault {
  switch (fault.type) {
    case 'kill':
      return compact({ type: fault.type, service: fault.service, everySeconds: fault.every });
    case 'cut-database':
      return compact({ type: fault.type, everySeconds: fault.every });
    default:
      return fault;
  }
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/gamedays',
    policy: { action: 'gameday.create', scope: 'project' },
    operationId: 'holdGameDay',
    summary: 'Make an environment fail on purpose, for a time',
    description:
      'Nothing outside of this environment is touched, and nothing outlasts the duration, whatever happens to Berth. ' +
      'What can not be made to fail where its workloads run is refused before anything is done. The `result` of the ' +
      'operation is the report: for each service its requests, errors and latency before, during and after, how many ' +
      'replicas were started since, and whether all are ready. To end it early, cancel the operation.',
    tag: 'Running services',
    body,
    bodyExamples: {
      crash: { duration: '1m', faults: [{ type: 'kill', service: 'guestbook', every: '20s' }] },
      slow: {
        duration: '2m',
        faults: [
          { type: 'slow-database', delayMs: 300 },
          { type: 'abort', service: 'guestbook', percent: 10 },
        ],
        stopAtErrorPercent: 50,
      },
    },
    answers: { 202: acceptedAnswer('Accepted') },
    problems: ['environment_not_ready', 'operation_in_progress', 'invalid_gameday', 'conflict'],
    handle: ({ ports, params, body: { duration, faults, stopAtErrorPercent }, change }) =>
      change(acceptedReply, (caller) =>
        holdGameDay(
          ports,
          caller,
          params,
          compact({ durationSeconds: duration, faults: faults.map(faultOf), stopAtErrorPercent }),
        ),
      ),
  }),
];
