/** Routes of the webhooks of a project. */
import * as z from 'zod';
import { testWebhook, type WebhookOutcome } from '../../commands/webhooks/webhook-messages.ts';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  getWebhook,
  rotateWebhookSecret,
  WEBHOOKS_MAX,
} from '../../commands/webhooks/webhooks.ts';
import { SELECTOR_PATTERN } from '../../core/events/event-selector.ts';
import { webhookFormats } from '../../core/events/formats/webhook-formats.ts';
import { webhookDeliveryKey, webhooksPartition } from '../../core/keys.ts';
import type { Webhook, WebhookDelivery } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Caller, Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getProject } from '../../records/read.ts';
import { pageOf, pageQuery, pageReply, readPage } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { type Call, route } from '../http/route-spec.ts';
import { compact, lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';
import { checkSelected, checkTypes, checkUrl } from './webhook-rules.ts';

const urlSchema = z.string().min(1).max(2000).meta({
  description:
    'An https URL at a public address; with the format `email` one such as mailto:team@example.com.',
  example: 'https://hooks.example.com/berth',
});
const typesSchema = z
  .array(z.string().regex(SELECTOR_PATTERN, 'must be a type such as deployment.failed'))
  .min(1)
  .max(20)
  .meta({
    description: 'Types of events; a noun alone stands for all of it. All events by default.',
    example: ['deployment', 'build.failed'],
  });
const formatSchema = z.enum(webhookFormats).meta({
  description:
    'The form that a chat or a pager takes; the signed one of Berth by default. For `pagerduty` the url is https://events.pagerduty.com/v2/enqueue# with the key of the integration behind it, and alerts alone are sent. For `email` it is `mailto:` with the address of one mailbox, and `types` have to be named.',
});
const descriptionSchema = lineSchema(200).meta({ description: 'What it is for.', example: 'Chat' });

const webhookSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    url: urlSchema,
    types: typesSchema.optional(),
    format: formatSchema.optional(),
    description: descriptionSchema.optional(),
    enabled: z.boolean(),
    disabledReason: z.string().optional().meta({ description: 'Why Berth disabled it.' }),
    previousSecretUntil: timeSchema
      .optional()
      .meta({ description: 'Until then messages carry a signature by the secret before, too.' }),
    delivered: z.number().int().optional().meta({
      description:
        'Number of the last event that was delivered, or that it does not ask for; in answers to reads alone.',
      example: 42,
    }),
    failure: z
      .object({ since: timeSchema, attempts: z.number().int(), reason: z.string(), nextAt: timeSchema })
      .optional()
      .meta({ description: 'The next event is not taken; it is sent again.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Webhook' });

const signedSchema = webhookSchema
  .and(
    z.object({
      secret: z.string().optional().meta({
        description: 'What messages are signed with. It is in this answer alone, and in no repetition of it.',
        example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      }),
    }),
  )
  .meta({ id: 'WebhookWithSecret' });

const outcomeSchema = z
  .object({
    delivered: z.boolean(),
    status: z.number().int().optional().meta({ description: 'Of the answer.', example: 204 }),
    reason: z.string().optional().meta({ description: 'Why it was not delivered.' }),
  })
  .meta({ id: 'WebhookTest' });

type View = z.infer<typeof webhookSchema>;

function view({ data }: Item<Webhook>, delivery?: WebhookDelivery): View {
  const { secret, ...webhook } = data;
  return compact({
    ...webhook,
    previousSecretUntil: secret.previous?.until,
    delivered: delivery?.delivered,
    failure: delivery?.failure,
  }) as View;
}

async function views({ store }: Ports, items: readonly Item<Webhook>[]): Promise<View[]> {
  const keys = items.map(({ data }) => webhookDeliveryKey(data.project, data.id));
  const deliveries = keys.length === 0 ? [] : await store.getMany<WebhookDelivery>(keys);
  return items.map((item, at) => view(item, deliveries[at]?.data));
}

const render = async (ports: Ports, item: Item<Webhook>): Promise<Reply> => ({
  status: 200,
  body: (await views(ports, [item]))[0],
  etag: etagOf(item),
});

/** The secret is in this answer alone, and not in the one that is kept for the idempotency key. */
async function withSecret(
  change: Call['change'],
  status: 200 | 201,
  run: (caller: Caller) => Promise<{ item: Item<Webhook>; secret: string }>,
): Promise<Reply> {
  let secret: string | undefined;
  const reply: Reply & { replayed?: boolean } = await change(
    (item: Item<Webhook>) => ({
      status,
      body: view(item),
      etag: etagOf(item),
      ...(status === 201 && { location: `/v1/projects/${item.data.project}/webhooks/${item.data.id}` }),
    }),
    async (caller) => {
      const made = await run(caller);
      secret = made.secret;
      return made.item;
    },
  );
  if (reply.replayed || secret === undefined) return reply;
  return { ...reply, body: { ...(reply.body as View), secret } };
}

const WEBHOOKS = '/v1/projects/{project}/webhooks';
const WEBHOOK = `${WEBHOOKS}/{webhook}` as const;

export const routes = [
  route({
    method: 'get',
    path: WEBHOOKS,
    policy: { action: 'webhook.read', scope: 'project' },
    operationId: 'listWebhooks',
    summary: 'List where events of a project are sent',
    tag: 'Webhooks',
    query: pageQuery,
    answers: { 200: { summary: 'A page of webhooks, oldest first', schema: pageOf(webhookSchema) } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      const { items, next } = await readPage<Webhook>(
        ports.store,
        { pk: webhooksPartition(params.project) },
        query,
      );
      return pageReply(await views(ports, items), next);
    },
  }),
  route({
    method: 'post',
    path: WEBHOOKS,
    policy: { action: 'webhook.write', scope: 'project' },
    operationId: 'createWebhook',
    summary: 'Send events of a project to an address',
    description:
      'As CloudEvents in JSON, signed as Standard Webhooks has it, in the order in which they happened and at least ' +
      `once; see docs/how-to/receive-events.md. A project has ${WEBHOOKS_MAX} webhooks at most.`,
    tag: 'Webhooks',
    body: z.strictObject({
      url: urlSchema,
      types: typesSchema.optional(),
      format: formatSchema.optional(),
      description: descriptionSchema.optional(),
    }),
    bodyExamples: {
      deployments: { url: 'https://hooks.example.com/berth', types: ['deployment'] },
      'alerts in a chat': { url: 'https://hooks.example.com/chat', types: ['alert'], format: 'slack' },
    },
    answers: { 201: { summary: 'Created', schema: signedSchema, location: true, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, body, change }) => {
      checkUrl(ports, body.url, body.format);
      checkTypes(body.types);
      checkSelected(body.format, body.types);
      const input = compact({ project: params.project, ...body });
      return withSecret(change, 201, (caller) => createWebhook(ports, caller, input));
    },
  }),
  route({
    method: 'get',
    path: WEBHOOK,
    policy: { action: 'webhook.read', scope: 'project' },
    operationId: 'getWebhook',
    summary: 'Read a webhook, and how far it is',
    tag: 'Webhooks',
    answers: { 200: { summary: 'The webhook', schema: webhookSchema, etag: true } },
    handle: async ({ ports, params }) => render(ports, await getWebhook(ports.store, params)),
  }),
  route({
    method: 'patch',
    path: WEBHOOK,
    policy: { action: 'webhook.write', scope: 'project' },
    operationId: 'changeWebhook',
    summary: 'Change, disable or enable a webhook',
    description: 'Enabled anew, it goes on with the event behind the last one that was delivered.',
    tag: 'Webhooks',
    body: z.strictObject({
      url: urlSchema.optional(),
      types: typesSchema.nullable().optional().meta({ description: 'null: all events.' }),
      description: descriptionSchema.nullable().optional().meta({ description: 'null takes it away.' }),
      enabled: z.boolean().optional(),
    }),
    bodyExamples: { enable: { enabled: true } },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: webhookSchema, etag: true } },
    problems: ['conflict'],
    async handle({ ports, params, body, precondition, change }) {
      checkTypes(body.types);
      if (body.url !== undefined || body.types !== undefined) {
        const { format } = (await getWebhook(ports.store, params)).data;
        checkUrl(ports, body.url, format);
        if (body.types !== undefined) checkSelected(format, body.types);
      }
      const patch = compact({ ...body, ...precondition });
      return change(
        (item: Item<Webhook>) => ({ status: 200, body: view(item), etag: etagOf(item) }),
        (caller) => changeWebhook(ports, caller, params, patch),
      );
    },
  }),
  route({
    method: 'delete',
    path: WEBHOOK,
    policy: { action: 'webhook.write', scope: 'project' },
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook',
    description: 'Nothing more is sent to it, but for what is under way.',
    tag: 'Webhooks',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteWebhook(ports, caller, params, precondition)),
  }),
  route({
    method: 'post',
    path: `${WEBHOOK}/test`,
    policy: { action: 'webhook.write', scope: 'project' },
    operationId: 'testWebhook',
    summary: 'Send a test to a webhook',
    description:
      'At once, out of the order of events and once, of the type `dev.berth.webhook.test`; also to a webhook that is disabled.',
    tag: 'Webhooks',
    answers: { 200: { summary: 'What came of it', schema: outcomeSchema } },
    handle: async ({ ports, params, change }) => {
      const { data } = await getWebhook(ports.store, params);
      return change(
        (outcome: WebhookOutcome) => ({ status: 200, body: outcome }),
        (caller) => testWebhook(ports, caller, data),
      );
    },
  }),
  route({
    method: 'post',
    path: `${WEBHOOK}/rotate`,
    policy: { action: 'webhook.write', scope: 'project' },
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the signing secret of a webhook',
    description: 'For 24 hours messages carry two signatures, by the new secret and by the one before.',
    tag: 'Webhooks',
    answers: { 200: { summary: 'As it is now, with its secret', schema: signedSchema, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, change }) =>
      withSecret(change, 200, (caller) => rotateWebhookSecret(ports, caller, params)),
  }),
];
