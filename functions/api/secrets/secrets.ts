/** Routes of the secrets of an environment: names and versions, and no value. */
import * as z from 'zod';
import { deleteSecret, putSecret } from '../../commands/secrets/secrets.ts';
import { readersOf } from '../../commands/variables/variable-readers.ts';
import { environmentPartition, SECRET_PREFIX } from '../../core/keys.ts';
import type { SecretRecord } from '../../core/model/index.ts';
import { secretKeepers, sourceFault } from '../../core/secrets/secret-source.ts';
import { SECRET_VALUE_MAX_BYTES } from '../../ports/rules/secret-checks.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getEnvironment } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, membersOf, timeSchema } from '../http/schemas.ts';
import { readBySchema, readersParam } from '../variables/readers-param.ts';

export const sourceSchema = z
  .strictObject({
    from: z.enum(secretKeepers),
    entry: z.string().max(800).meta({
      description:
        'The whole ARN of a secret of AWS Secrets Manager; of Vault, mount and path: `secret/shop/db`.',
      example: 'secret/shop/db',
    }),
    key: z.string().min(1).max(256).optional().meta({
      description:
        "A member of the entry's JSON object. Vault needs one; of AWS the whole text is taken without it.",
      example: 'password',
    }),
    version: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a version of where it is kept')
      .optional()
      .meta({ description: 'What every deployment takes; the newest at that time without it.' }),
  })
  .meta({ id: 'SecretSource', description: 'Where a secret is that is kept elsewhere.' });

const versionSchema = z.object({
  version: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
  stage: z.enum(['pending', 'current', 'previous', 'retired', 'revoked']),
  createdAt: timeSchema,
  createdBy: z.string().meta({ example: 'user:ada' }),
  source: sourceSchema.optional(),
});

export const secretSchema = z
  .object({
    name: z.string().meta({ example: 'API_KEY' }),
    version: z.string().meta({ description: 'The current one.', example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    versions: z.array(versionSchema).meta({ description: 'The newest twenty, the newest first.' }),
    source: sourceSchema.optional(),
    readBy: readBySchema,
    rotation: z.string().optional().meta({ description: 'The operation that rotates it now.' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Secret', description: 'Name and version of a secret. Its value is never shown.' });

export const secretView = ({ data }: Item<SecretRecord>) => {
  const source = data.versions.find(({ version }) => version === data.version)?.source;
  return membersOf(secretSchema, { ...data, source });
};

export const refOf = (params: { project: string; environment: string; secret: string }) => ({
  project: params.project,
  environment: params.environment,
  name: params.secret,
});

const put = (item: Item<SecretRecord>): Reply => {
  const { project, environment, name } = item.data;
  const reply = { body: secretView(item), etag: etagOf(item) };
  if (item.version > 1) return { ...reply, status: 200 };
  return {
    ...reply,
    status: 201,
    location: `/v1/projects/${project}/environments/${environment}/secrets/${name}`,
  };
};

// A value becomes an environment variable, so it can not hold NUL; half a surrogate pair has no bytes in UTF-8.
export const secretValue = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be text without NUL')
  .refine((text) => Buffer.byteLength(text) <= SECRET_VALUE_MAX_BYTES, 'must be at most 64 KiB long')
  .meta({
    description: 'Up to 64 KiB of text; it may be empty.',
    format: 'password',
    example: 'correct horse',
  });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/secrets',
    policy: { action: 'secret.read', scope: 'project' },
    operationId: 'listSecrets',
    summary: 'List the secrets of an environment by name and version',
    tag: 'Environments',
    query: pageQuery.extend({ readers: readersParam }),
    answers: { 200: { summary: 'A page of secrets, by name', schema: pageOf(secretSchema) } },
    handle: async ({ ports, params, query: { readers: isAsked, ...query } }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      const readers = isAsked ? await readersOf(ports, environment) : undefined;
      const list = { pk: environmentPartition(params), prefix: SECRET_PREFIX };
      return listReply<SecretRecord>(ports.store, list, query, (item) => ({
        ...secretView(item),
        ...(readers && { readBy: readers.get(item.data.name) ?? [] }),
      }));
    },
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/environments/{environment}/secrets/{secret}',
    policy: { action: 'secret.write', scope: 'project' },
    operationId: 'putSecret',
    summary: 'Set a secret',
    description:
      'Adds a version. A workload reads it as ${resources.<name>.<SECRET>} of a resource of type `environment`, ' +
      'from its next deployment on; one without a Score file, or with `berth.dev/variables: all`, has all of them by ' +
      'their names. What runs keeps the version that it was deployed with. In place of a value it may say ' +
      'where one is kept elsewhere: it is read there at each deployment, which pins the version that it found.',
    tag: 'Environments',
    body: z
      .strictObject({ value: secretValue.optional(), source: sourceSchema.optional() })
      .refine(
        ({ value, source }) => (value === undefined) !== (source === undefined),
        'must have either a value or a source',
      )
      .superRefine(({ source }, context) => {
        const fault = source && sourceFault(compact(source));
        if (fault !== undefined) context.addIssue({ code: 'custom', path: ['source'], message: fault });
      }),
    bodyExamples: {
      secret: { value: 'correct horse battery staple' },
      'kept in Vault': { source: { from: 'vault', entry: 'secret/shop/db', key: 'password' } },
    },
    conditional: true,
    answers: {
      200: { summary: 'It has a new version', schema: secretSchema, etag: true },
      201: { summary: 'Created', schema: secretSchema, location: true, etag: true },
    },
    problems: ['environment_not_ready', 'conflict', 'secret_source_forbidden', 'secret_unavailable'],
    handle: ({ ports, params, body, precondition, change }) => {
      const input = body.source ? { source: compact(body.source) } : { value: body.value ?? '' };
      return change(put, (caller) => putSecret(ports, caller, refOf(params), { ...input, ...precondition }));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/environments/{environment}/secrets/{secret}',
    policy: { action: 'secret.delete', scope: 'project' },
    operationId: 'deleteSecret',
    summary: 'Delete a secret with all its versions',
    description:
      'Refused as long as a workload that is deployed there names it. One that takes all runs on as it is, and does without ' +
      'it from its next start on. A deployment or rollback that names it fails from now on.',
    tag: 'Environments',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['conflict', 'operation_in_progress', 'environment_not_ready'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteSecret(ports, caller, refOf(params), precondition)),
  }),
];
