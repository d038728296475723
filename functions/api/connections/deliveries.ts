/** Routes of what was delivered for a service, and of previews of pull requests. */
import * as z from 'zod';
import { getConnection } from '../../commands/connections/connections.ts';
import { approvePreview, getPreview, redeliver } from '../../commands/connections/redeliver.ts';
import { DELIVERY_PREFIX, deliveriesPartition, previewsPartition } from '../../core/keys.ts';
import type { Delivery, Preview } from '../../core/model/index.ts';
import type { Reply } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { deliverySchema, deliveryView, previewSchema, previewView } from './connection-view.ts';

const SERVICE = '/v1/projects/{project}/services/{service}';
const PREVIEW = `${SERVICE}/previews/{pullRequest}` as const;

const accepted = (delivery: Delivery): Reply => ({ status: 201, body: deliveryView(delivery) });

export const routes = [
  route({
    method: 'get',
    path: `${SERVICE}/deliveries`,
    policy: { action: 'connection.read', scope: 'project' },
    operationId: 'listDeliveries',
    summary: 'List what the provider of the repository has delivered',
    tag: 'Git',
    query: pageQuery,
    answers: { 200: { summary: 'A page of deliveries, newest first', schema: pageOf(deliverySchema) } },
    handle: async ({ ports, params, query }) => {
      const { id } = (await getConnection(ports.store, params)).data;
      const range = { pk: deliveriesPartition(id), prefix: DELIVERY_PREFIX, reverse: true };
      return listReply<Delivery>(ports.store, range, query, ({ data }) => deliveryView(data));
    },
  }),
  route({
    method: 'post',
    path: `${SERVICE}/deliveries/{delivery}/redeliver`,
    policy: { action: 'connection.redeliver', scope: 'project' },
    operationId: 'redeliver',
    summary: 'Do once more what a delivery asked for',
    description:
      'Whatever is watched and the message says; but a commit that another one has overtaken stays so. A pull request ' +
      'is done as it is now.',
    tag: 'Git',
    answers: { 201: { summary: 'The new delivery', schema: deliverySchema } },
    problems: ['conflict'],
    handle: ({ ports, params, change }) =>
      change(accepted, (caller) => redeliver(ports, caller, params, Number(params.delivery))),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/previews',
    policy: { action: 'connection.read', scope: 'project' },
    operationId: 'listPreviews',
    summary: 'List the previews of pull requests',
    tag: 'Git',
    query: pageQuery,
    answers: { 200: { summary: 'A page of previews, by service', schema: pageOf(previewSchema) } },
    handle: ({ ports, params, query }) =>
      listReply<Preview>(
        ports.store,
        { pk: previewsPartition(params.project) },
        query,
        ({ data }) => previewView(data),
        () => getProject(ports.store, params.project),
      ),
  }),
  route({
    method: 'get',
    path: PREVIEW,
    policy: { action: 'connection.read', scope: 'project' },
    operationId: 'getPreview',
    summary: 'Read the preview of a pull request',
    tag: 'Git',
    answers: { 200: { summary: 'The preview', schema: previewSchema } },
    handle: async ({ ports, params }) => {
      const { data } = await getPreview(ports.store, params, Number(params.pullRequest));
      return { status: 200, body: previewView(data) };
    },
  }),
  route({
    method: 'post',
    path: `${PREVIEW}/approve`,
    policy: { action: 'preview.approve', scope: 'project' },
    operationId: 'approvePreview',
    summary: 'Let in one commit of a fork',
    description:
      'It is built, with the secrets for builds, and its preview sees the secrets of the base. Look at the commit before: ' +
      'it is named in full, and another one is not let in by this.',
    tag: 'Git',
    body: z.strictObject({
      commit: z
        .string()
        .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full commit id')
        .meta({ example: 'a'.repeat(40) }),
    }),
    answers: { 201: { summary: 'The new delivery', schema: deliverySchema } },
    problems: ['conflict'],
    handle: ({ ports, params, body, change }) =>
      change(accepted, (caller) =>
        approvePreview(ports, caller, params, { number: Number(params.pullRequest), commit: body.commit }),
      ),
  }),
];
