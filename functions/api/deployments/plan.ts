/** What a deployment would change, and what differs between two. */
import * as z from 'zod';
import type { PlannedCost } from '../../commands/costs/planned-cost.ts';
import { planDeployment } from '../../commands/deployments/plan.ts';
import { toCents } from '../../core/costs/environment-cost.ts';
import { areas } from '../../core/diff/change.ts';
import { diffPinned, pinnedOf } from '../../core/diff/deployment-diff.ts';
import { deploymentKinds } from '../../core/model/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { route } from '../http/route-spec.ts';
import { compact, errorSchema, nameSchema, tagSchema } from '../http/schemas.ts';
import { hasOne, ONE_OF, toRequest } from './deployment-request.ts';
import { recipePinsSchema, revisionSchema } from './deployment-view.ts';
import { rolloutPlanSchema } from './rollout-view.ts';

export const changeSchema = z
  .object({
    area: z.enum(areas),
    container: z.string().optional().meta({ description: 'The container that it is in.', example: 'web' }),
    name: z.string().meta({ example: 'LOG_LEVEL' }),
    change: z.enum(['added', 'removed', 'changed']),
    before: z.string().optional().meta({ example: 'info' }),
    after: z.string().optional().meta({ example: 'debug' }),
    hidden: z
      .literal(true)
      .optional()
      .meta({ description: 'There are values, and they are not shown: they may be secret.' }),
  })
  .meta({
    id: 'Change',
    description:
      'One difference. Texts are as the Score file has them, placeholders and all; of a secret it is the version, ' +
      'of a file its mode, size and a hash.',
  });

export const plannedResourceSchema = z.object({
  name: z.string().meta({ example: 'db' }),
  uid: z.string().meta({ example: 'postgres.default#guestbook.db' }),
  type: z.string().meta({ example: 'postgres' }),
  class: z.string().meta({ example: 'default' }),
  action: z.enum(['make', 'keep', 'compute', 'unused']).meta({
    description:
      '`make`: it is not there yet. `keep`: it is. `compute`: nothing is made for its type. `unused`: it stays ' +
      'until the environment is destroyed, and this service no longer uses it.',
  }),
  data: z
    .enum(['left', 'empty'])
    .optional()
    .meta({
      description:
        'Where the service loses data. `left`: nobody uses them from then on, and they go with the environment. ' +
        '`empty`: it begins without those of the resource of its name that had another class.',
    }),
});

const usd = z.number();

const planSchema = z
  .object({
    kind: z.enum(deploymentKinds),
    number: z.int().meta({ description: 'The number that it would get.', example: 4 }),
    from: z.int().optional().meta({ description: 'The deployment that serves now.', example: 3 }),
    version: z.string().meta({ example: '3f2a9c01b7de' }),
    digest: z.string(),
    revision: revisionSchema.optional(),
    recipes: recipePinsSchema.optional(),
    changes: z.array(changeSchema),
    resources: z.array(plannedResourceSchema),
    replicas: z.object({ before: z.int(), after: z.int() }),
    releaseCommand: z
      .string()
      .optional()
      .meta({ description: 'What runs before it takes traffic.', example: 'node migrate.js' }),
    rollout: rolloutPlanSchema.optional().meta({
      description: 'How it takes over step by step; absent where it does so as soon as it is ready.',
    }),
    warmSeconds: z.int().optional().meta({
      description:
        'What serves now runs on for so long without requests, with `replicas.before` replicas, so that a rollback is a switch.',
      example: 900,
    }),
    cost: z
      .object({
        before: usd.meta({ description: 'What the service costs now.', example: 9.93 }),
        after: usd.meta({
          description: 'What it costs then, with the resources that are made for it.',
          example: 22.49,
        }),
        difference: usd.meta({ example: 12.56 }),
        once: usd.optional().meta({
          description: 'What serves now, as long as it stays warm: paid once.',
          example: 0.01,
        }),
      })
      .meta({
        description:
          'In US dollars a month in which the environment is awake, at the list prices of AWS, wherever it runs.',
      }),
    problems: z
      .array(errorSchema)
      .meta({ description: 'Why it would be refused or fail, as far as that can be told before.' }),
    warnings: z.array(z.string()).meta({
      description: 'What the workload will not find there as its Score file says, with what helps; text.',
    }),
  })
  .meta({ id: 'Plan' });

const diffSchema = z
  .object({
    from: z.int().optional().meta({ description: 'Absent where there is none before.', example: 2 }),
    to: z.int().meta({ example: 3 }),
    changes: z.array(changeSchema),
  })
  .meta({ id: 'DeploymentDiff' });

const NUMBER = /^[1-9][0-9]{0,8}$/;
const numberQuery = (description: string) =>
  z
    .string()
    .regex(NUMBER, 'must be a whole number from 1 on')
    .transform(Number)
    .meta({ type: 'string', description, example: '2' });

const planQuery = z
  .strictObject({
    version: tagSchema.optional().meta({ description: "A version's id, or a tag that only one carries." }),
    fromEnvironment: nameSchema
      .optional()
      .meta({ description: 'Promote what serves there.', example: 'staging' }),
    rollbackTo: numberQuery('Number of an earlier deployment that succeeded.').optional(),
  })
  .refine(hasOne, ONE_OF);

const inCents = ({ before, after, difference, once }: PlannedCost) =>
  compact({
    before: toCents(before),
    after: toCents(after),
    difference: toCents(difference),
    once: once === undefined ? undefined : Math.round(once * 1e4) / 1e4,
  });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/plan',
    policy: { action: 'deployment.read', scope: 'project' },
    operationId: 'planDeployment',
    summary: 'Read what a deployment would change',
    description:
      'Takes as a query what POST .../deployments takes as a body, and changes nothing. What it finds wrong is in ' +
      '`problems`, so that all of it is seen at once.',
    tag: 'Deployments',
    query: planQuery,
    answers: { 200: { summary: 'What would change, against what serves now', schema: planSchema } },
    problems: ['ambiguous_version', 'conflict'],
    handle: async ({ ports, params, access, query }) => {
      if (query.fromEnvironment !== undefined) await access.enter(query.fromEnvironment);
      const plan = await planDeployment(ports, params, toRequest(query));
      return { status: 200, body: { ...plan, cost: inCents(plan.cost) } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/diff',
    policy: { action: 'deployment.read', scope: 'project' },
    operationId: 'diffDeployment',
    summary: 'Read what differs between two deployments',
    tag: 'Deployments',
    query: z.strictObject({
      from: numberQuery('The other deployment; the one before by default.').optional(),
    }),
    answers: { 200: { summary: 'What differs', schema: diffSchema } },
    handle: async ({ ports, params, query }) => {
      await getEnvironment(ports.store, params);
      const to = Number(params.number);
      const { data: after } = await getDeploymentDetail(ports.store, params, to);
      const from = query.from ?? to - 1;
      const before = from === 0 ? undefined : (await getDeploymentDetail(ports.store, params, from)).data;
      const changes = diffPinned(before && pinnedOf(before), pinnedOf(after));
      return { status: 200, body: { ...(from > 0 && { from }), to, changes } };
    },
  }),
];
