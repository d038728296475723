/** Routes of the services of a project. */
import * as z from 'zod';
import { changeService, createService, deleteService } from '../../commands/services/services.ts';
import { projectPartition, SERVICE_PREFIX } from '../../core/keys.ts';
import type { Service } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getProject, getService } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

const serviceSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    name: nameSchema,
    repository: z.string().optional().meta({ example: 'https://git.example.com/demo/guestbook' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Service' });

const view = ({ data }: Item<Service>): z.infer<typeof serviceSchema> => data;

const reply = (item: Item<Service>): Reply => ({ status: 200, body: view(item), etag: etagOf(item) });

const created = (item: Item<Service>): Reply => ({
  ...reply(item),
  status: 201,
  location: `/v1/projects/${item.data.project}/services/${item.data.name}`,
});

// It is shown as a link to all who may read the service: only web addresses without a password are accepted.
const isWebAddress = (text: string): boolean => {
  // Printable ASCII without the characters that a URL must encode.
  if (!/^https?:\/\/(?:(?!["<>\\^`{|}])[\x21-\x7e])+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
};

const repository = z
  .string()
  .max(2048)
  .refine(isWebAddress, 'must be an http:// or https:// URL without credentials')
  .meta({ description: 'Where its source lives.', example: 'https://git.example.com/demo/guestbook' });

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/services',
    policy: { action: 'service.create', scope: 'project' },
    operationId: 'createService',
    summary: 'Create a service',
    tag: 'Services',
    body: z.strictObject({ name: nameSchema, repository: repository.optional() }),
    bodyExamples: { service: { name: 'guestbook', repository: 'https://git.example.com/demo/guestbook' } },
    answers: { 201: { summary: 'Created', schema: serviceSchema, location: true, etag: true } },
    problems: ['already_exists'],
    handle: ({ ports, params, body, change }) =>
      change(created, (caller) =>
        createService(ports, caller, compact({ project: params.project, ...body })),
      ),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services',
    policy: { action: 'service.read', scope: 'project' },
    operationId: 'listServices',
    summary: 'List the services of a project',
    tag: 'Services',
    query: pageQuery,
    answers: { 200: { summary: 'A page of services, by name', schema: pageOf(serviceSchema) } },
    handle: async ({ ports, params, query }) => {
      const list = { pk: projectPartition(params.project), prefix: SERVICE_PREFIX };
      const whole = () => getProject(ports.store, params.project);
      return listReply<Service>(ports.store, list, query, view, whole);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services/{service}',
    policy: { action: 'service.read', scope: 'project' },
    operationId: 'getService',
    summary: 'Read a service',
    tag: 'Services',
    answers: { 200: { summary: 'The service', schema: serviceSchema, etag: true } },
    handle: async ({ ports, params }) => reply(await getService(ports.store, params)),
  }),
  route({
    method: 'patch',
    path: '/v1/projects/{project}/services/{service}',
    policy: { action: 'service.update', scope: 'project' },
    operationId: 'changeService',
    summary: 'Change a service',
    tag: 'Services',
    body: z.strictObject({
      repository: repository.nullable().optional().meta({ description: 'null takes it away.' }),
    }),
    bodyExamples: { moved: { repository: 'https://git.example.com/demo/book' } },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: serviceSchema, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, body, precondition, change }) =>
      change(reply, (caller) => changeService(ports, caller, params, { ...compact(body), ...precondition })),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/services/{service}',
    policy: { action: 'service.delete', scope: 'project' },
    operationId: 'deleteService',
    summary: 'Delete a service that is deployed nowhere',
    description: 'Its versions and images go with it.',
    tag: 'Services',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['not_empty', 'conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteService(ports, caller, params, precondition)),
  }),
];
