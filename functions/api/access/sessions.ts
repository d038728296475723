/** The sessions of browsers that a person has, and their end. */
import * as z from 'zod';
import { endSession, endSessions, sessionEnd } from '../../commands/access/sessions.ts';
import { PERSON_PATTERN } from '../../core/authorization/principal.ts';
import { sessionOwner, sessionsPartition } from '../../core/keys.ts';
import type { Session } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, timeSchema } from '../http/schemas.ts';
import { sessionOf } from '../identity/session-cookies.ts';

const sessionSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    current: z.boolean().meta({ description: 'The one that asks.' }),
    userAgent: z.string().optional(),
    createdAt: timeSchema,
    seenAt: timeSchema,
    expiresAt: timeSchema.meta({
      description: 'When it ends unless it is used; see `GET /v1/me` for your own.',
    }),
  })
  .meta({ id: 'Session' });

const view = (session: Session, current: string | undefined): z.infer<typeof sessionSchema> =>
  compact({
    id: session.id,
    current: session.id === current,
    userAgent: session.userAgent,
    createdAt: session.createdAt,
    seenAt: session.seenAt,
    expiresAt: new Date(sessionEnd(session)).toISOString(),
  });

const tag = 'Sign-in';

export const routes = [
  route({
    method: 'get',
    path: '/v1/sessions',
    policy: { action: 'session.read', scope: 'platform' },
    operationId: 'listSessions',
    summary: 'List your sessions',
    tag,
    query: pageQuery,
    answers: { 200: { summary: 'A page of sessions', schema: pageOf(sessionSchema) } },
    handle: async ({ ports, principal, identity, request, query }) => {
      const mine = await sessionOf(ports, identity, request);
      const list = { pk: sessionsPartition(sessionOwner(principal.id)) };
      return listReply<Session>(ports.store, list, query, ({ data }) => view(data, mine?.session.id));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/sessions/{session}',
    policy: { action: 'session.end', scope: 'platform' },
    operationId: 'endSession',
    summary: 'End one of your sessions',
    tag,
    answers: { 204: { summary: 'It has ended, or had before' } },
    handle: ({ ports, principal, params, change }) =>
      change(noContent, (caller) => endSession(ports, caller, principal.id, params.session)),
  }),
  route({
    method: 'delete',
    path: '/v1/sessions',
    policy: { action: 'session.end', scope: 'platform' },
    operationId: 'endSessions',
    summary: 'End all of your sessions, or all of somebody’s',
    description:
      'Those of others only the platform team can end: when somebody leaves, or has lost a device.',
    tag,
    query: z.strictObject({
      principal: z
        .string()
        .regex(PERSON_PATTERN, 'must be the id of a person: "user:" and their subject')
        .optional()
        .meta({ description: 'Yourself by default.', example: 'user:248289761001' }),
    }),
    answers: { 204: { summary: 'They have ended, their streams within 15 seconds' } },
    problems: ['forbidden'],
    handle: async ({ ports, principal, from, query }) => {
      const whose = query.principal ?? principal.id;
      if (whose !== principal.id && !principal.administrator) {
        throw new Problem('forbidden', 'You may not end the sessions of somebody else.', {
          hint: 'Ask the platform team, who run this installation of Berth.',
        });
      }
      await endSessions(ports, { actor: principal.id, from }, whose);
      return noContent();
    },
  }),
];
