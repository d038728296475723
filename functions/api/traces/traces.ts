/** The routes of traces. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { TRACE_ORDERS, type Traces } from '../../ports/traces.ts';
import { outputOf, within } from '../../records/output-life.ts';
import { timeQuery } from '../http/filters.ts';
import {
  decodeCursor,
  invalidCursor,
  LIMIT_DEFAULT,
  pageOf,
  pageQuery,
  pageReply,
} from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema } from '../http/schemas.ts';
import { checkReach, environmentIdQuery } from '../logs/reach.ts';
import { detailsView, traceDetailsSchema, traceSchema, traceView } from './trace-schemas.ts';

const DURATION_RULE = 'must be milliseconds from 0 to 3600000, such as 250';

const listQuery = pageQuery.extend({
  order: z.enum(TRACE_ORDERS).optional().meta({
    description:
      '`newest` first by default; `slowest` first; or `failing`, those with a span that failed first and the newest of them at the front.',
  }),
  service: nameSchema.optional().meta({ description: 'Only those in which this service took part.' }),
  failed: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'true: only those in which a span failed.' }),
  minDuration: z
    .string()
    .regex(/^\d{1,7}(?:\.\d{1,3})?$/, DURATION_RULE)
    .transform(Number)
    .refine((value) => value <= limits.spanLateSeconds.value * 1000, DURATION_RULE)
    .optional()
    .meta({ description: 'Only those that took at least so many milliseconds.', example: '250' }),
  since: timeQuery('Only those that began at or after this time.').optional(),
  until: timeQuery('Only those that began at or before this time.').optional(),
  environmentId: environmentIdQuery,
});

const detailsQuery = z.strictObject({ environmentId: environmentIdQuery });

/** @throws Problem not_supported */
function tracesOf({ traces }: Ports): Traces {
  if (traces) return traces;
  throw new Problem('not_supported', 'Traces can not be read here: this installation keeps none.', {
    hint: 'Workloads on one machine have their traces kept; elsewhere send them to a backend of your own.',
  });
}

const POSITION = /^\d{1,16}\.\d{1,16}$/;

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/traces',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'listTraces',
    summary: 'List the traces of an environment',
    description:
      'The way in begins a trace for a part of all requests, and for more of those that fail; programs add spans by OpenTelemetry. ' +
      `A trace is kept for ${limits.traceSeconds.value / 86_400} days at most.`,
    tag: 'Running services',
    query: listQuery,
    answers: { 200: { summary: 'A page of traces', schema: pageOf(traceSchema) } },
    problems: ['not_supported', 'unavailable'],
    handle: async ({ ports, params, principal, query }) => {
      const traces = tracesOf(ports);
      const {
        environmentId,
        limit = LIMIT_DEFAULT,
        cursor,
        order,
        service,
        failed,
        minDuration,
        ...times
      } = query;
      checkReach(principal, params, environmentId);
      const life = await outputOf(ports.store, params, environmentId);
      const from = cursor === undefined ? undefined : decodeCursor(cursor, '');
      if (from !== undefined && !POSITION.test(from)) throw invalidCursor();
      const { since, until } = within(times, life);
      const minDurationUs = minDuration === undefined ? undefined : minDuration * 1000;
      const page = await traces.list(
        params,
        compact({ limit, order, service, failed, minDurationUs, since, until, from }),
      );
      return pageReply(page.traces.map(traceView), page.next);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/traces/{trace}',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'getTrace',
    summary: 'Read a trace',
    tag: 'Running services',
    query: detailsQuery,
    answers: { 200: { summary: 'The trace with its spans', schema: traceDetailsSchema } },
    problems: ['not_supported', 'unavailable'],
    handle: async ({ ports, params, principal, query: { environmentId } }) => {
      const traces = tracesOf(ports);
      checkReach(principal, params, environmentId);
      const life = await outputOf(ports.store, { ...params }, environmentId);
      const [first, ...rest] = await traces.read(params, params.trace, compact(within({}, life)));
      if (first) return { status: 200, body: detailsView(params.trace, [first, ...rest]) };
      throw new Problem(
        'not_found',
        `There is no trace ${params.trace} in environment "${params.environment}".`,
        {
          hint: `Traces are kept for a part of all requests, and for ${limits.traceSeconds.value / 86_400} days at most; list them with GET /v1/projects/${params.project}/environments/${params.environment}/traces.`,
        },
      );
    },
  }),
];
