import { z } from '@hono/zod-openapi';
import type { Principal } from '../core/model.ts';
import { roleSchema } from './members.ts';
import { route } from './route.ts';
import { compact } from './schemas.ts';

const meSchema = z
  .object({
    id: z.string().openapi({ example: 'administrator' }),
    kind: z.enum(['user', 'token', 'workflow', 'system']),
    name: z.string().optional().openapi({ example: 'Ada Lovelace' }),
    email: z.string().optional(),
    groups: z.array(z.string()).openapi({ description: 'As the issuer names them.' }),
    administrator: z.boolean().openapi({ description: 'Runs this installation of Berth.' }),
    owner: z.string().optional().openapi({ description: 'The person that a token acts for.' }),
    limits: z
      .object({
        role: roleSchema.optional(),
        project: z.string().optional(),
        environments: z.array(z.string()).optional(),
      })
      .optional()
      .openapi({ description: 'What a token or a pipeline is narrowed to.' }),
  })
  .openapi('Principal');

function view(principal: Principal): z.infer<typeof meSchema> {
  const { id, kind, name, email, groups, administrator, owner, limits } = principal;
  return compact({ id, kind, name, email, groups, administrator, owner, limits });
}

export const meRoutes = [
  route({
    method: 'get',
    path: '/v1/me',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'getMe',
    summary: 'Read who you are',
    tag: 'Platform',
    answers: { 200: { summary: 'Whom the token belongs to', schema: meSchema } },
    handle: async ({ principal }) => ({ status: 200, body: view(principal) }),
  }),
];
