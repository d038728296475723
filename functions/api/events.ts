import { z } from '@hono/zod-openapi';
import type { Reply } from '../commands/change.ts';
import { getProject } from '../commands/records.ts';
import { eventsPartition } from '../core/keys.ts';
import type { BerthEvent } from '../core/model.ts';
import { timeOfUlid, ulidTime } from '../core/ulid.ts';
import type { Ports } from '../ports/index.ts';
import type { Store } from '../ports/store.ts';
import { timeQuery } from './filters.ts';
import { decodeCursor, invalidCursor, LIMIT_DEFAULT, pageOf, pageQuery, pageReply } from './pages.ts';
import { ULID_PATTERN } from './params.ts';
import { route } from './route.ts';
import { nameSchema, timeSchema } from './schemas.ts';
import type { StreamEvent } from './sse.ts';

const eventSchema = z
  .object({
    id: z.string().openapi({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    at: timeSchema,
    project: z.string().openapi({ example: 'demo' }),
    actor: z
      .string()
      .openapi({ description: 'Who did it; `berth` is Berth itself.', example: 'administrator' }),
    type: z.string().openapi({ description: '`noun.verb`.', example: 'deployment.succeeded' }),
    environment: z.string().optional().openapi({ example: 'dev' }),
    service: z.string().optional().openapi({ example: 'guestbook' }),
    operation: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('Event');

/** A noun, a noun with a verb, or several of them. */
const TYPES =
  /^[a-z][a-z-]{0,39}(?:\.[a-z][a-z-]{0,39})?(?:,[a-z][a-z-]{0,39}(?:\.[a-z][a-z-]{0,39})?){0,19}$/;

/** Berth, its administrator, or the id of a principal. */
const ACTOR = /^(?:berth|administrator|[a-z]{2,10}:[!-~]{1,200})$/;

const filterQuery = pageQuery.extend({
  type: z
    .string()
    .regex(TYPES, 'must be types such as "deployment" or "deployment.failed", separated by commas')
    .transform((text) => text.split(','))
    .optional()
    .openapi({
      type: 'string',
      description: 'Types, separated by commas; a noun alone stands for all of it.',
      example: 'deployment,build.failed',
    }),
  environment: nameSchema.optional().openapi({ example: 'dev' }),
  service: nameSchema.optional(),
  actor: z
    .string()
    .regex(ACTOR, 'must be the id of a principal')
    .optional()
    .openapi({ description: 'Who did it.', example: 'administrator' }),
  operation: z.string().regex(ULID_PATTERN, 'must be the id of an operation').optional(),
  since: timeQuery('Only events at or after this time.').optional(),
  until: timeQuery('Only events at or before this time.').optional(),
});

type Filter = z.output<typeof filterQuery>;

const isFiltered = ({ type, environment, service, actor, operation }: Filter): boolean =>
  [type, environment, service, actor, operation].some((value) => value !== undefined);

/** Whether an event is asked for; its place among the others, the time, is for who reads them. */
function filterOf({ type, environment, service, actor, operation, since, until }: Filter) {
  return (event: BerthEvent): boolean =>
    (type === undefined || type.includes(event.type) || type.includes(event.type.split('.', 1)[0]!)) &&
    (environment === undefined || event.environment === environment) &&
    (service === undefined || event.service === service) &&
    (actor === undefined || event.actor === actor) &&
    (operation === undefined || event.operation === operation) &&
    (since === undefined || event.at >= since) &&
    (until === undefined || event.at <= until);
}

const view = ({ data }: { data: BerthEvent }): z.infer<typeof eventSchema> => data;

/** An event may be committed this long after its id was made, behind others with later ids; milliseconds. */
const SETTLE_MS = 5_000;

async function newestId(store: Store, project: string): Promise<string | undefined> {
  const { items } = await store.query({ pk: eventsPartition(project), limit: 1, reverse: true });
  return items[0]?.sk;
}

/** What one page reads at the most: a filter that nothing passes costs so much and no more. */
const READ_MAX = 500;

/** A page of those that pass, newest first. */
async function listEvents(
  store: Store,
  project: string,
  query: Filter,
  passes: (event: BerthEvent) => boolean,
): Promise<Reply> {
  const limit = query.limit ?? LIMIT_DEFAULT;
  const given = query.cursor === undefined ? undefined : decodeCursor(query.cursor, '');
  if (given !== undefined && !ULID_PATTERN.test(given)) throw invalidCursor();
  // Ids begin with their time, so that a time is a place among them.
  const until = query.until === undefined ? undefined : ulidTime(Date.parse(query.until) + 1);
  const since = query.since === undefined ? '' : ulidTime(Date.parse(query.since));
  let after = given ?? until;
  if (given !== undefined && until !== undefined && until < given) after = until;
  const items: unknown[] = [];
  for (let left = READ_MAX; left > 0; ) {
    const size = Math.min(left, isFiltered(query) ? Math.max(limit, 100) : limit);
    const page = await store.query<BerthEvent>({
      pk: eventsPartition(project),
      limit: size,
      reverse: true,
      ...(after !== undefined && { after }),
    });
    left -= size;
    for (const { sk, data } of page.items) {
      if (sk < since) return pageReply(items, undefined);
      if (passes(data)) items.push(view({ data }));
      if (items.length < limit) continue;
      const isLast = page.next === undefined && sk === page.items.at(-1)?.sk;
      return pageReply(items, isLast ? undefined : sk);
    }
    if (page.next === undefined) return pageReply(items, undefined);
    after = page.next;
  }
  return pageReply(items, after);
}

/** Events behind `from`, then new ones as they happen, each once. */
async function* follow(
  ports: Ports,
  project: string,
  from: string | undefined,
  passes: (event: BerthEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const pk = eventsPartition(project);
  // Everything up to here was sent and is settled; behind it, what was sent is remembered.
  let floor = from;
  const sent = new Set<string>();
  while (!signal.aborted) {
    const changed = ports.store.changed(pk, { timeoutMs: 5_000, signal });
    const settled = ports.effects.now() - SETTLE_MS;
    let after = floor;
    do {
      const page = await ports.store.query<BerthEvent>({
        pk,
        limit: 200,
        ...(after !== undefined && { after }),
      });
      for (const { sk, data } of page.items) {
        if (!sent.has(sk) && passes(data)) yield { event: 'event', id: sk, data: view({ data }) };
        if (signal.aborted) return;
        sent.add(sk);
        if (timeOfUlid(sk) >= settled) continue;
        floor = sk;
        sent.delete(sk);
      }
      after = page.next;
    } while (after !== undefined);
    await changed;
  }
}

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/events',
    policy: { action: 'event.read', scope: 'project' },
    operationId: 'listEvents',
    summary: 'List what happened in a project, or follow it',
    description:
      'Newest first. A stream starts with what happens from now on, or behind Last-Event-ID; read the list first, ' +
      'and send the id of its first event to miss nothing. Filters hold for both; with one, a page may hold fewer ' +
      'than the limit while there are more: follow `nextCursor`.',
    tag: 'Projects',
    query: filterQuery,
    answers: {
      200: {
        summary: 'A page of events, newest first',
        schema: pageOf(eventSchema),
        stream: { schema: eventSchema, summary: 'An event `event` with each thing that happens' },
      },
    },
    handle: async ({ ports, params, query, wantsStream, lastEventId, stream }) => {
      await getProject(ports.store, params.project);
      const passes = filterOf(query);
      if (!wantsStream) return listEvents(ports.store, params.project, query, passes);
      const resumes = lastEventId !== undefined && ULID_PATTERN.test(lastEventId);
      const from = resumes ? lastEventId : await newestId(ports.store, params.project);
      return stream((signal) => follow(ports, params.project, from, passes, signal));
    },
  }),
];
