/** Routes of the policies of projects and of the platform, and of their dry runs. */
import * as z from 'zod';
import {
  deletePolicy,
  getPolicy,
  type NewPolicy,
  type PolicyOwner,
  putPolicy,
  readPolicies,
} from '../../commands/guardrails/policies.ts';
import { dryRunPolicy } from '../../commands/guardrails/policy-dry-run.ts';
import type { Policy } from '../../core/guardrails/policy-types.ts';
import type { Reply } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { noContent } from '../http/respond.ts';
import { type Call, route } from '../http/route-spec.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';
import { policyBody, policySchema, violationSchema } from './policy-schemas.ts';

const listSchema = z.object({ items: z.array(policySchema) });

const dryRunSchema = z
  .object({
    considered: z.int().meta({ description: 'Deployments that were judged.', example: 42 }),
    refused: z.array(
      z.object({
        project: nameSchema,
        environment: nameSchema,
        service: nameSchema,
        number: z.int(),
        version: z.string(),
        at: timeSchema,
        by: z.string().meta({ example: 'user:ada' }),
        violation: violationSchema,
      }),
    ),
    truncated: z.boolean().meta({ description: 'There were more than are judged at once; the newest were.' }),
  })
  .meta({ id: 'PolicyDryRun' });

const examples = {
  'signed images in production': {
    environments: ['production'],
    rule: {
      kind: 'branches' as const,
      branches: ['main', 'release/*'],
    },
  },
  'no deployments at the weekend': {
    description: 'Nobody is there to look.',
    environments: ['production'],
    rule: {
      kind: 'freeze' as const,
      windows: [
        { days: ['sat' as const, 'sun' as const], start: '00:00', end: '24:00', timeZone: 'Europe/Berlin' },
      ],
    },
  },
};

const view = (policy: Policy): z.infer<typeof policySchema> =>
  compact({ ...policy }) as z.infer<typeof policySchema>;

const newPolicy = (name: string, body: z.output<typeof policyBody>): NewPolicy =>
  ({ name, ...compact(body), rollbacks: body.rollbacks ?? false }) as NewPolicy;

async function list(ports: Call['ports'], owner: PolicyOwner): Promise<Reply> {
  const set = await readPolicies(ports.store, owner);
  return { status: 200, body: { items: (set?.data.policies ?? []).map(view) } };
}

const read = async (ports: Call['ports'], owner: PolicyOwner, name: string): Promise<Reply> => ({
  status: 200,
  body: view(await getPolicy(ports.store, owner, name)),
});

const put = (
  { ports, change }: Pick<Call, 'ports' | 'change'>,
  owner: PolicyOwner,
  input: NewPolicy,
  path: string,
): Promise<Reply> =>
  change(
    ({ policy, created }: { policy: Policy; created: boolean }) => ({
      status: created ? 201 : 200,
      body: view(policy),
      ...(created && { location: `${path}/${input.name}` }),
    }),
    (caller) => putPolicy(ports, caller, owner, input),
  );

const remove = ({ ports, change }: Pick<Call, 'ports' | 'change'>, owner: PolicyOwner, name: string) =>
  change(noContent, (caller) => deletePolicy(ports, caller, owner, name));

async function dryRun(
  ports: Call['ports'],
  owner: PolicyOwner,
  body: z.output<typeof policyBody>,
): Promise<Reply> {
  if (owner.project !== undefined) await getProject(ports.store, owner.project);
  const now = new Date(ports.effects.now()).toISOString();
  const policy: Policy = { ...newPolicy('dry-run', body), updatedAt: now, updatedBy: 'dry-run' };
  return { status: 200, body: await dryRunPolicy(ports, owner, policy) };
}

const answers = {
  put: {
    200: { summary: 'As it is now', schema: policySchema },
    201: { summary: 'Added', schema: policySchema, location: true },
  },
  dryRun: { 200: { summary: 'What it would have refused', schema: dryRunSchema } },
};
const DRY_RUN =
  'Judges the deployments of the last 30 days whose records are there, 500 at most. Scans and signatures are as they are now.';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/policies',
    policy: { action: 'policy.read', scope: 'project' },
    operationId: 'listPolicies',
    summary: "List a project's policies",
    tag: 'Policies',
    answers: { 200: { summary: 'All of them', schema: listSchema } },
    handle: ({ ports, params }) => list(ports, params),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/policies/{policy}',
    policy: { action: 'policy.read', scope: 'project' },
    operationId: 'getPolicy',
    summary: "Read one of a project's policies",
    tag: 'Policies',
    answers: { 200: { summary: 'The policy', schema: policySchema } },
    handle: ({ ports, params }) => read(ports, params, params.policy),
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/policies/{policy}',
    policy: { action: 'policy.write', scope: 'project' },
    operationId: 'putPolicy',
    summary: 'Add a policy to a project, or change it',
    description: 'It holds from the next deployment on, and for those that wait to start.',
    tag: 'Policies',
    body: policyBody,
    bodyExamples: examples,
    answers: answers.put,
    handle: ({ ports, params, body, change }) =>
      put(
        { ports, change },
        params,
        newPolicy(params.policy, body),
        `/v1/projects/${params.project}/policies`,
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/policies/{policy}',
    policy: { action: 'policy.write', scope: 'project' },
    operationId: 'deletePolicy',
    summary: "Delete one of a project's policies",
    tag: 'Policies',
    answers: { 204: { summary: 'Deleted' } },
    handle: ({ ports, params, change }) => remove({ ports, change }, params, params.policy),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/policy-dry-runs',
    policy: { action: 'policy.read', scope: 'project' },
    operationId: 'dryRunPolicy',
    summary: 'See what a policy would have refused',
    description: DRY_RUN,
    tag: 'Policies',
    body: policyBody,
    bodyExamples: examples,
    answers: answers.dryRun,
    handle: ({ ports, params, body }) => dryRun(ports, params, body),
  }),
  route({
    method: 'get',
    path: '/v1/policies',
    policy: { action: 'policy.list', scope: 'platform' },
    operationId: 'listPlatformPolicies',
    summary: 'List the policies of the platform, which hold in every project',
    tag: 'Policies',
    answers: { 200: { summary: 'All of them', schema: listSchema } },
    handle: ({ ports }) => list(ports, {}),
  }),
  route({
    method: 'put',
    path: '/v1/policies/{policy}',
    policy: { action: 'policy.govern', scope: 'platform' },
    operationId: 'putPlatformPolicy',
    summary: 'Add a policy for every project, or change it',
    tag: 'Policies',
    body: policyBody,
    bodyExamples: examples,
    answers: answers.put,
    handle: ({ ports, params, body, change }) =>
      put({ ports, change }, {}, newPolicy(params.policy, body), '/v1/policies'),
  }),
  route({
    method: 'delete',
    path: '/v1/policies/{policy}',
    policy: { action: 'policy.govern', scope: 'platform' },
    operationId: 'deletePlatformPolicy',
    summary: 'Delete a policy of the platform',
    tag: 'Policies',
    answers: { 204: { summary: 'Deleted' } },
    problems: ['not_found'],
    handle: ({ ports, params, change }) => remove({ ports, change }, {}, params.policy),
  }),
  route({
    method: 'post',
    path: '/v1/policy-dry-runs',
    policy: { action: 'policy.govern', scope: 'platform' },
    operationId: 'dryRunPlatformPolicy',
    summary: 'See what a policy for every project would have refused',
    description: DRY_RUN,
    tag: 'Policies',
    body: policyBody,
    bodyExamples: examples,
    answers: answers.dryRun,
    handle: ({ ports, body }) => dryRun(ports, {}, body),
  }),
];
