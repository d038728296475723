/** The sessions of browsers that a person has, and their end. */
import * as z from 'zod';
import { endAccess } from '../../commands/access/people.ts';
import { endSession, sessionEnd } from '../../commands/access/sessions.ts';
import { sessionOwner, sessionsPartition } from '../../core/keys.ts';
import type { Session } from '../../core/model/index.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact, timeSchema } from '../http/schemas.ts';
import { sessionOf } from '../identity/session-cookies.ts';
import { otherPerson, whoseQuery } from './whose.ts';

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
    summary: 'List your sessions, or somebody’s',
    tag,
    query: pageQuery.extend(whoseQuery.shape),
    answers: { 200: { summary: 'A page of sessions', schema: pageOf(sessionSchema) } },
    handle: async ({ ports, principal, identity, request, query }) => {
      const mine = await sessionOf(ports, identity, request);
      const list = { pk: sessionsPartition(sessionOwner(otherPerson(principal, query) ?? principal.id)) };
      return listReply<Session>(ports.store, list, query, ({ data }) => view(data, mine?.session.id));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/sessions/{session}',
    policy: { action: 'session.end', scope: 'platform' },
    operationId: 'endSession',
    summary: 'End one of your sessions, or of somebody’s',
    tag,
    query: whoseQuery,
    answers: { 204: { summary: 'It has ended, or had before' } },
    handle: ({ ports, principal, params, query, change }) => {
      const whose = otherPerson(principal, query) ?? principal.id;
      return change(noContent, (caller) => endSession(ports, caller, whose, params.session));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/sessions',
    policy: { action: 'session.end', scope: 'platform' },
    operationId: 'endSessions',
    summary: 'End all that you have, or that somebody has: sessions and tokens',
    description:
      'From the next request on no session, no token that acts for the person, nothing that such a token made, and no ' +
      'token that the identity provider gave them before is good. Tokens of projects stay. For others only the ' +
      'platform team can: when somebody leaves, or has lost a device.',
    tag,
    query: whoseQuery,
    answers: { 204: { summary: 'They have ended, their streams within 15 seconds' } },
    handle: async ({ ports, principal, from, query }) => {
      await endAccess(ports, { actor: principal.id, from }, otherPerson(principal, query) ?? principal.id);
      return noContent();
    },
  }),
];
