/** Routes of projects. */
import * as z from 'zod';
import { changeProject, createProject, deleteProject } from '../../commands/projects/projects.ts';
import type { Project } from '../../core/model/index.ts';
import { RESERVED } from '../../core/names.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getProject } from '../../records/read.ts';
import { pageOf, pageQuery, pageReply } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';
import { projectsOf } from './project-list.ts';

const projectSchema = z
  .object({
    name: nameSchema.meta({ example: 'demo' }),
    displayName: z.string().optional().meta({ example: 'Demo' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Project' });

const view = ({ data }: Item<Project>): z.infer<typeof projectSchema> => data;

const reply = (item: Item<Project>): Reply => ({ status: 200, body: view(item), etag: etagOf(item) });

const created = (item: Item<Project>): Reply => ({
  ...reply(item),
  status: 201,
  location: `/v1/projects/${item.data.name}`,
});

const displayName = lineSchema(100).meta({ description: 'A name for people.', example: 'Demo' });

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects',
    policy: { action: 'project.create', scope: 'platform' },
    operationId: 'createProject',
    summary: 'Create a project',
    description:
      'Who creates it becomes its administrator. A name is never given to others: that of a deleted project is taken ' +
      'but for its former administrators and the platform team, who get its history with it.',
    tag: 'Projects',
    body: z.strictObject({
      name: nameSchema
        .refine((name) => !RESERVED.has(name), 'is reserved for Berth itself: choose another name')
        .meta({ example: 'demo' }),
      displayName: displayName.optional(),
    }),
    bodyExamples: { project: { name: 'demo', displayName: 'Demo' } },
    answers: { 201: { summary: 'Created', schema: projectSchema, location: true, etag: true } },
    problems: ['already_exists'],
    tellsNames: true,
    handle: ({ ports, principal, body, change }) =>
      change(created, (caller) => createProject(ports, caller, { ...compact(body), creator: principal })),
  }),
  route({
    method: 'get',
    path: '/v1/projects',
    policy: { action: 'project.list', scope: 'platform' },
    operationId: 'listProjects',
    summary: 'List the projects that you are let into',
    tag: 'Projects',
    query: pageQuery,
    answers: { 200: { summary: 'A page of projects, by name', schema: pageOf(projectSchema) } },
    handle: async ({ ports, principal, query }) => {
      const { items, next } = await projectsOf(ports.store, principal, query);
      return pageReply(items.map(view), next);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}',
    policy: { action: 'project.read', scope: 'project' },
    operationId: 'getProject',
    summary: 'Read a project',
    tag: 'Projects',
    answers: { 200: { summary: 'The project', schema: projectSchema, etag: true } },
    handle: async ({ ports, params }) => reply(await getProject(ports.store, params.project)),
  }),
  route({
    method: 'patch',
    path: '/v1/projects/{project}',
    policy: { action: 'project.update', scope: 'project' },
    operationId: 'changeProject',
    summary: 'Change a project',
    tag: 'Projects',
    body: z.strictObject({
      displayName: displayName.nullable().optional().meta({ description: 'null takes it away.' }),
    }),
    bodyExamples: { rename: { displayName: 'Demo, for everyone' } },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: projectSchema, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, body, precondition, change }) =>
      change(reply, (caller) =>
        changeProject(ports, caller, params.project, { ...compact(body), ...precondition }),
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}',
    policy: { action: 'project.delete', scope: 'project' },
    operationId: 'deleteProject',
    summary: 'Delete an empty project',
    description:
      'Its environments have to be destroyed and its services deleted before. Its name stays taken, since its events ' +
      'are kept by it: its administrators alone, and the platform team, can create it again.',
    tag: 'Projects',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['not_empty', 'conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteProject(ports, caller, params.project, precondition)),
  }),
];
