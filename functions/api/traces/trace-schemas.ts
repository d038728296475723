/** How traces are answered. */
import * as z from 'zod';
import { SPAN_KINDS, type StoredSpan, type TraceSummary } from '../../ports/traces.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

const TRACE_EXAMPLE = '4bf92f3577b34da6a3ce929d0e0e4736';

export const traceSchema = z
  .object({
    id: z.string().meta({ example: TRACE_EXAMPLE }),
    name: z.string().meta({ description: 'Of the span that began first.', example: 'GET' }),
    service: nameSchema.meta({ description: 'Whose span began first.' }),
    startedAt: timeSchema,
    durationMs: z.number().meta({ description: 'From the first beginning to the last end.', example: 12.5 }),
    services: z.array(nameSchema).meta({ description: 'All that took part.' }),
    spans: z.int(),
    errors: z.int().meta({ description: 'Spans that failed.' }),
  })
  .meta({ id: 'Trace' });

const attributes = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))]),
  )
  .meta({ description: 'As they were sent; text, never markup.', example: { 'http.request.method': 'GET' } });

export const spanSchema = z
  .object({
    id: z.string().meta({ example: '00f067aa0ba902b7' }),
    parent: z.string().optional().meta({ description: 'Id of the span that it is within.' }),
    name: z.string(),
    kind: z.enum(SPAN_KINDS),
    service: nameSchema,
    deployment: z.int().optional().meta({ description: 'The one whose program it was.', example: 3 }),
    from: z.enum(['router', 'workload']).meta({
      description: '`router`: as Berth saw the request from outside. `workload`: as the program told it.',
    }),
    startedAt: timeSchema,
    offsetMs: z.number().meta({ description: 'How long after the beginning of the trace it began.' }),
    durationMs: z.number(),
    status: z.enum(['unset', 'ok', 'error']),
    statusMessage: z.string().optional(),
    attributes,
    events: z.array(z.object({ name: z.string(), offsetMs: z.number(), attributes })),
    links: z.array(z.object({ trace: z.string(), span: z.string() })),
    dropped: z
      .int()
      .optional()
      .meta({ description: 'How many attributes, events and links are missing, and texts cut.' }),
  })
  .meta({ id: 'Span' });

export const traceDetailsSchema = z
  .object({
    ...traceSchema.shape,
    items: z.array(spanSchema).meta({ description: 'Its spans, in the order in which they began.' }),
    logs: z.object({ search: z.string(), since: timeSchema, until: timeSchema }).meta({
      description: 'The query of the log of the environment that finds the lines with the id of the trace.',
    }),
  })
  .meta({ id: 'TraceDetails' });

const timeOf = (us: number): string => new Date(Math.floor(us / 1000)).toISOString();
const milliseconds = (us: number): number => us / 1000;

export const traceView = (trace: TraceSummary): z.infer<typeof traceSchema> => ({
  id: trace.id,
  name: trace.first.name,
  service: trace.first.service,
  startedAt: timeOf(trace.startUs),
  durationMs: milliseconds(trace.durationUs),
  services: trace.services,
  spans: trace.spans,
  errors: trace.errors,
});

/** Lines may come before a trace begins and after it has ended, as clocks and buffers have it. */
const AROUND_US = 60e6;

/** @param spans by their beginnings, at least one */
export function detailsView(
  id: string,
  spans: readonly [StoredSpan, ...StoredSpan[]],
): z.infer<typeof traceDetailsSchema> {
  const [first] = spans;
  const from = first.startUs;
  const to = Math.max(...spans.map(({ startUs, durationUs }) => startUs + durationUs));
  const summary: TraceSummary = {
    id,
    startUs: from,
    durationUs: to - from,
    first,
    services: [...new Set(spans.map(({ service }) => service))],
    spans: spans.length,
    errors: spans.filter(({ status }) => status === 'error').length,
  };
  return {
    ...traceView(summary),
    items: spans.map(({ spanId, parentId, startUs, durationUs, traceId: _, events, links, ...rest }) =>
      compact({
        ...rest,
        id: spanId,
        parent: parentId,
        startedAt: timeOf(startUs),
        offsetMs: milliseconds(startUs - from),
        durationMs: milliseconds(durationUs),
        events: events.map(({ name, atUs, attributes }) => ({
          name,
          offsetMs: milliseconds(atUs - from),
          attributes,
        })),
        links: links.map(({ traceId, spanId }) => ({ trace: traceId, span: spanId })),
      }),
    ),
    logs: { search: `"${id}"`, since: timeOf(from - AROUND_US), until: timeOf(to + AROUND_US) },
  };
}
