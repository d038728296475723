import { z } from '@hono/zod-openapi';
import { route } from './route.ts';

const meSchema = z
  .object({
    id: z.string().openapi({ example: 'administrator' }),
    administrator: z.boolean(),
  })
  .openapi('Principal');

export const meRoutes = [
  route({
    method: 'get',
    path: '/v1/me',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'getMe',
    summary: 'Read who you are',
    tag: 'Platform',
    answers: { 200: { summary: 'Whom the token belongs to', schema: meSchema } },
    handle: async ({ principal: { id, administrator } }) => ({ status: 200, body: { id, administrator } }),
  }),
];
