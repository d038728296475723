/** Routes of the pipeline of a project, and of what serves along it. */
import * as z from 'zod';
import { deletePipeline, getPipeline, putPipeline } from '../../commands/pipelines/pipelines.ts';
import { standingOf } from '../../commands/pipelines/standing.ts';
import { limits } from '../../core/limits.ts';
import type { Pipeline } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { revisionSchema } from '../deployments/deployment-view.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { durationSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';

const PATH = '/v1/projects/{project}/pipeline';

const stageSchema = z.object({
  name: nameSchema.meta({ example: 'production' }),
  environments: z
    .array(nameSchema)
    .meta({ description: 'They get a version together.', example: ['production-eu', 'production-us'] }),
  bakeSeconds: z
    .int()
    .meta({ description: 'So long a version has to serve there before it goes on.', example: 1800 }),
});

const pipelineSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    stages: z.array(stageSchema).meta({ description: 'In the order in which versions come to them.' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Pipeline' });

const standingSchema = z
  .object({
    promotion: z.string().optional().meta({ description: 'Id of the promotion that is under way.' }),
    stages: z.array(
      z.object({
        name: z.string(),
        bakeSeconds: z.int(),
        environments: z.array(
          z.object({
            environment: z.string(),
            deployment: z.int().optional().meta({ description: 'What serves; absent where nothing does.' }),
            version: z.string().optional(),
            revision: revisionSchema.optional(),
            since: timeSchema.optional(),
            behind: z
              .array(
                z.object({ version: z.string(), revision: revisionSchema.optional(), createdAt: timeSchema }),
              )
              .meta({
                description:
                  'Versions that came after this one, up to the newest that serves in the stage before; of the first stage, up to the newest there is. Newest first.',
              }),
            behindMore: z
              .literal(true)
              .optional()
              .meta({
                description: `It may be behind more: the ${limits.shownVersions.value} newest versions are looked at.`,
              }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'PipelineStanding' });

const pipelineBody = z.strictObject({
  stages: z
    .array(
      z.strictObject({
        name: nameSchema,
        environments: z
          .array(nameSchema)
          .min(1)
          .max(limits.stageEnvironments.value)
          .optional()
          .meta({ description: 'The one with the name of the stage, by default.' }),
        bake: durationSchema(
          { min: 1, max: limits.stageBakeSeconds.value },
          'So long a version has to serve in all of them before it goes on, up to 7d; it goes on at once by default.',
        ).optional(),
      }),
    )
    .min(1)
    .max(limits.pipelineStages.value)
    .meta({ description: 'In the order in which versions come to them.' }),
});

const reply = (item: Item<Pipeline>): Reply => ({
  status: 200,
  body: membersOf(pipelineSchema, item.data),
  etag: etagOf(item),
});

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'pipeline.read', scope: 'project' },
    operationId: 'getPipeline',
    summary: 'Read the pipeline of a project',
    tag: 'Deployments',
    answers: { 200: { summary: 'Its stages, in order', schema: pipelineSchema, etag: true } },
    handle: async ({ ports, params }) => reply(await getPipeline(ports.store, params.project)),
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'pipeline.write', scope: 'project' },
    operationId: 'putPipeline',
    summary: 'Set the pipeline of a project',
    description: 'Promotions that are under way go on as they began.',
    tag: 'Deployments',
    body: pipelineBody,
    bodyExamples: {
      'two regions after staging': {
        stages: [
          { name: 'dev' },
          { name: 'staging', bake: '30m' },
          { name: 'production', environments: ['production-eu', 'production-us'] },
        ],
      },
    },
    answers: { 200: { summary: 'As it is now', schema: pipelineSchema, etag: true } },
    conditional: true,
    handle: ({ ports, params, body, precondition, change }) => {
      const stages = body.stages.map(({ name, environments = [name], bake = 0 }) => ({
        name,
        environments,
        bakeSeconds: bake,
      }));
      return change(reply, (caller) => putPipeline(ports, caller, params.project, stages, precondition));
    },
  }),
  route({
    method: 'delete',
    path: PATH,
    policy: { action: 'pipeline.write', scope: 'project' },
    operationId: 'deletePipeline',
    summary: 'Delete the pipeline of a project',
    description: 'Environments, and promotions that are under way, stay as they are.',
    tag: 'Deployments',
    answers: { 204: { summary: 'Deleted' } },
    conditional: true,
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deletePipeline(ports, caller, params.project, precondition)),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/pipeline',
    policy: { action: 'pipeline.read', scope: 'project' },
    operationId: 'getPipelineStanding',
    summary:
      'Read what of a service serves along the pipeline, and which versions each environment is behind',
    tag: 'Deployments',
    answers: { 200: { summary: 'What serves in each environment, stage by stage', schema: standingSchema } },
    handle: async ({ ports, params }) => ({ status: 200, body: await standingOf(ports, params) }),
  }),
];
