/** Routes of environments that begin as other ones. */
import * as z from 'zod';
import { advanceClone } from '../../commands/clones/advance-clone.ts';
import { cloneEnvironment, getClone } from '../../commands/clones/clones.ts';
import type { Accepted } from '../../commands/environments/environments.ts';
import type { Clone } from '../../core/model/index.ts';
import { EPHEMERAL, idleAfterSchema, ttlSchema } from '../environments/environment-times.ts';
import { route } from '../http/route-spec.ts';
import { errorSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';

const originSchema = z
  .object({
    from: z.string().meta({ description: 'The environment that was cloned.', example: 'dev' }),
    secrets: z.boolean().meta({ description: 'Whether its secrets came along.' }),
    withData: z.boolean().meta({ description: 'Whether the data of its databases came along.' }),
    state: z.enum(['preparing', 'provisioning', 'deploying', 'succeeded', 'failed']),
    services: z
      .array(
        z.object({
          service: nameSchema,
          version: z.string().meta({ example: '3f2a9c01b7de' }),
          state: z.enum(['waiting', 'deploying', 'succeeded', 'failed']),
          deployment: z.int().optional().meta({ description: 'Number of the deployment.', example: 1 }),
          operation: z.string().optional().meta({ description: 'Id of its operation.' }),
          error: errorSchema.optional(),
        }),
      )
      .meta({ description: 'In the order in which they come: each behind those that it refers to.' }),
    error: errorSchema.optional(),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
    endedAt: timeSchema.optional(),
  })
  .meta({ id: 'Origin' });

const view = (clone: Clone) => ({
  ...membersOf(originSchema.omit({ services: true }), { ...clone }),
  services: clone.services.map(({ after: _, ...service }) => service),
});

const ENVIRONMENT = '/v1/projects/{project}/environments/{environment}';

export const routes = [
  route({
    method: 'post',
    path: `${ENVIRONMENT}/clone`,
    policy: { action: 'environment.clone', scope: 'project' },
    operationId: 'cloneEnvironment',
    summary: 'Create an environment that begins as another one',
    description:
      'It is in the same place, with the same variables and secrets, and what serves there is deployed to it, each service behind ' +
      'those that it refers to. Its resources are its own. Secrets come along for those who may reveal them; with `"secrets": false` ' +
      'none do, and those of a protected environment with `"secrets": true` alone. With `withData` each database begins with what it has in the other environment, read once and masked by the rules of ' +
      'the project: as it is, it takes the right to download backups, masked the right to make them. The operation makes the environment; what follows is read at `…/environments/{name}/origin`.',
    tag: 'Environments',
    body: z.strictObject({
      name: nameSchema.meta({ description: 'Of the new environment.', example: 'dev-copy' }),
      kind: z.enum(['persistent', 'ephemeral']).optional().meta({ description: 'persistent by default.' }),
      ttl: ttlSchema.optional(),
      idleAfter: idleAfterSchema.optional(),
      withData: z.boolean().optional().meta({
        description:
          'Whether the data of its databases come along, masked as the project says; false by default.',
      }),
      secrets: z.boolean().optional().meta({
        description: 'Whether secrets come along; by default true, and false where the other is protected.',
      }),
    }),
    bodyExamples: {
      'for three days': { name: 'dev-copy', ttl: '3d' },
      'with data': { name: 'dev-copy', withData: true },
      'without secrets': { name: 'dev-copy', secrets: false },
    },
    answers: { 202: acceptedAnswer('Accepted: the operation that provisions it') },
    problems: [
      'already_exists',
      'conflict',
      'environment_not_ready',
      'masking_required',
      'placement_not_found',
      'placement_not_allowed',
      'placement_ambiguous',
      'place_unreachable',
    ],
    async handle({ ports, params, body, access, change }) {
      const refused = access.refusal('environment.create', 'project');
      if (refused) throw refused;
      const { name, kind = 'persistent', secrets, withData = false, ttl, idleAfter } = body;
      const request = {
        name,
        kind,
        withData,
        ...(secrets !== undefined && { secrets }),
        ...(kind === 'ephemeral' && EPHEMERAL),
        ...(ttl !== undefined && { ttlSeconds: ttl }),
        ...(idleAfter !== undefined && { idleAfterSeconds: idleAfter }),
      };
      const rights = {
        revealSecrets: !access.refusal('secret.reveal'),
        plainData: access.refusal('backup.download'),
        maskedData: access.refusal('backup.write'),
      };
      const reply = await change(
        ({ operation }: Accepted) => acceptedReply(operation),
        (caller) => cloneEnvironment(ports, caller, params, request, rights),
      );
      // The change is made; what follows from it is begun at once, and otherwise by the sweep.
      await advanceClone(ports, { project: params.project, environment: name }).catch(() => undefined);
      return reply;
    },
  }),
  route({
    method: 'get',
    path: `${ENVIRONMENT}/origin`,
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'getOrigin',
    summary: 'Read what an environment began as, and how far that has come',
    tag: 'Environments',
    answers: { 200: { summary: 'How it began', schema: originSchema } },
    handle: async ({ ports, params }) => ({
      status: 200,
      body: view((await getClone(ports.store, params)).data),
    }),
  }),
];
