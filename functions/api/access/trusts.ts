/** Routes of the rules by which a project trusts pipelines. */
import * as z from 'zod';
import { refuseAbove } from '../../commands/access/members.ts';
import { createTrust, deleteTrust } from '../../commands/access/trusts.ts';
import { isAtLeast } from '../../core/authorization/roles.ts';
import { SUBJECT_MAX, subjectFault } from '../../core/authorization/trust.ts';
import { trustsPartition } from '../../core/keys.ts';
import type { Trust } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';
import { granter, roleSchema } from './members.ts';

const fields = {
  issuer: z.string().max(500).meta({
    description: 'As it stands in `iss`: an https URL.',
    example: 'https://token.actions.githubusercontent.com',
  }),
  audience: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without blanks')
    .meta({ description: 'As it stands in `aud`, exactly.', example: 'https://berth.example.com' }),
  subjects: z
    .array(z.string().min(1).max(SUBJECT_MAX))
    .min(1)
    .max(10)
    .meta({
      description:
        'Exact, or with `*` inside a part behind the repository; see docs/how-to/ci-federation.md.',
      example: ['repo:octo/guestbook:ref:refs/heads/main'],
    }),
  repositoryId: z
    .string()
    .regex(/^[0-9]{1,20}$/, 'must be a number')
    .optional()
    .meta({
      description: 'The repository by its number: a name may be given away, a number is not.',
      example: '123456',
    }),
  pullRequests: z
    .strictObject({ reason: lineSchema(200) })
    .optional()
    .meta({
      description: 'Lets in runs for pull requests, whose code anyone may have written, and says why.',
    }),
  role: roleSchema.meta({ description: 'What the pipeline may do; `maintainer` at most.' }),
  environments: z
    .array(nameSchema)
    .min(1)
    .max(20)
    .optional()
    .meta({
      description: 'The only environments that it is good for; all by default.',
      example: ['staging'],
    }),
};

const trustSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    ...fields,
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Trust' });

const bodySchema = z.strictObject(fields);

const view = ({ data }: Item<Trust>): z.infer<typeof trustSchema> => compact({ ...data });

const created = (item: Item<Trust>): Reply => ({
  status: 201,
  body: view(item),
  location: `/v1/projects/${item.data.project}/trusts/${item.data.id}`,
});

/** @throws Problem invalid_request for a rule that pipelines other than the intended ones could meet */
function check(body: z.output<typeof bodySchema>, accepts: (issuer: string) => boolean): void {
  const errors = body.subjects.flatMap((pattern, at) => {
    const message = subjectFault(pattern, body.pullRequests !== undefined);
    return message === undefined ? [] : [{ path: `body.subjects[${at}]`, message }];
  });
  if (!accepts(body.issuer)) {
    errors.push({ path: 'body.issuer', message: 'must be an https URL as it stands in the tokens' });
  }
  if (isAtLeast(body.role, 'administrator')) {
    errors.push({ path: 'body.role', message: 'must be maintainer or less' });
  }
  if (body.pullRequests && (isAtLeast(body.role, 'maintainer') || !body.environments)) {
    errors.push({
      path: 'body.pullRequests',
      message: 'takes the role developer or viewer, and "environments"',
    });
  }
  if (errors.length > 0) throw invalidRequest(errors);
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/trusts',
    policy: { action: 'trust.write', scope: 'project' },
    operationId: 'createTrust',
    summary: 'Trust pipelines of another system',
    description:
      'Their own OpenID Connect tokens are then exchanged for tokens of Berth, for 15 minutes. Nobody gives more ' +
      'than they have.',
    tag: 'Tokens',
    body: bodySchema,
    bodyExamples: {
      github: {
        issuer: 'https://token.actions.githubusercontent.com',
        audience: 'https://berth.example.com',
        subjects: ['repo:octo/guestbook:ref:refs/heads/main'],
        role: 'developer',
      },
    },
    answers: { 201: { summary: 'Created', schema: trustSchema, location: true } },
    handle: ({ ports, principal, params, body, access, federation, change }) => {
      check(body, federation.accepts);
      refuseAbove(granter({ actor: principal.id }, access), { role: body.role }, body.environments);
      return change(created, (caller) =>
        createTrust(ports, caller, compact({ project: params.project, ...body })),
      );
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/trusts',
    policy: { action: 'trust.read', scope: 'project' },
    operationId: 'listTrusts',
    summary: 'List which pipelines a project trusts',
    tag: 'Tokens',
    query: pageQuery,
    answers: { 200: { summary: 'A page of rules, oldest first', schema: pageOf(trustSchema) } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      return listReply<Trust>(ports.store, { pk: trustsPartition(params.project) }, query, view);
    },
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/trusts/{trust}',
    policy: { action: 'trust.write', scope: 'project' },
    operationId: 'deleteTrust',
    summary: 'Trust a pipeline no longer',
    description: 'Tokens that were given by the rule end at once.',
    tag: 'Tokens',
    answers: { 204: { summary: 'Deleted' } },
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => deleteTrust(ports, caller, params.project, params.trust)),
  }),
];
