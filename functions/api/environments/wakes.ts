/** The route by which the activator of a cluster asks for an environment to be woken: all that its identity may do. */
import * as z from 'zod';
import { wakeOnRequest } from '../../commands/environments/wake-on-request.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';

const askedSchema = z
  .object({
    state: z.enum(['waking', 'awake', 'stopped', 'absent', 'expired']).meta({
      description:
        '`absent`: nothing that could be woken. `stopped`: people stopped the service, and it stays so. `expired`: requests do not wake it now, since its time is over, or since they have woken it outside of its office hours as often as they may.',
    }),
    error: z
      .object({ code: z.string(), cause: z.string(), hint: z.string() })
      .optional()
      .meta({ description: 'Why not all came back when it was last woken, or why it is not woken.' }),
  })
  .meta({ id: 'Wake' });

const TOKEN = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** @throws Problem unauthenticated */
async function authenticate({ wakers }: Ports, authorization: string | null): Promise<void> {
  const [, token] = TOKEN.exec(authorization ?? '') ?? [];
  if (wakers && token !== undefined && token.length <= limits.wakeToken.value && (await wakers.knows(token)))
    return;
  throw new Problem('unauthenticated', 'The token is none of the activator of a cluster.', {
    hint: 'People and pipelines wake an environment with POST /v1/projects/{project}/environments/{environment}/wake.',
  });
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/wakes',
    policy: { action: 'wake.ask', scope: 'public' },
    operationId: 'askForWake',
    summary: 'Wake an environment because a request came for a service in it',
    description:
      "For the activator of a cluster, which holds requests for sleeping environments. Its token is its service account's, " +
      'made for this audience, and takes it nowhere else. Asking again while the environment wakes changes nothing.',
    tag: 'Environments',
    body: z.strictObject({ project: nameSchema, environment: nameSchema, service: nameSchema }),
    bodyExamples: { web: { project: 'demo', environment: 'dev', service: 'web' } },
    answers: { 200: { summary: 'What is to become of the request', schema: askedSchema } },
    problems: ['unauthenticated', 'too_many_requests'],
    handle: async ({ ports, request, body }) => {
      await authenticate(ports, request.headers.get('authorization'));
      return { status: 200, body: await wakeOnRequest(ports, body) };
    },
  }),
];
