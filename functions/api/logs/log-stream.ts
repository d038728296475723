/** Reads and follows log streams, whoever they belong to. */

import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { LOG_LEVELS, levelOf } from '../../core/logs/log-level.ts';
import { LogQueryError, parseLogQuery } from '../../core/logs/log-query.ts';
import type { LogFilter, LogLine, LogStream, Logs } from '../../ports/logs.ts';
import { createLineFilter, TAIL_MAX } from '../../ports/rules/logs-page.ts';
import type { Reply } from '../../records/commit.ts';
import { timeQuery } from '../http/filters.ts';
import { decodeCursor, encodeCursor, invalidCursor } from '../http/list-pages.ts';
import { compact, lineSchema, timeSchema } from '../http/schemas.ts';
import type { StreamEvent } from '../http/sse.ts';

const TAIL_DEFAULT = 100;
const TAIL_RULE = `must be a whole number from 1 to ${TAIL_MAX}`;

function mustBeQuery(text: string, context: z.core.$RefinementCtx): void {
  try {
    parseLogQuery(text);
  } catch (error) {
    if (!(error instanceof LogQueryError)) throw error;
    context.addIssue({ code: 'custom', message: `is no search: ${error.message.replace(/\.$/, '')}` });
  }
}

export const logQuery = z.strictObject({
  tail: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, TAIL_RULE)
    .transform(Number)
    .refine((value) => value <= TAIL_MAX, TAIL_RULE)
    .optional()
    .meta({ description: `How many lines at most, 1 to ${TAIL_MAX}; ${TAIL_DEFAULT} by default.` }),
  since: timeQuery('Only lines at or after this time.').optional(),
  until: timeQuery('Only lines at or before this time.').optional(),
  search: lineSchema(limits.logSearch.value)
    .superRefine(mustBeQuery)
    .optional()
    .meta({
      description:
        'Only lines that hold these words and "phrases", in capitals or not; with `AND`, `OR`, `-` for not, parentheses, ' +
        'and fields: `@level:error`, `@service:web`, `@deployment:12`, `@container:web`, `@source:stderr`, or of JSON lines as ' +
        '`@http.status:>=500` and `@took:100..200`.',
      example: 'checkout -"health check" @http.status:>=500',
    }),
  level: z.enum(LOG_LEVELS).optional().meta({
    description:
      'Only lines that say that they are at least this severe: by a field of a JSON line, or by a word at its beginning.',
  }),
  deployment: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'must be a whole number from 1 on')
    .transform(Number)
    .optional()
    .meta({ description: 'Only lines of this deployment.', example: '3' }),
  container: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be the name of a container')
    .optional()
    .meta({ description: 'Only lines of this container.', example: 'web' }),
  direction: z.enum(['backward', 'forward']).optional().meta({
    description:
      'Of a list: whether it goes from the newest line back, as it does by default, or from the oldest forward.',
  }),
  cursor: z
    .string()
    .optional()
    .meta({ description: '`nextCursor` of the page before, with the same filters and direction.' }),
  follow: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'Of an event stream: whether it goes on with new lines. true by default.' }),
});

/** With the service, where the lines are of one. */
export type LogQuery = z.output<typeof logQuery> & { service?: string };

export const lineSchemaOfLog = z
  .object({
    at: timeSchema,
    message: z.string().meta({ description: 'One line as it was printed; text, never markup.' }),
    source: z.enum(['stdout', 'stderr', 'berth']),
    level: z
      .enum(LOG_LEVELS)
      .optional()
      .meta({ description: 'How severe it says that it is; absent where it does not say.' }),
    deployment: z.int().optional().meta({ example: 3 }),
    container: z.string().optional().meta({ example: 'web' }),
    replica: z
      .string()
      .optional()
      .meta({ description: 'The replica that printed it; on one machine alone.', example: 'web-3-0' }),
    service: z.string().optional().meta({ description: 'Where lines of several services are asked for.' }),
    process: z.string().optional().meta({
      description: 'Where lines of several processes are asked for; absent for those of the web.',
      example: 'worker',
    }),
    missing: z.literal(true).optional().meta({
      description:
        'It stands where lines are missing, and says why. A stream has it also where a filter leaves out others.',
    }),
  })
  .meta({ id: 'LogLine' });

