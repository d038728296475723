/** Routes of promotions: begin, list, read and cancel. */
import * as z from 'zod';
import { advancePromotion } from '../../commands/pipelines/advance-promotion.ts';
import { cancelPromotion, createPromotion, getPromotion } from '../../commands/pipelines/promotions.ts';
import { PROMOTION_PREFIX, promotionsPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Promotion } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Reply } from '../../records/commit.ts';
import { getService } from '../../records/read.ts';
import { revisionSchema } from '../deployments/deployment-view.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { compact, errorSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';

const PATH = '/v1/projects/{project}/services/{service}/promotions';

const targetSchema = z.object({
  environment: z.string().meta({ example: 'production-eu' }),
  state: z.enum(['waiting', 'deploying', 'succeeded', 'failed']),
  deployment: z.int().optional().meta({ description: 'Number of the deployment.', example: 4 }),
  operation: z.string().optional().meta({ description: 'Id of its operation.' }),
  error: errorSchema.optional(),
});

const stageSchema = z.object({
  name: z.string().meta({ example: 'production' }),
  bakeSeconds: z.int(),
  bakesUntil: timeSchema.optional(),
  passedAt: timeSchema.optional().meta({ description: 'From then on the next stage may have it.' }),
  targets: z.array(targetSchema),
});

const promotionSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    service: nameSchema,
    version: z.string().meta({ example: '3f2a9c01b7de' }),
    digest: z.string(),
    revision: revisionSchema.optional(),
    fromEnvironment: z.string().meta({ example: 'dev' }),
    state: z.enum(['running', 'succeeded', 'failed', 'canceled']),
    cancelRequested: z.literal(true).optional(),
    stages: z.array(stageSchema),
    error: errorSchema.optional(),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
    endedAt: timeSchema.optional(),
  })
  .meta({ id: 'Promotion' });

const view = (promotion: Promotion) => ({
  ...membersOf(promotionSchema.omit({ stages: true }), promotion as z.output<typeof promotionSchema>),
  stages: promotion.stages.map((stage) => ({
    ...compact(stage),
    targets: stage.targets.map(({ environmentId: _, ...target }) => target),
  })),
});

const changed = (status: 200 | 201) => (promotion: Promotion) => ({
  status,
  body: view(promotion),
  ...(status === 201 && {
    location: `/v1/projects/${promotion.project}/services/${promotion.service}/promotions/${promotion.id}`,
  }),
});

/** The change is made; what follows from it is begun at once, and otherwise by the sweep. */
async function begun(ports: Ports, change: Promise<Reply>): Promise<Reply> {
  const reply = await change;
  await advancePromotion(ports, reply.body as Promotion).catch(() => undefined);
  return reply;
}

export const routes = [
  route({
    method: 'post',
    path: PATH,
    policy: { action: 'promotion.create', scope: 'project' },
    operationId: 'createPromotion',
    summary: 'Promote what serves in an environment through several others',
    description:
      'The very same version, one stage after the other: those of the pipeline, or the environments of `to`. It stops at ' +
      'the first failure, waits for approvals, and for as long as a stage is to bake.',
    tag: 'Deployments',
    body: z
      .strictObject({
        fromEnvironment: nameSchema.meta({ description: 'What serves there is promoted.', example: 'dev' }),
        through: nameSchema.optional().meta({
          description: 'The last stage of the pipeline that gets it; the next one by default.',
          example: 'production',
        }),
        to: z
          .array(nameSchema)
          .min(1)
          .max(limits.stageEnvironments.value)
          .optional()
          .meta({ description: 'Environments, one after the other, whatever the pipeline says.' }),
      })
      .refine(({ through, to }) => through === undefined || to === undefined, {
        message: 'must have one of "through" and "to" at most',
      }),
    bodyExamples: {
      next: { fromEnvironment: 'dev' },
      'through the pipeline': { fromEnvironment: 'dev', through: 'production' },
      'to some environments': { fromEnvironment: 'dev', to: ['staging', 'production'] },
    },
    answers: { 201: { summary: 'The promotion, under way', schema: promotionSchema, location: true } },
    problems: ['conflict', 'environment_not_ready', 'operation_in_progress'],
    handle: ({ ports, params, body, change }) =>
      begun(
        ports,
        change(changed(201), (caller) => createPromotion(ports, caller, params, body)),
      ),
  }),
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'pipeline.read', scope: 'project' },
    operationId: 'listPromotions',
    summary: 'List the promotions of a service',
    tag: 'Deployments',
    query: pageQuery,
    answers: { 200: { summary: 'A page of promotions, newest first', schema: pageOf(promotionSchema) } },
    handle: ({ ports, params, query }) =>
      listReply<Promotion>(
        ports.store,
        { pk: promotionsPartition(params), prefix: PROMOTION_PREFIX, reverse: true },
        query,
        ({ data }) => view(data),
        () => getService(ports.store, params),
      ),
  }),
  route({
    method: 'get',
    path: `${PATH}/{promotion}`,
    policy: { action: 'pipeline.read', scope: 'project' },
    operationId: 'getPromotion',
    summary: 'Read a promotion',
    tag: 'Deployments',
    answers: { 200: { summary: 'How far it has come', schema: promotionSchema } },
    handle: async ({ ports, params }) => ({
      status: 200,
      body: view((await getPromotion(ports.store, params, params.promotion)).data),
    }),
  }),
  route({
    method: 'post',
    path: `${PATH}/{promotion}/cancel`,
    policy: { action: 'promotion.create', scope: 'project' },
    operationId: 'cancelPromotion',
    summary: 'Cancel a promotion',
    description:
      'Nothing more is begun, and deployments that are under way are canceled; what has succeeded stays.',
    tag: 'Deployments',
    answers: { 200: { summary: 'It is to stop', schema: promotionSchema } },
    problems: ['operation_ended'],
    handle: ({ ports, params, change }) =>
      begun(
        ports,
        change(changed(200), (caller) => cancelPromotion(ports, caller, params, params.promotion)),
      ),
  }),
];
