/** Routes of the log drains of a project. */
import * as z from 'zod';
import { deleteDrain } from '../../commands/drains/delete-drains.ts';
import { changeDrain, createDrain, getDrain, mustRead } from '../../commands/drains/drains.ts';
import { type DrainTest, testDrain } from '../../commands/drains/send-lines.ts';
import { drainWords, newDelivery, sendsOfEnvironment } from '../../core/drains/drain-rules.ts';
import { drainDeliveryKey, drainsPartition, ENVIRONMENT_PREFIX, projectPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Drain, DrainDelivery, Environment } from '../../core/model/index.ts';
import { behindOf } from '../../drains/behind.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getProject } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { pageOf, pageQuery, pageReply, readPage } from '../http/list-pages.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import {
  descriptionSchema,
  drainSchema,
  filterSchema,
  formatSchema,
  headersSchema,
  testSchema,
  urlSchema,
} from './drain-schemas.ts';

type View = z.infer<typeof drainSchema>;

function view({ data }: Item<Drain>, state?: View['state']): View {
  const { headers, operations, begunAt: _begun, readsSince: _reads, ...drain } = data;
  return compact({ ...drain, operations: operations === true, headers: headers?.names, state }) as View;
}

/** @param placed environments of the project that are in other places */
async function stateOf(
  { store, logs }: Ports,
  { data: drain }: Item<Drain>,
  placed: readonly Environment[],
): Promise<View['state']> {
  const item = await store.get<DrainDelivery>(drainDeliveryKey(drain.project, drain.id));
  const delivery = item?.data ?? newDelivery(drain.project, drain.id);
  const behind = logs.reading ? await behindOf(store, logs.reading, drain) : { lines: 0, isMore: false };
  const { delivered, deliveredAt, dropped, droppedAt, droppedMore, failure, lastError } = delivery;
  const elsewhere = placed
    .map(({ name }) => name)
    .filter((environment) => sendsOfEnvironment(drain, environment));
  const words = drainWords(drain, delivery, behind);
  const missing = `Of ${elsewhere.map((name) => `"${name}"`).join(', ')} nothing is sent, which ${elsewhere.length === 1 ? 'is' : 'are'} in another place.`;
  return compact({
    words: elsewhere.length > 0 ? `${words} ${missing}` : words,
    delivered,
    deliveredAt,
    behind: behind.lines,
    behindIsMore: behind.isMore ? (true as const) : undefined,
    dropped,
    droppedAt,
    droppedIsMore: droppedMore,
    failure,
    lastError,
    elsewhere: elsewhere.length > 0 ? elsewhere : undefined,
  }) as View['state'];
}

async function placedOf({ store }: Ports, project: string): Promise<Environment[]> {
  const items = await readAll<Environment>(store, projectPartition(project), ENVIRONMENT_PREFIX);
  return items.map(({ data }) => data).filter(({ placement }) => placement !== undefined);
}

const plainView = (item: Item<Drain>): Reply => ({ status: 200, body: view(item), etag: etagOf(item) });

/** @throws Problem invalid_request */
function checkUrl({ receivers }: Ports, url: string | undefined): void {
  const rule = url === undefined ? undefined : receivers.refusal(url);
  if (rule !== undefined) throw invalidRequest([{ path: 'body.url', message: `must ${rule}` }]);
}

const DRAINS = '/v1/projects/{project}/drains';
const DRAIN = `${DRAINS}/{drain}` as const;

