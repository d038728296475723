/** How deployments are shown. Resolved outputs stay inside: they tell how to reach databases. */
import * as z from 'zod';
import { type Deployment, type DeploymentDetail, deploymentKinds } from '../../core/model/index.ts';
import { errorSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';
import { approvalSchema, statusSchema } from '../operations/operation-view.ts';
import { workloadSchema } from '../versions/versions.ts';

export const revisionSchema = z
  .object({
    tag: z.string().optional().meta({ example: 'v1.4.0' }),
    commit: z.string().optional().meta({ example: '9fceb02d0ae598e95dc970b74767f19372d61af8' }),
    author: z.string().optional(),
    message: z.string().optional().meta({ description: 'First line of the commit message.' }),
  })
  .meta({ id: 'Revision', description: 'What people know the version by.' });

export const recipePinsSchema = z.record(z.string(), z.object({ type: z.string(), version: z.int() })).meta({
  description:
    'Which version of which recipe made resources of it, by the names that the Score file has for these.',
  example: { db: { type: 'shop-database', version: 3 } },
});

const fields = {
  project: nameSchema.meta({ example: 'demo' }),
  environment: nameSchema.meta({ example: 'dev' }),
  service: nameSchema,
  number: z.int().meta({ example: 3 }),
  kind: z.enum(deploymentKinds),
  version: z.string().meta({ example: '3f2a9c01b7de' }),
  digest: z.string(),
  revision: revisionSchema.optional(),
  replicas: z
    .int()
    .optional()
    .meta({ description: 'The scale that people set, in place of the Score file.', example: 3 }),
  processes: z
    .record(z.string(), z.object({ replicas: z.int(), isScaled: z.literal(true).optional() }))
    .optional()
    .meta({
      description:
        'What runs beside its web, and in how many replicas; `isScaled` where people set the number.',
      example: { worker: { replicas: 2 } },
    }),
  recipes: recipePinsSchema.optional(),
  rollbackTo: z.int().optional().meta({ example: 2 }),
  fromEnvironment: z.string().optional().meta({ example: 'staging' }),
  status: statusSchema,
  approval: approvalSchema.optional(),
  rollout: z
    .object({ stage: z.int(), verdict: z.object({ words: z.string() }).optional() })
    .optional()
    .meta({ description: 'Present where it takes over step by step.' }),
  operation: z.string(),
  error: errorSchema.optional(),
  createdAt: timeSchema,
  createdBy: z.string().meta({ example: 'administrator' }),
  finishedAt: timeSchema.optional(),
};

export const deploymentSchema = z.object(fields).meta({
  id: 'Deployment',
  description: 'The deployment that serves, or served before hibernation.',
});
export const deploymentDetailSchema = z
  .object({ ...fields, workload: workloadSchema })
  .meta({ id: 'DeploymentDetail' });

/** Counters stay inside. */
export function deploymentView({ rollout, ...deployment }: Deployment) {
  const words = rollout?.verdict?.words;
  const told = rollout && { stage: rollout.stage, ...(words !== undefined && { verdict: { words } }) };
  return membersOf(deploymentSchema, { ...deployment, ...(told && { rollout: told }) });
}

export const deploymentDetail = (deployment: DeploymentDetail) => ({
  ...deploymentView(deployment),
  workload: deployment.workload,
});
