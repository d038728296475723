/** Routes of the secrets that every build of a project sees: names and versions, and no value. */

import * as z from 'zod';
import { BUILD_SECRETS_MAX, buildSecrets, putBuildSecret } from '../../commands/secrets/build-secrets.ts';
import { deleteKept, listKept } from '../../commands/secrets/kept-for-builds.ts';
import { limits } from '../../core/limits.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';
import { secretValue } from './secrets.ts';

const VALUE_MAX_BYTES = limits.buildSecretValue.value;

const buildSecretSchema = z
  .object({
    name: z.string().meta({ example: 'NPM_TOKEN' }),
    version: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({
    id: 'BuildSecret',
    description: 'Name and version of a secret for builds. Its value is never shown.',
  });

export const buildSecretValue = secretValue
  .refine((text) => Buffer.byteLength(text) <= VALUE_MAX_BYTES, 'must be at most 16 KiB long')
  // A shorter one could not be hidden in output without hiding half of every line.
  .refine(
    (text) => text.trim().length >= 8,
    'must have at least 8 characters; what is no secret belongs into the source',
  )
  .meta({ description: '8 characters to 16 KiB of text.', format: 'password', example: 'npm_0123456789' });

const nameOf = ({ project, secret }: { project: string; secret: string }) => ({ project, name: secret });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/build-secrets',
    policy: { action: 'build-secret.read', scope: 'project' },
    operationId: 'listBuildSecrets',
    summary: 'List the secrets for builds by name and version',
    tag: 'Projects',
    answers: {
      200: {
        summary: 'All of them, by name',
        schema: z.object({ items: z.array(buildSecretSchema) }).meta({ id: 'BuildSecrets' }),
      },
    },
    handle: async ({ ports, params }) => {
      const items = await listKept(ports, params.project, buildSecrets);
      return { status: 200, body: { items } };
    },
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/build-secrets/{secret}',
    policy: { action: 'build-secret.write', scope: 'project' },
    operationId: 'putBuildSecret',
    summary: 'Set a secret for builds',
    description:
      'Every build of the project sees it from now on, as a variable of that name or as a secret of `docker build`. It ' +
      `is hidden in output and errors, and in no image. A project has up to ${BUILD_SECRETS_MAX}.`,
    tag: 'Projects',
    body: z.strictObject({ value: buildSecretValue }),
    bodyExamples: { token: { value: 'npm_0123456789' } },
    answers: { 200: { summary: 'Set', schema: buildSecretSchema } },
    problems: ['conflict'],
    handle: ({ ports, params, body, change }) =>
      change(
        (secret) => ({ status: 200, body: secret }),
        (caller) => putBuildSecret(ports, caller, nameOf(params), body.value),
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/build-secrets/{secret}',
    policy: { action: 'build-secret.write', scope: 'project' },
    operationId: 'deleteBuildSecret',
    summary: 'Delete a secret for builds',
    tag: 'Projects',
    answers: { 204: { summary: 'Deleted' } },
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => deleteKept(ports, caller, buildSecrets, nameOf(params))),
  }),
];
