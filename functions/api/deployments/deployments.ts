/** Routes of deployments: list, read, deploy, cancel, approve and reject. */
import * as z from 'zod';
import { approveDeployment, rejectDeployment } from '../../commands/approvals/approvals.ts';
import type { AcceptedDeployment } from '../../commands/deployments/accept-deployment.ts';
import { createDeployment } from '../../commands/deployments/deployments.ts';
import { cancelOperation } from '../../commands/operations/operations.ts';
import { deploymentsPartition } from '../../core/keys.ts';
import type { Deployment } from '../../core/model/index.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { pastInstanceOf } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { lineSchema, nameSchema, tagSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { hasOne, ONE_OF, toRequest } from './deployment-request.ts';
import {
  deploymentDetail,
  deploymentDetailSchema,
  deploymentSchema,
  deploymentView,
} from './deployment-view.ts';

const requestSchema = z
  .strictObject({
    version: tagSchema.optional().meta({ description: "A version's id, or a tag that only one carries." }),
    fromEnvironment: nameSchema
      .optional()
      .meta({ description: 'Promote: what serves in that environment now.', example: 'staging' }),
    rollbackTo: z
      .int()
      .min(1)
      .max(999_999_999)
      .optional()
      .meta({ description: 'Number of an earlier deployment that succeeded.', example: 2 }),
  })
  .refine(hasOne, ONE_OF);

/** So many of the newest are one read unit; what changes is among them, and older ones may be read a moment late. */
const NEWEST = 16;

const accepted = ({ operation }: AcceptedDeployment): Reply => acceptedReply(operation);

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments',
    policy: { action: 'deployment.create', scope: 'project' },
    operationId: 'createDeployment',
    summary: 'Deploy, promote or roll back',
    description:
      'Takes the next number; an earlier deployment that is still going on ends as `superseded`. In an environment ' +
      'that asks for approval it waits, with `approval.state` `pending`, and nothing of it starts. The finished ' +
      'operation has `result.number` and `result.url`.',
    tag: 'Deployments',
    body: requestSchema,
    bodyExamples: {
      deploy: { version: '3f2a9c01b7de' },
      promote: { fromEnvironment: 'staging' },
      rollback: { rollbackTo: 2 },
    },
    answers: { 202: acceptedAnswer('Accepted; `number` is that of the deployment') },
    problems: ['environment_not_ready', 'ambiguous_version', 'conflict'],
    handle: async ({ ports, params, body, access, change }) => {
      if (body.fromEnvironment !== undefined) await access.enter(body.fromEnvironment);
      return change(accepted, (caller) => createDeployment(ports, caller, params, toRequest(body)));
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments',
    policy: { action: 'deployment.read', scope: 'project' },
    operationId: 'listDeployments',
    summary: 'List the deployments of a service in an environment',
    tag: 'Deployments',
    query: pageQuery,
    answers: { 200: { summary: 'A page of deployments, newest first', schema: pageOf(deploymentSchema) } },
    handle: async ({ ports, params, query }) => {
      const list = { pk: deploymentsPartition(params), reverse: true, surely: NEWEST };
      const whole = async (): Promise<void> => {
        const { data: environment } = await getEnvironment(ports.store, params);
        pastInstanceOf(environment, params.service);
      };
      return listReply<Deployment>(ports.store, list, query, ({ data }) => deploymentView(data), whole);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}',
    policy: { action: 'deployment.read', scope: 'project' },
    operationId: 'getDeployment',
    summary: 'Read a deployment with its workload',
    tag: 'Deployments',
    answers: { 200: { summary: 'The deployment', schema: deploymentDetailSchema, etag: true } },
    handle: async ({ ports, params }) => {
      const item = await getDeploymentDetail(ports.store, params, Number(params.number));
      return { status: 200, body: deploymentDetail(item.data), etag: etagOf(item) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/cancel',
    policy: { action: 'deployment.cancel', scope: 'project' },
    operationId: 'cancelDeployment',
    summary: 'Cancel a deployment',
    description: 'What served before goes on serving.',
    tag: 'Deployments',
    answers: { 202: acceptedAnswer('Its operation, asked to stop') },
    problems: ['operation_ended', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(acceptedReply, async (caller) => {
        const { data } = await getDeployment(ports.store, params, Number(params.number));
        return cancelOperation(ports, caller, data.operation);
      }),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/approve',
    policy: { action: 'deployment.approve', scope: 'project' },
    operationId: 'approveDeployment',
    summary: 'Approve a deployment that waits for it',
    description: 'It starts. Who asked for it can not approve it, and neither can a token.',
    tag: 'Deployments',
    answers: { 202: acceptedAnswer('Its operation, which starts') },
    problems: ['operation_ended', 'superseded', 'environment_not_ready', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(acceptedReply, (caller) =>
        approveDeployment(ports, caller, { ...params, number: Number(params.number) }),
      ),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/reject',
    policy: { action: 'deployment.approve', scope: 'project' },
    operationId: 'rejectDeployment',
    summary: 'Reject a deployment that waits for approval',
    tag: 'Deployments',
    body: z.strictObject({
      reason: lineSchema(200).optional().meta({ description: 'Why.', example: 'Not on a Friday' }),
    }),
    bodyExamples: { friday: { reason: 'Not on a Friday' } },
    answers: { 202: acceptedAnswer('Its operation, which has ended') },
    problems: ['operation_ended', 'conflict'],
    handle: ({ ports, params, body, change }) =>
      change(acceptedReply, (caller) =>
        rejectDeployment(ports, caller, { ...params, number: Number(params.number) }, body.reason),
      ),
  }),
];
