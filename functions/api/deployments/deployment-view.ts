/** How deployments are shown. Resolved outputs stay inside: they tell how to reach databases. */
import { z } from '@hono/zod-openapi';
import type { Deployment, DeploymentDetail } from '../../core/model/index.ts';
import { compact, errorSchema, nameSchema, timeSchema } from '../http/schemas.ts';
import { approvalSchema, statusSchema } from '../operations/operation-view.ts';
import { workloadSchema } from '../versions/versions.ts';

export const revisionSchema = z
  .object({
    tag: z.string().optional().openapi({ example: 'v1.4.0' }),
    commit: z.string().optional().openapi({ example: '9fceb02d0ae598e95dc970b74767f19372d61af8' }),
    author: z.string().optional(),
    message: z.string().optional().openapi({ description: 'First line of the commit message.' }),
  })
  .openapi('Revision', { description: 'What people know the version by.' });

const fields = {
  project: nameSchema.openapi({ example: 'demo' }),
  environment: nameSchema.openapi({ example: 'dev' }),
  service: nameSchema,
  number: z.int().openapi({ example: 3 }),
  kind: z.enum(['deploy', 'promote', 'rollback', 'redeploy']),
  version: z.string().openapi({ example: '3f2a9c01b7de' }),
  digest: z.string(),
  revision: revisionSchema.optional(),
  rollbackTo: z.int().optional().openapi({ example: 2 }),
  fromEnvironment: z.string().optional().openapi({ example: 'staging' }),
  status: statusSchema,
  approval: approvalSchema.optional(),
  operation: z.string(),
  error: errorSchema.optional(),
  createdAt: timeSchema,
  createdBy: z.string().openapi({ example: 'administrator' }),
  finishedAt: timeSchema.optional(),
};

export const deploymentSchema = z.object(fields).openapi('Deployment');
export const deploymentDetailSchema = z
  .object({ ...fields, workload: workloadSchema })
  .openapi('DeploymentDetail');

export function deploymentView(deployment: Deployment): z.infer<typeof deploymentSchema> {
  const { project, environment, service, number, kind, version, digest, status, operation } = deployment;
  return compact({
    project,
    environment,
    service,
    number,
    kind,
    version,
    digest,
    revision: deployment.revision,
    rollbackTo: deployment.rollbackTo,
    fromEnvironment: deployment.fromEnvironment,
    status,
    approval: deployment.approval,
    operation,
    error: deployment.error,
    createdAt: deployment.createdAt,
    createdBy: deployment.createdBy,
    finishedAt: deployment.finishedAt,
  });
}

export const deploymentDetail = (deployment: DeploymentDetail) => ({
  ...deploymentView(deployment),
  workload: deployment.workload,
});
