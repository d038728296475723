/** Routes of the members of a project, and of the access that the caller has to it. */
import * as z from 'zod';
import { type Granter, getMember, putMember, removeMember } from '../../commands/access/members.ts';
import { roles } from '../../core/authorization/roles.ts';
import { membersPartition } from '../../core/keys.ts';
import type { Member } from '../../core/model/index.ts';
import { NAME_PATTERN } from '../../core/names.ts';
import type { Item } from '../../ports/store.ts';
import type { Caller, Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getProject } from '../../records/read.ts';
import type { Access } from '../admission/admit.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

export const roleSchema = z.enum(roles).meta({ id: 'Role' });

const environmentsSchema = z
  .record(z.string().regex(NAME_PATTERN, 'must be the name of an environment'), roleSchema)
  .refine((value) => Object.keys(value).length <= 50, 'must have at most 50 entries')
  .meta({
    description: 'Roles in single environments, by name; there they take the place of `role`.',
    example: { production: 'viewer' },
  });

const memberSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    principal: z.string().meta({ example: 'user:ada' }),
    role: roleSchema,
    environments: environmentsSchema.optional(),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Member' });

const view = ({ data }: Item<Member>): z.infer<typeof memberSchema> => compact({ ...data });

const reply = ({ item, created }: { item: Item<Member>; created: boolean }): Reply => ({
  status: created ? 201 : 200,
  body: view(item),
  etag: etagOf(item),
  ...(created && { location: `/v1/projects/${item.data.project}/members/${item.data.principal}` }),
});

/** The roles that bound which roles a caller may give to others. */
export const granter = (caller: Caller, access: Access): Granter => ({
  ...caller,
  standing: access.standing() ?? { role: 'viewer' },
});

const path = '/v1/projects/{project}/members/{principal}';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/members',
    policy: { action: 'member.read', scope: 'project' },
    operationId: 'listMembers',
    summary: 'List who is let into a project',
    tag: 'Members',
    query: pageQuery,
    answers: { 200: { summary: 'A page of members, by id', schema: pageOf(memberSchema) } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      return listReply<Member>(ports.store, { pk: membersPartition(params.project) }, query, view);
    },
  }),
  route({
    method: 'get',
    path,
    policy: { action: 'member.read', scope: 'project' },
    operationId: 'getMember',
    summary: 'Read which role a member has',
    tag: 'Members',
    answers: { 200: { summary: 'The member', schema: memberSchema, etag: true } },
    handle: async ({ ports, params }) => {
      await getProject(ports.store, params.project);
      return reply({ item: await getMember(ports.store, params), created: false });
    },
  }),
  route({
    method: 'put',
    path,
    policy: { action: 'member.write', scope: 'project' },
    operationId: 'putMember',
    summary: 'Let someone into a project, or change their role',
    description:
      'A person by the subject that the issuer gives them or by their verified e-mail address, or a group of the ' +
      'issuer. Nobody gives more than they have, and one administrator always stays.',
    tag: 'Members',
    body: z.strictObject({ role: roleSchema, environments: environmentsSchema.optional() }),
    bodyExamples: {
      developer: { role: 'developer', environments: { production: 'viewer' } },
      viewer: { role: 'viewer' },
    },
    conditional: true,
    answers: {
      200: { summary: 'As it is now', schema: memberSchema, etag: true },
      201: { summary: 'Added', schema: memberSchema, etag: true, location: true },
    },
    problems: ['conflict'],
    handle: ({ ports, params, body, precondition, access, change }) =>
      change(reply, (caller) =>
        putMember(ports, granter(caller, access), params, compact(body), precondition),
      ),
  }),
  route({
    method: 'delete',
    path,
    policy: { action: 'member.write', scope: 'project' },
    operationId: 'removeMember',
    summary: 'Remove a member',
    description: 'Their access ends at once, open streams with the next heartbeat.',
    tag: 'Members',
    conditional: true,
    answers: { 204: { summary: 'Removed' } },
    problems: ['conflict'],
    handle: ({ ports, params, precondition, access, change }) =>
      change(noContent, (caller) => removeMember(ports, granter(caller, access), params, precondition)),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/access',
    policy: { action: 'project.read', scope: 'project' },
    operationId: 'getAccess',
    summary: 'Read which role you have in a project',
    tag: 'Members',
    answers: {
      200: {
        summary: 'Your roles',
        schema: z.object({ role: roleSchema, environments: environmentsSchema }).meta({ id: 'Access' }),
      },
    },
    handle: async ({ ports, params, access }) => {
      await getProject(ports.store, params.project);
      const { role, environments = {} } = access.standing() ?? {};
      return { status: 200, body: { role, environments } };
    },
  }),
];
