/** The route that writes what serves as plain Kubernetes manifests. */
import * as z from 'zod';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';

const manifestsSchema = z
  .object({
    namespace: z.string().meta({ example: 'demo-production' }),
    deployments: z
      .array(z.object({ service: z.string(), number: z.int(), version: z.string() }))
      .meta({ description: 'What serves, and is in the files.' }),
    files: z.array(z.object({ path: z.string(), text: z.string() })).meta({
      description:
        'YAML by paths: `environment.yaml` with the namespace first, then `services/<name>.yaml` for each service.',
    }),
    secrets: z
      .array(
        z.object({
          file: z.string(),
          secret: z.string().meta({ description: 'Name of the Secret.', example: 'web-v3' }),
          key: z.string().meta({ example: 'web.API_KEY' }),
          placeholders: z.array(z.string()).meta({
            description: 'What stands there instead of values.',
            example: ['${resources.env.API_KEY}'],
          }),
        }),
      )
      .meta({ description: 'Where values of secrets have to be written: none is in the files.' }),
    left: z.array(
      z.object({
        kind: z.enum(['image', 'resource', 'way-in', 'command', 'job', 'domain']),
        of: z.string().meta({ description: 'A service, or the uid of a resource.' }),
        what: z.string(),
        todo: z.string().meta({ description: 'What to do about it.' }),
      }),
    ),
  })
  .meta({ id: 'Manifests' });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/manifests',
    policy: { action: 'environment.eject', scope: 'project' },
    operationId: 'getManifests',
    summary: 'Read what serves as plain Kubernetes manifests',
    description:
      'What Berth would declare in a cluster, without what is Berth’s own: it runs where Berth is not. What can not come ' +
      'along is in `left`. Nothing changes here.',
    tag: 'Environments',
    query: z.strictObject({
      service: nameSchema.optional().meta({ description: 'That one alone; all of them by default.' }),
      namespace: z
        .string()
        .max(63)
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace')
        .optional()
        .meta({
          description: 'The namespace in the manifests; of the project and the environment by default.',
        }),
      registry: z
        .string()
        .max(200)
        .regex(
          /^[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/,
          'must be a registry, with a path or without, such as registry.example.com/team',
        )
        .optional()
        .meta({
          description:
            'Where the cluster will pull images from, as `<registry>/<project>/<service>`; needed where no cluster of this Berth pulls any.',
          example: 'registry.example.com/team',
        }),
    }),
    answers: { 200: { summary: 'The files, and what stays here', schema: manifestsSchema } },
    problems: ['conflict', 'not_supported', 'image_unavailable'],
    handle: async ({ ports, params, query }) => {
      // The writer of YAML is loaded when somebody asks.
      const { eject } = await import('../../commands/deployments/eject.ts');
      return { status: 200, body: await eject(ports, params, query) };
    },
  }),
];