export const routes = [
  route({
    method: 'get',
    path: DRAINS,
    policy: { action: 'drain.read', scope: 'project' },
    operationId: 'listDrains',
    summary: 'List where output of a project is sent',
    tag: 'Log drains',
    query: pageQuery,
    answers: { 200: { summary: 'A page of log drains, oldest first', schema: pageOf(drainSchema) } },
    handle: async ({ ports, params: { project }, query }) => {
      await getProject(ports.store, project);
      const { items, next } = await readPage<Drain>(ports.store, { pk: drainsPartition(project) }, query);
      const placed = items.length === 0 ? [] : await placedOf(ports, project);
      const views: View[] = [];
      for (const item of items) views.push(view(item, await stateOf(ports, item, placed)));
      return pageReply(views, next);
    },
  }),
  route({
    method: 'post',
    path: DRAINS,
    policy: { action: 'drain.write', scope: 'project' },
    operationId: 'createDrain',
    summary: 'Send the output of a project to an address',
    description:
      'Lines from now on, as `GET …/logs` shows them, at least once; see docs/how-to/drain-logs.md. A project has ' +
      `${limits.drains.value} drains at most. Refused with \`not_supported\` where Berth does not keep the output itself.`,
    tag: 'Log drains',
    body: z.strictObject({
      url: urlSchema,
      format: formatSchema,
      filter: filterSchema.optional(),
      operations: z
        .boolean()
        .optional()
        .meta({ description: 'The output of builds, runs and other operations too.' }),
      headers: headersSchema.optional().meta({
        description: 'Headers of its own, such as `authorization`. Their values are kept as secrets are.',
        example: { authorization: 'Bearer 3b1f' },
      }),
      description: descriptionSchema.optional(),
    }),
    bodyExamples: {
      'a collector': { url: 'https://otlp.example.com/v1/logs', format: 'otlp' },
      'errors of production': {
        url: 'https://logs.example.com/in',
        format: 'ndjson',
        filter: { environments: ['production'], search: '@level:>=error' },
        headers: { authorization: 'Bearer 3b1f' },
      },
    },
    answers: { 201: { summary: 'Created', schema: drainSchema, location: true, etag: true } },
    problems: ['conflict', 'not_supported'],
    handle: ({ ports, params, body, change }) => {
      mustRead(ports);
      checkUrl(ports, body.url);
      const input = compact({ project: params.project, ...body });
      return change(
        (item: Item<Drain>) => ({
          ...plainView(item),
          status: 201,
          location: `/v1/projects/${item.data.project}/drains/${item.data.id}`,
        }),
        (caller) => createDrain(ports, caller, input),
      );
    },
  }),
  route({
    method: 'get',
    path: DRAIN,
    policy: { action: 'drain.read', scope: 'project' },
    operationId: 'getDrain',
    summary: 'Read a log drain, and how far it is',
    tag: 'Log drains',
    answers: { 200: { summary: 'The log drain', schema: drainSchema, etag: true } },
    handle: async ({ ports, params }) => {
      const item = await getDrain(ports.store, params);
      const state = await stateOf(ports, item, await placedOf(ports, params.project));
      return { status: 200, body: view(item, state), etag: etagOf(item) };
    },
  }),
  route({
    method: 'patch',
    path: DRAIN,
    policy: { action: 'drain.write', scope: 'project' },
    operationId: 'changeDrain',
    summary: 'Change, pause or resume a log drain',
    description:
      'What is printed while it is paused is not sent. Resumed, or with `enabled` as true while it fails, it tries at once.',
    tag: 'Log drains',
    body: z.strictObject({
      url: urlSchema.optional(),
      format: formatSchema.optional(),
      filter: filterSchema.nullable().optional().meta({ description: 'null: all lines.' }),
      operations: z.boolean().optional(),
      headers: headersSchema
        .nullable()
        .optional()
        .meta({ description: 'All that there are to be, in place of those that there are; null: none.' }),
      description: descriptionSchema.nullable().optional().meta({ description: 'null takes it away.' }),
      enabled: z.boolean().optional(),
    }),
    bodyExamples: { pause: { enabled: false } },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: drainSchema, etag: true } },
    problems: ['conflict', 'not_supported'],
    handle: ({ ports, params, body, precondition, change }) => {
      mustRead(ports);
      checkUrl(ports, body.url);
      const patch = compact({ ...body, ...precondition });
      return change(plainView, (caller) => changeDrain(ports, caller, params, patch));
    },
  }),
  route({
    method: 'delete',
    path: DRAIN,
    policy: { action: 'drain.write', scope: 'project' },
    operationId: 'deleteDrain',
    summary: 'Delete a log drain',
    description: 'Nothing more is sent to it, but for what is under way.',
    tag: 'Log drains',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteDrain(ports, caller, params, precondition)),
  }),
  route({
    method: 'post',
    path: `${DRAIN}/test`,
    policy: { action: 'drain.write', scope: 'project' },
    operationId: 'testDrain',
    summary: 'Send a line to a log drain',
    description: 'At once, a line of Berth’s own, in the form of the drain; also to one that is paused.',
    tag: 'Log drains',
    answers: { 200: { summary: 'What came of it', schema: testSchema } },
    handle: async ({ ports, params, change }) => {
      const { data } = await getDrain(ports.store, params);
      return change(
        (outcome: DrainTest) => ({ status: 200, body: outcome }),
        (caller) => testDrain(ports, caller, data),
      );
    },
  }),
];
