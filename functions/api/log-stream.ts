/** Reads and follows log streams, whoever they belong to. */
import { z } from '@hono/zod-openapi';
import type { Reply } from '../commands/change.ts';
import type { LogLine, LogStream, Logs } from '../ports/logs.ts';
import { timeSchema } from './schemas.ts';
import type { StreamEvent } from './sse.ts';

const TAIL_MAX = 10_000;
const TAIL_DEFAULT = 100;
const TAIL_RULE = `must be a whole number from 1 to ${TAIL_MAX}`;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const TIME_RULE = 'must be a time such as 2026-01-15T09:30:00Z';

export const logQuery = z.strictObject({
  tail: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, TAIL_RULE)
    .transform(Number)
    .refine((value) => value <= TAIL_MAX, TAIL_RULE)
    .optional()
    .openapi({ description: `How many of the last lines, 1 to ${TAIL_MAX}; ${TAIL_DEFAULT} by default.` }),
  since: z
    .string()
    .refine((text) => TIME.test(text) && !Number.isNaN(Date.parse(text)), TIME_RULE)
    .transform((text) => new Date(text).toISOString())
    .optional()
    .openapi({ description: 'Only lines at or after this time.', format: 'date-time' }),
  follow: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .openapi({ description: 'Of an event stream: whether it goes on with new lines. true by default.' }),
});

export type LogQuery = z.output<typeof logQuery>;

export const lineSchemaOfLog = z
  .object({
    at: timeSchema,
    message: z.string().openapi({ description: 'One line as it was printed; text, never markup.' }),
    source: z.enum(['stdout', 'stderr', 'berth']),
    deployment: z.int().optional().openapi({ example: 3 }),
    container: z.string().optional().openapi({ example: 'web' }),
  })
  .openapi('LogLine');

const readOptions = ({ tail, since }: LogQuery) => ({
  tail: tail ?? TAIL_DEFAULT,
  ...(since !== undefined && { since }),
});

export async function logReply(logs: Logs, stream: LogStream, query: LogQuery): Promise<Reply> {
  return { status: 200, body: { items: await logs.read(stream, readOptions(query)) } };
}

/** `<time>/<n>`: the n-th line at that time, from 1 on. */
const EVENT_ID = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)\/(\d{1,6})$/;

/**
 * Lines as events. A client that resumes gets every line behind the last that it had; a few that it had already
 * where several lines carry one time.
 */
export async function* followLog(
  logs: Logs,
  stream: LogStream,
  query: LogQuery,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const resumed = EVENT_ID.exec(lastEventId ?? '');
  const options = resumed ? { tail: TAIL_MAX, since: resumed[1]! } : readOptions(query);
  const skip = resumed ? { at: resumed[1], until: Number(resumed[2]) } : undefined;
  let at = '';
  let count = 0;
  const lines: AsyncIterable<LogLine> | LogLine[] =
    query.follow === false ? await logs.read(stream, options) : logs.follow(stream, { ...options, signal });
  for await (const line of lines) {
    count = line.at === at ? count + 1 : 1;
    at = line.at;
    if (skip && at === skip.at && count <= skip.until) continue;
    yield { event: 'line', id: `${at}/${count}`, data: line };
  }
}
