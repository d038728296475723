/** Routes of environments: list, read, change, protect, hibernate, wake, extend and destroy. */
import * as z from 'zod';
import {
  type Accepted,
  changeEnvironment,
  createEnvironment,
} from '../../commands/environments/environments.ts';
import { extendEnvironment, TTL_MAX } from '../../commands/environments/extend.ts';
import { protectEnvironment } from '../../commands/environments/protection.ts';
import {
  destroyEnvironment,
  hibernateEnvironment,
  wakeEnvironment,
} from '../../commands/environments/transitions.ts';
import { ENVIRONMENT_PREFIX, projectPartition } from '../../core/keys.ts';
import type { Environment } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getEnvironment, getProject } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { durationSchema, nameSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { placementSchema } from '../places/place-view.ts';
import { EPHEMERAL, idleAfterSchema, ttlSchema } from './environment-times.ts';
import {
  environmentSchema,
  environmentView,
  hoursFields,
  protectionSchema,
  withLastRequest,
} from './environment-view.ts';
import { checkedHours } from './hours-preview.ts';

const view = ({ data }: Item<Environment>) => environmentView(data);
const reply = (item: Item<Environment>): Reply => ({
  status: 200,
  body: view(item),
  etag: etagOf(item),
});
const accepted = ({ operation }: Accepted): Reply => acceptedReply(operation);

const protectionPath = '/v1/projects/{project}/environments/{environment}/protection';

export const routes = [
  route({
    method: 'put',
    path: protectionPath,
    policy: { action: 'environment.protect', scope: 'project' },
    operationId: 'protectEnvironment',
    summary: 'Protect an environment',
    description:
      'A protected environment takes a higher role for what could harm it, and does not expire: its `ttl` is taken ' +
      'away. With `approval` each deployment waits ' +
      'for a second person. Maintainers tighten; to loosen takes an administrator.',
    tag: 'Environments',
    body: protectionSchema.strict(),
    bodyExamples: { production: { approval: true, rollbackWithoutApproval: true } },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: environmentSchema, etag: true } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, body, access, precondition, change }) =>
      change(reply, (caller) =>
        protectEnvironment(
          ports,
          caller,
          access.role ?? 'viewer',
          params,
          {
            approval: body.approval,
            ...(body.rollbackWithoutApproval && { rollbackWithoutApproval: true }),
            ...(body.shells && { shells: true }),
          },
          precondition,
        ),
      ),
  }),
  route({
    method: 'delete',
    path: protectionPath,
    policy: { action: 'environment.unprotect', scope: 'project' },
    operationId: 'unprotectEnvironment',
    summary: 'End the protection of an environment',
    tag: 'Environments',
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: environmentSchema, etag: true } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, access, precondition, change }) =>
      change(reply, (caller) =>
        protectEnvironment(ports, caller, access.role ?? 'viewer', params, null, precondition),
      ),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments',
    policy: { action: 'environment.create', scope: 'project' },
    operationId: 'createEnvironment',
    summary: 'Create an environment',
    description: 'An ephemeral one hibernates after an hour and expires after 7 days, unless told otherwise.',
    tag: 'Environments',
    body: z.strictObject({
      name: nameSchema.meta({ example: 'dev' }),
      kind: z.enum(['persistent', 'ephemeral']).optional().meta({ description: 'persistent by default.' }),
      ttl: ttlSchema.optional(),
      idleAfter: idleAfterSchema.optional(),
      placement: placementSchema.optional(),
    }),
    bodyExamples: {
      persistent: { name: 'dev', idleAfter: '8h' },
      preview: { name: 'pr-123', kind: 'ephemeral', ttl: '2d' },
    },
    answers: { 202: acceptedAnswer('Accepted: the operation that provisions it') },
    problems: [
      'already_exists',
      'conflict',
      'placement_not_found',
      'placement_not_allowed',
      'placement_ambiguous',
      'place_unreachable',
    ],
    handle: ({ ports, params, body, change }) =>
      change(accepted, (caller) =>
        createEnvironment(ports, caller, {
          project: params.project,
          name: body.name,
          kind: body.kind ?? 'persistent',
          ...(body.kind === 'ephemeral' && EPHEMERAL),
          ...(body.ttl !== undefined && { ttlSeconds: body.ttl }),
          ...(body.idleAfter !== undefined && { idleAfterSeconds: body.idleAfter }),
          ...(body.placement !== undefined && { placement: body.placement }),
        }),
      ),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'listEnvironments',
    summary: 'List the environments of a project',
    tag: 'Environments',
    query: pageQuery,
    answers: { 200: { summary: 'A page of environments, by name', schema: pageOf(environmentSchema) } },
    handle: async ({ ports, params, query }) => {
      // Read as they are now they would cost twice as much; the overview, which the console shows, never lags.
      const list = { pk: projectPartition(params.project), prefix: ENVIRONMENT_PREFIX, surely: 0 };
      const whole = () => getProject(ports.store, params.project);
      return listReply<Environment>(ports.store, list, query, view, whole);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'getEnvironment',
    summary: 'Read an environment',
    tag: 'Environments',
    answers: { 200: { summary: 'The environment', schema: environmentSchema, etag: true } },
    handle: async ({ ports, params }) => {
      const item = await getEnvironment(ports.store, params);
      const counts = item.data.state === 'ready' && item.data.idleAfterSeconds !== undefined;
      const [last] = counts ? await ports.activity.lastRequests([params]) : [];
      return reply({
        ...item,
        data: withLastRequest(item.data, typeof last === 'number' ? last : undefined),
      });
    },
  }),
  route({
    method: 'patch',
    path: '/v1/projects/{project}/environments/{environment}',
    policy: { action: 'environment.update', scope: 'project' },
    operationId: 'changeEnvironment',
    summary: 'Change when an environment hibernates and wakes by itself, and when it expires',
    description:
      'In a protected environment it takes the right to destroy it to set or shorten `ttl`, which then counts once ' +
      'the protection has ended.',
    tag: 'Environments',
    body: z.strictObject({
      idleAfter: idleAfterSchema.nullable().optional(),
      ttl: ttlSchema.nullable().optional(),
      officeHours: z
        .strictObject(hoursFields)
        .nullable()
        .optional()
        .meta({ description: 'They hold at once; null takes them away.' }),
      placement: nameSchema
        .optional()
        .meta({ description: 'It stays in its place: any other is refused with what can not move.' }),
    }),
    bodyExamples: {
      idle: { idleAfter: '30m' },
      keep: { ttl: null },
      officeHours: { officeHours: { days: 'mon-fri', from: '08:00', to: '19:00', zone: 'Europe/Berlin' } },
    },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: environmentSchema, etag: true } },
    problems: ['environment_not_ready', 'conflict', 'placement_fixed'],
    handle: ({ ports, params, body, access, precondition, change }) =>
      change(reply, (caller) =>
        changeEnvironment(ports, caller, access.role ?? 'viewer', params, {
          ...(body.idleAfter !== undefined && { idleAfterSeconds: body.idleAfter }),
          ...(body.ttl !== undefined && { ttlSeconds: body.ttl }),
          ...(body.officeHours !== undefined && { officeHours: checkedHours(body.officeHours) }),
          ...(body.placement !== undefined && { placement: body.placement }),
          ...precondition,
        }),
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/environments/{environment}',
    policy: { action: 'environment.delete', scope: 'project' },
    operationId: 'destroyEnvironment',
    summary: 'Destroy an environment with all that is in it',
    description: 'While it is being destroyed already, that operation is the answer.',
    tag: 'Environments',
    conditional: true,
    answers: { 202: acceptedAnswer('Accepted: the operation that destroys it') },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(accepted, (caller) => destroyEnvironment(ports, caller, params, precondition)),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/hibernate',
    policy: { action: 'environment.update', scope: 'project' },
    operationId: 'hibernateEnvironment',
    summary: 'Stop the workloads of an environment and keep their data',
    tag: 'Environments',
    answers: { 202: acceptedAnswer('Accepted') },
    problems: ['environment_not_ready', 'operation_in_progress', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(accepted, (caller) => hibernateEnvironment(ports, caller, params)),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/wake',
    policy: { action: 'environment.update', scope: 'project' },
    operationId: 'wakeEnvironment',
    summary: 'Start again what ran before hibernation',
    description: 'One that has expired is brought back with it, for a day.',
    tag: 'Environments',
    answers: { 202: acceptedAnswer('Accepted') },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(accepted, (caller) => wakeEnvironment(ports, caller, params)),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/extend',
    policy: { action: 'environment.update', scope: 'project' },
    operationId: 'extendEnvironment',
    summary: 'Put off the time at which an environment expires',
    description: 'One that has expired is brought back: it sleeps, and is woken as any other.',
    tag: 'Environments',
    body: z.strictObject({
      by: durationSchema({ min: 1, max: TTL_MAX }, 'Time to add to what is left.'),
    }),
    bodyExamples: { twoHours: { by: '2h' } },
    answers: { 200: { summary: 'As it is now', schema: environmentSchema, etag: true } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, body, access, change }) =>
      change(reply, (caller) => extendEnvironment(ports, caller, access.role ?? 'viewer', params, body.by)),
  }),
];
