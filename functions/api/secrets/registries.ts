/** Routes of what other registries are signed in to with: hosts and users, and no password. */
import * as z from 'zod';
import { deleteKept, listKept, putKept } from '../../commands/secrets/kept-for-builds.ts';
import {
  type KeptRegistry,
  REGISTRIES_MAX,
  registryCredentials,
} from '../../commands/secrets/registry-credentials.ts';
import { Problem } from '../../core/problem.ts';
import { isRegistryHost, registryHost } from '../../core/source/external-image.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';
import { buildSecretValue } from './build-secrets.ts';

const registrySchema = z
  .object({
    registry: z.string().meta({ description: 'Its host, with its port if it has one.', example: 'ghcr.io' }),
    username: z.string().meta({ example: 'acme-bot' }),
    version: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({
    id: 'RegistryCredential',
    description: 'What a registry is signed in to with. The password is never shown.',
  });

const username = z
  .string()
  .regex(/^[\x21-\x39\x3b-\x7e]{1,256}$/, 'must be 1 to 256 ASCII characters without blanks and colons')
  .meta({ example: 'acme-bot' });

const view = ({ name, ...credential }: { name: string } & KeptRegistry) => ({
  registry: name,
  ...credential,
});

/** Docker Hub is one registry, by whichever of its names. @throws Problem invalid_request */
function nameOf({ project, registry }: { project: string; registry: string }) {
  const name = registryHost(registry);
  if (isRegistryHost(name)) return { project, name };
  throw new Problem('invalid_request', `"${registry}" is the host of no registry.`, {
    hint: 'Name it as images do, such as ghcr.io, docker.io or registry.example.com:5000.',
  });
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/registries',
    policy: { action: 'build-secret.read', scope: 'project' },
    operationId: 'listRegistries',
    summary: 'List the registries that the project has passwords for',
    tag: 'Projects',
    answers: {
      200: {
        summary: 'All of them, by host',
        schema: z.object({ items: z.array(registrySchema) }).meta({ id: 'Registries' }),
      },
    },
    handle: async ({ ports, params }) => {
      const items = await listKept(ports, params.project, registryCredentials);
      return { status: 200, body: { items: items.map(view) } };
    },
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/registries/{registry}',
    policy: { action: 'build-secret.write', scope: 'project' },
    operationId: 'putRegistry',
    summary: 'Set what a registry of others is signed in to with',
    description:
      'For images that the Score files of the project name, and that its Dockerfiles stand on. The password is in no output, ' +
      `error or image. A project has those of up to ${REGISTRIES_MAX} registries.`,
    tag: 'Projects',
    body: z.strictObject({ username, password: buildSecretValue }),
    bodyExamples: { token: { username: 'acme-bot', password: 'ghp_0123456789' } },
    answers: { 200: { summary: 'Set', schema: registrySchema } },
    problems: ['conflict'],
    handle: ({ ports, params, body, change }) =>
      change(
        (credential: { name: string } & KeptRegistry) => ({ status: 200, body: view(credential) }),
        (caller) =>
          putKept(ports, caller, registryCredentials, {
            ...nameOf(params),
            value: body.password,
            more: { username: body.username },
          }),
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/registries/{registry}',
    policy: { action: 'build-secret.write', scope: 'project' },
    operationId: 'deleteRegistry',
    summary: 'Delete what a registry is signed in to with',
    tag: 'Projects',
    answers: { 204: { summary: 'Deleted' } },
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => deleteKept(ports, caller, registryCredentials, nameOf(params))),
  }),
];
