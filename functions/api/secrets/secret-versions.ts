/** Routes of one secret and its versions: read, rotate, revoke and reveal; and the rotation of credentials of a resource. */
import * as z from 'zod';
import { rotateResource, rotateSecret } from '../../commands/secrets/rotations.ts';
import { getSecret, revealSecret, revokeVersion } from '../../commands/secrets/secret-versions.ts';
import { etagOf } from '../../records/etag.ts';
import { getEnvironment } from '../../records/read.ts';
import { route } from '../http/route-spec.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { refOf, secretSchema, secretValue, secretView } from './secrets.ts';

const SECRET = '/v1/projects/{project}/environments/{environment}/secrets/{secret}';

const accepted = { 202: acceptedAnswer('Accepted') };

export const routes = [
  route({
    method: 'get',
    path: SECRET,
    policy: { action: 'secret.read', scope: 'project' },
    operationId: 'getSecret',
    summary: 'Read the versions of a secret and their stages',
    tag: 'Environments',
    answers: { 200: { summary: 'The secret, without values', schema: secretSchema, etag: true } },
    handle: async ({ ports, params }) => {
      await getEnvironment(ports.store, params);
      const item = await getSecret(ports, refOf(params));
      return { status: 200, body: secretView(item), etag: etagOf(item) };
    },
  }),
  route({
    method: 'post',
    path: `${SECRET}/rotate`,
    policy: { action: 'secret.rotate', scope: 'project' },
    operationId: 'rotateSecret',
    summary: 'Rotate a secret',
    description:
      'Adds a version, deploys again what serves with the old one, and revokes the old one once all of it serves with ' +
      'the new. If one does not, the old version is the current one again. Without a value one of 43 characters is made up.',
    tag: 'Environments',
    body: z.strictObject({ value: secretValue.optional() }),
    bodyExamples: { made: {}, given: { value: 'correct horse battery staple' } },
    answers: accepted,
    problems: ['environment_not_ready', 'operation_in_progress'],
    handle: ({ ports, params, body, change }) =>
      change(acceptedReply, (caller) =>
        rotateSecret(ports, caller, refOf(params), body.value === undefined ? {} : { value: body.value }),
      ),
  }),
  route({
    method: 'post',
    path: `${SECRET}/versions/{secretVersion}/revoke`,
    policy: { action: 'secret.rotate', scope: 'project' },
    operationId: 'revokeSecretVersion',
    summary: 'Revoke a version of a secret',
    description:
      'At once and for good. What runs keeps the value that it was started with, and does not come back with it: the ' +
      'answer names what serves with this version.',
    tag: 'Environments',
    answers: {
      200: {
        summary: 'Revoked',
        schema: z.object({
          version: z.string(),
          usedBy: z.array(z.object({ service: z.string(), deployment: z.int() })),
        }),
      },
    },
    problems: ['operation_in_progress'],
    handle: ({ ports, params, change }) =>
      change(
        (result: Awaited<ReturnType<typeof revokeVersion>>) => ({ status: 200, body: result }),
        (caller) => revokeVersion(ports, caller, refOf(params), params.secretVersion),
      ),
  }),
  route({
    method: 'post',
    path: `${SECRET}/reveal`,
    policy: { action: 'secret.reveal', scope: 'project' },
    operationId: 'revealSecret',
    summary: 'See the value of a secret',
    description: 'The audit trail records who saw which version, before the value is shown.',
    tag: 'Environments',
    body: z.strictObject({
      version: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be a version that the secret lists')
        .optional(),
    }),
    bodyExamples: { current: {} },
    answers: {
      200: {
        summary: 'The value',
        schema: z.object({ name: z.string(), version: z.string(), value: z.string() }),
      },
    },
    // `change` is not used: it would keep the answer, which holds the value.
    handle: async ({ ports, params, body, caller }) => ({
      status: 200,
      body: await revealSecret(ports, caller, refOf(params), body.version),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/resources/rotate',
    policy: { action: 'secret.rotate', scope: 'project' },
    operationId: 'rotateResource',
    summary: "Rotate a database's user and password",
    description:
      'The database has two users that take turns: the one in use stays good until everything that serves uses the other.',
    tag: 'Environments',
    body: z.strictObject({
      uid: z.string().min(1).max(300).meta({ example: 'postgres.default#guestbook.db' }),
    }),
    bodyExamples: { database: { uid: 'postgres.default#guestbook.db' } },
    answers: accepted,
    problems: ['environment_not_ready', 'operation_in_progress', 'conflict'],
    handle: ({ ports, params, body, change }) =>
      change(acceptedReply, (caller) => rotateResource(ports, caller, { ...params, uid: body.uid })),
  }),
];
