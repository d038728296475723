/** What happened in a project: listed, filtered and followed. Its types are in core/events; see event-document.ts. */
import * as z from 'zod';
import { isSelected, SELECTORS_PATTERN } from '../../core/events/event-selector.ts';
import { eventKey, eventsPartition } from '../../core/keys.ts';
import type { BerthEvent } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import { lastNumberAt, readHead } from '../../records/chain-append.ts';
import type { Reply } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { timeQuery } from '../http/filters.ts';
import {
  decodeCursor,
  invalidCursor,
  LIMIT_DEFAULT,
  pageOf,
  pageQuery,
  pageReply,
} from '../http/list-pages.ts';
import { ULID_PATTERN } from '../http/params.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema, timeSchema } from '../http/schemas.ts';
import type { StreamEvent } from '../http/sse.ts';

const eventSchema = z
  .object({
    id: z.string().meta({ description: "Its number in the project's chain.", example: '42' }),
    at: timeSchema,
    project: z.string().meta({ example: 'demo' }),
    actor: z.string().meta({ description: 'Who did it; `berth` is Berth itself.', example: 'administrator' }),
    from: z
      .object({
        address: z.string().optional().meta({ example: '192.0.2.7' }),
        agent: z.string().optional().meta({ example: 'curl/8.5.0' }),
      })
      .optional()
      .meta({ description: 'Where the request came from; absent where Berth itself acts.' }),
    onBehalfOf: z
      .string()
      .optional()
      .meta({ description: 'The person behind a token or pipeline that did it.', example: 'user:ada' }),
    type: z.string().meta({ description: '`noun.verb`.', example: 'deployment.succeeded' }),
    environment: z.string().optional().meta({ example: 'dev' }),
    service: z.string().optional().meta({ example: 'guestbook' }),
    operation: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
    hash: z.string().meta({
      description: 'SHA-256 over the hash of the event before it and this one, base64url.',
      example: 'Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8',
    }),
  })
  .meta({ id: 'Event' });

/** Berth, its administrator, or the id of a principal. */
const ACTOR = /^(?:berth|administrator|[a-z]{2,10}:[!-~]{1,200})$/;

const filterQuery = pageQuery.extend({
  type: z
    .string()
    .regex(
      SELECTORS_PATTERN,
      'must be types such as "deployment" or "deployment.failed", separated by commas',
    )
    .transform((text) => text.split(','))
    .optional()
    .meta({
      type: 'string',
      description: 'Types, separated by commas; a noun alone stands for all of it.',
      example: 'deployment,build.failed',
    }),
  environment: nameSchema.optional().meta({ example: 'dev' }),
  service: nameSchema.optional(),
  actor: z
    .string()
    .regex(ACTOR, 'must be the id of a principal')
    .optional()
    .meta({ description: 'Who did it.', example: 'administrator' }),
  operation: z.string().regex(ULID_PATTERN, 'must be the id of an operation').optional(),
  since: timeQuery('Only events at or after this time.').optional(),
  until: timeQuery('Only events at or before this time.').optional(),
});

type Filter = z.output<typeof filterQuery>;

const isFiltered = ({ type, environment, service, actor, operation }: Filter): boolean =>
  [type, environment, service, actor, operation].some((value) => value !== undefined);

/** A predicate: whether an event passes the filter. */
function filterOf({ type, environment, service, actor, operation, since, until }: Filter) {
  return (event: BerthEvent): boolean =>
    isSelected(event.type, type) &&
    (environment === undefined || event.environment === environment) &&
    (service === undefined || event.service === service) &&
    (actor === undefined || event.actor === actor) &&
    (operation === undefined || event.operation === operation) &&
    (since === undefined || event.at >= since) &&
    (until === undefined || event.at <= until);
}

const view = ({ data }: { data: BerthEvent }): z.infer<typeof eventSchema> => data;

/** The most events that one page reads: it bounds the cost of a filter that nothing passes. */
const READ_MAX = 500;

/** A page of the events that pass the filter, newest first. */
async function listEvents(
  store: Store,
  project: string,
  query: Filter,
  passes: (event: BerthEvent) => boolean,
): Promise<Reply> {
  const limit = query.limit ?? LIMIT_DEFAULT;
  const given = query.cursor === undefined ? undefined : decodeCursor(query.cursor, '');
  if (given !== undefined && !/^\d{12}$/.test(given)) throw invalidCursor();
  const until =
    query.until === undefined
      ? undefined
      : eventKey(project, (await lastNumberAt(store, project, query.until)) + 1).sk;
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
      if (query.since !== undefined && data.at < query.since) return pageReply(items, undefined);
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

/** Events behind the key `from`, then new ones as they happen, each once. */
async function* follow(
  ports: Ports,
  project: string,
  from: string,
  passes: (event: BerthEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const pk = eventsPartition(project);
  let after = from;
  while (!signal.aborted) {
    const changed = ports.store.changed(pk, { timeoutMs: 5_000, signal });
    const page = await ports.store.query<BerthEvent>({ pk, limit: 200, after });
    for (const { sk, data } of page.items) {
      if (passes(data)) yield { event: 'event', id: data.id, data: view({ data }) };
      if (signal.aborted) return;
      after = sk;
    }
    if (page.next === undefined) await changed;
  }
}

/** Where a stream starts: behind the event that the client had last, or behind the newest. */
async function startOf({ store }: Ports, project: string, lastEventId: string | undefined): Promise<string> {
  const number =
    lastEventId !== undefined && /^\d{1,12}$/.test(lastEventId) ? Number(lastEventId) : undefined;
  return eventKey(project, number ?? (await readHead(store, project)).number).sk;
}

export const routes = [
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
      const from = await startOf(ports, params.project, lastEventId);
      return stream((signal) => follow(ports, params.project, from, passes, signal));
    },
  }),
];
