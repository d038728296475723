/** Types of events: who is let in, and who was not. */
import * as z from 'zod';
import { roles } from '../authorization/roles.ts';
import type { EventDeclarations } from './event-declaration.ts';

const role = z.enum(roles);
const grants = { role, environments: z.record(z.string(), role).optional() };

export const accessEvents = {
  'access.refused': {
    data: z.object({
      action: z.string(),
      /** Attempts of the same principal since the event before. */
      unrecorded: z.int().optional(),
    }),
    words: 'An attempt was refused: {action}',
  },

  'member.added': { data: z.object({ principal: z.string(), ...grants }), words: 'Member added' },
  'member.changed': {
    data: z.object({ principal: z.string(), ...grants, before: z.object(grants) }),
    words: 'Member changed',
  },
  'member.removed': {
    data: z.object({ principal: z.string(), before: z.object(grants) }),
    words: 'Member removed',
  },

  'session.started': { data: z.object({ session: z.string() }), words: 'Session started' },
  'session.ended': {
    data: z.object({ session: z.string(), principal: z.string() }),
    words: 'Session ended',
  },

  'token.created': {
    data: z.object({
      token: z.string(),
      name: z.string(),
      kind: z.enum(['personal', 'project', 'exchanged']),
      role,
      environments: z.array(z.string()).optional(),
      expiresAt: z.string(),
    }),
    words: 'Token created',
  },
  'token.revoked': {
    data: z.object({ token: z.string(), name: z.string().optional() }),
    words: 'Token revoked',
  },
  'token.exchanged': {
    data: z.object({
      trust: z.string(),
      issuer: z.string(),
      subject: z.string(),
      role,
      token: z.string(),
    }),
    words: 'Token exchanged',
  },

  'trust.created': {
    data: z.object({
      id: z.string(),
      issuer: z.string(),
      audience: z.string(),
      subjects: z.array(z.string()),
      repositoryId: z.string().optional(),
      pullRequests: z.object({ reason: z.string() }).optional(),
      role,
      environments: z.array(z.string()).optional(),
    }),
    words: 'Trust created',
  },
  'trust.deleted': {
    data: z.object({ id: z.string(), issuer: z.string(), subjects: z.array(z.string()) }),
    words: 'Trust deleted',
  },
} as const satisfies EventDeclarations;
