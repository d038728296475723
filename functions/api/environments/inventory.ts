/** What an environment holds, all of which goes when it is destroyed. */
import * as z from 'zod';
import { environmentPartition, RESOURCE_PREFIX, SECRET_PREFIX } from '../../core/keys.ts';
import type { Resource, SecretRecord } from '../../core/model/index.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { findResourceType } from '../../resources/index.ts';
import { route } from '../http/route-spec.ts';
import { compact, membersOf, timeSchema } from '../http/schemas.ts';

const resourceSchema = z.object({
  uid: z.string().meta({ example: 'postgres.default#guestbook.db' }),
  type: z.string().meta({ example: 'postgres' }),
  class: z.string().meta({ example: 'default' }),
  id: z.string().meta({ example: 'guestbook.db' }),
  state: z.enum(['provisioning', 'ready', 'removing']),
  services: z.array(z.string()).meta({ description: 'Who uses it.', example: ['guestbook'] }),
  size: z
    .string()
    .optional()
    .meta({ description: 'Of a volume: the size that it was asked for with.', example: '5Gi' }),
  createdAt: timeSchema,
});

const secretSchema = z.object({
  name: z.string().meta({ example: 'API_KEY' }),
  version: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  updatedBy: z.string().meta({ example: 'administrator' }),
});

const inventorySchema = z
  .object({
    services: z.array(
      z.object({
        service: z.string().meta({ example: 'guestbook' }),
        deployments: z.int().meta({ description: 'How many there were.', example: 3 }),
        current: z.int().optional().meta({ description: 'The one that serves.', example: 3 }),
      }),
    ),
    resources: z.array(resourceSchema),
    secrets: z.array(secretSchema),
  })
  .meta({ id: 'Inventory' });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/inventory',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'getInventory',
    summary: 'Read what destroying an environment would remove',
    description: 'Its services with their logs, its databases and volumes with their data, and its secrets.',
    tag: 'Environments',
    answers: { 200: { summary: 'All that is in it', schema: inventorySchema } },
    handle: async ({ ports, params }) => {
      const { store } = ports;
      const { data: environment } = await getEnvironment(store, params);
      const pk = environmentPartition(params);
      const [resources, secrets] = await Promise.all([
        readAll<Resource>(store, pk, RESOURCE_PREFIX),
        readAll<SecretRecord>(store, pk, SECRET_PREFIX),
      ]);
      return {
        status: 200,
        body: {
          services: instancesOf(environment).map(({ service, newest, current }) =>
            compact({ service, deployments: newest, current }),
          ),
          resources: resources.map(({ data }) => {
            // Params may hold what a placeholder put there: only what their type says of them is shown.
            const size = findResourceType(data.type)?.size?.(data.params);
            return membersOf(resourceSchema, { ...data, size });
          }),
          secrets: secrets.map(({ data }) => membersOf(secretSchema, data)),
        },
      };
    },
  }),
];
