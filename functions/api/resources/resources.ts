/** The route of the resources in an environment. */
import * as z from 'zod';
import { environmentPartition, RESOURCE_PREFIX } from '../../core/keys.ts';
import type { Resource } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { getEnvironment } from '../../records/read.ts';
import { findResourceType } from '../../resources/index.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { membersOf, timeSchema } from '../http/schemas.ts';

const resourceSchema = z
  .object({
    uid: z
      .string()
      .meta({ description: "Score's `type.class#id`.", example: 'postgres.default#guestbook.db' }),
    type: z.string().meta({ example: 'postgres' }),
    class: z.string().meta({ example: 'default' }),
    id: z.string().meta({ example: 'guestbook.db' }),
    state: z.enum(['provisioning', 'ready', 'removing']),
    services: z.array(z.string()).meta({ description: 'Who uses it.', example: ['guestbook'] }),
    outputs: z.array(z.string()).meta({
      description: 'What a placeholder can ask it for; values are not shown.',
      example: ['host', 'port', 'password'],
    }),
    operation: z.string(),
    backups: z.literal(true).optional().meta({ description: 'Its data can be backed up here.' }),
    replacedAt: timeSchema.optional().meta({
      description: 'When a restore replaced its data; what it replaced is still there, and can be put back.',
    }),
    createdAt: timeSchema,
  })
  .meta({ id: 'Resource' });

/** Only the names of params and outputs are shown: their values may come from placeholders, and hold passwords. */
function view({ backups }: Ports, { data }: Item<Resource>): z.infer<typeof resourceSchema> {
  const { values, secrets } = data.outputs;
  const outputs = [...Object.keys(values), ...Object.keys(secrets)].sort();
  return membersOf(resourceSchema, {
    ...data,
    outputs,
    ...(backups && findResourceType(data.type)?.copies && { backups: true }),
    ...(data.replaced && { replacedAt: data.replaced.at }),
  });
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/resources',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'listResources',
    summary: 'List the databases, volumes and other resources of an environment',
    tag: 'Environments',
    query: pageQuery,
    answers: { 200: { summary: 'A page of resources', schema: pageOf(resourceSchema) } },
    handle: async ({ ports, params, query }) => {
      await getEnvironment(ports.store, params);
      const list = { pk: environmentPartition(params), prefix: RESOURCE_PREFIX };
      return listReply<Resource>(ports.store, list, query, (item) => view(ports, item));
    },
  }),
];
