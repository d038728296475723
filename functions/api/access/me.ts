/** The route of who asks: the principal, its limits and its session. */
import * as z from 'zod';
import { sessionEnd } from '../../commands/access/sessions.ts';
import type { Principal, Session } from '../../core/model/index.ts';
import { route } from '../http/route-spec.ts';
import { membersOf, timeSchema } from '../http/schemas.ts';
import { sessionOf } from '../identity/session-cookies.ts';
import { roleSchema } from './members.ts';

const meSchema = z
  .object({
    id: z.string().meta({ example: 'administrator' }),
    kind: z.enum(['user', 'token', 'workflow', 'system']),
    name: z.string().optional().meta({ example: 'Ada Lovelace' }),
    email: z.string().optional(),
    groups: z.array(z.string()).meta({ description: 'As the issuer names them.' }),
    administrator: z.boolean().meta({ description: 'Runs this installation of Berth.' }),
    owner: z.string().optional().meta({ description: 'The person that a token acts for.' }),
    limits: z
      .object({
        role: roleSchema.optional(),
        project: z.string().optional(),
        environments: z.array(z.string()).optional(),
        createsTokens: z.boolean().optional(),
        expiresAt: timeSchema.optional(),
      })
      .optional()
      .meta({ description: 'What a token or a pipeline is narrowed to.' }),
    session: z
      .object({
        id: z.string(),
        endsAt: timeSchema.meta({ description: 'If nothing more is asked for.' }),
        expiresAt: timeSchema.meta({ description: 'In any case.' }),
      })
      .optional()
      .meta({ description: 'Of somebody who has signed in with a browser.' }),
  })
  .meta({ id: 'Principal' });

const view = (principal: Principal, session?: Session) =>
  membersOf(meSchema, { ...principal, session: session && sessionView(session) });

const sessionView = (session: Session) => ({
  id: session.id,
  endsAt: new Date(sessionEnd(session)).toISOString(),
  expiresAt: session.expiresAt,
});

export const routes = [
  route({
    method: 'get',
    path: '/v1/me',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'getMe',
    summary: 'Read who you are',
    tag: 'Platform',
    answers: { 200: { summary: 'Whom the token belongs to', schema: meSchema } },
    handle: async ({ ports, principal, identity, request }) => {
      const mine = await sessionOf(ports, identity, request);
      return { status: 200, body: view(principal, mine?.session) };
    },
  }),
];