export const logAnswer = {
  summary: 'Lines, oldest first',
  schema: z.object({
    items: z.array(lineSchemaOfLog),
    missing: z
      .string()
      .optional()
      .meta({
        description:
          'What of the output could not be read, and why: it may have been printed, and is not among the lines. ' +
          'A stream says it in a line of source `berth`.',
      }),
    nextCursor: z
      .string()
      .optional()
      .meta({
        description:
          'Where to go on: to older lines, or with `direction=forward` to newer ones. Absent where there are no more. ' +
          'With filters a page may hold fewer lines than were asked for while there are more.',
      }),
  }),
  stream: { schema: lineSchemaOfLog, summary: 'An event `line` a line' },
};

/** Of one stream, or of several as one. */
type ReadLogs = Pick<Logs, 'read' | 'page' | 'follow'>;

const view = (line: LogLine): z.infer<typeof lineSchemaOfLog> =>
  compact({ ...line, level: levelOf(line.message) });

function filterOf({ since, until, search, level, deployment, container, service }: LogQuery): LogFilter {
  return compact({ since, until, search, level, deployment, container, service });
}

export async function logReply(logs: ReadLogs, stream: LogStream, query: LogQuery): Promise<Reply> {
  const { tail = TAIL_DEFAULT, direction, cursor } = query;
  const from = cursor === undefined ? undefined : decodeCursor(cursor, '');
  if (from !== undefined && !/^\d{1,15}\.\d{1,15}$/.test(from)) throw invalidCursor();
  const { lines, next, missing } = await logs.page(stream, {
    limit: tail,
    ...filterOf(query),
    ...(direction && { direction }),
    ...(from !== undefined && { from }),
  });
  return {
    status: 200,
    body: compact({
      items: lines.map(view),
      missing,
      nextCursor: next === undefined ? undefined : encodeCursor(next),
    }),
  };
}

/** `<time>/<n>`: the n-th line at that time, from 1 on. */
const EVENT_ID = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)\/(\d{1,6})$/;

/**
 * Lines as events. A client that resumes gets every line behind the last that it had, or a line that says that lines
 * are missing. Where several lines have the same time it may get some of them again.
 */
export async function* followLog(
  logs: ReadLogs,
  stream: LogStream,
  query: LogQuery,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const [, resumedAt, resumedCount] = EVENT_ID.exec(lastEventId ?? '') ?? [];
  let at = '';
  let count = 0;
  for await (const line of linesOf(logs, stream, query, resumedAt, signal)) {
    count = line.at === at ? count + 1 : 1;
    at = line.at;
    if (at === resumedAt && count <= Number(resumedCount)) continue;
    yield { event: 'line', id: `${at}/${count}`, data: view(line) };
  }
}

/** The last lines that pass the filter, then the new ones. @param resumedAt starts here instead of at the last lines */
async function* linesOf(
  logs: ReadLogs,
  stream: LogStream,
  query: LogQuery,
  resumedAt: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const filter = filterOf(query);
  const passing = createLineFilter(filter);
  if (resumedAt !== undefined) {
    const options = { since: resumedAt, signal };
    const lines = query.follow === false ? await logs.read(stream, options) : logs.follow(stream, options);
    for await (const line of lines) yield* passing(line);
    return;
  }
  const limit = query.tail ?? TAIL_DEFAULT;
  // A stream that ends at a given time has no new lines.
  if (query.follow === false || query.until !== undefined) {
    yield* (await logs.page(stream, { limit, ...filter })).lines;
    return;
  }
  const isFiltered = Object.keys(filter).some((name) => name !== 'since' && name !== 'service');
  if (!isFiltered) {
    yield* logs.follow(stream, { tail: limit, ...filter, signal });
    return;
  }
  // The last lines that pass may be old: the log is read up to its newest line, and followed from there.
  const [newest] = await logs.read(stream, { tail: 1 });
  const { lines } = newest ? await logs.page(stream, { limit, ...filter, until: newest.at }) : { lines: [] };
  yield* lines;
  let told = lines.filter((line) => line.at === newest?.at).length;
  const options = { ...(newest ? { since: newest.at } : { tail: TAIL_MAX }), signal };
  for await (const line of logs.follow(stream, options)) {
    if (passing(line).length === 0) continue;
    if (line.at === newest?.at && told > 0) told--;
    else yield line;
  }
}
