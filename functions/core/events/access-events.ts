/** Types of events: access that was given, ended or refused. */
import * as z from 'zod';
import { roles } from '../authorization/roles.ts';
import type { EventDeclarations } from './event-declaration.ts';

const role = z.enum(roles);
const grants = {
  role,
  environments: z.record(z.string(), role).optional().describe('Roles that differ, by environment.'),
};
const principal = z.string().describe('Id of the principal.');
const before = z.object(grants).describe('What the member had before.');
const session = z.string().describe('Id of the session.');
const token = z.string().describe('Id of the token.');
/** The environments that a token or a pipeline is limited to. */
const environments = z.array(z.string()).optional().describe('All where absent.');

export const accessEvents = {
  'access.ended': {
    data: z.object({ principal }),
    words: 'All sessions and tokens of a person ended',
  },
  'access.refused': {
    data: z.object({
      action: z.string().describe('As in the reference of roles.'),
      unrecorded: z.int().optional().describe('Other attempts of the same principal since the event before.'),
    }),
    words: 'An attempt was refused: {action}',
  },

  'member.added': { data: z.object({ principal, ...grants }), words: 'Member added' },
  'member.changed': {
    data: z.object({ principal, ...grants, before }),
    words: 'Member changed',
  },
  'member.removed': {
    data: z.object({ principal, before }),
    words: 'Member removed',
  },

  'session.started': { data: z.object({ session }), words: 'Session started' },
  'session.ended': {
    data: z.object({ session, principal }),
    words: 'Session ended',
  },

  'token.created': {
    data: z.object({
      token,
      name: z.string(),
      kind: z.enum(['personal', 'project', 'exchanged']),
      role,
      environments,
      signIn: z.boolean().optional(),
      expiresAt: z.string(),
    }),
    words: 'Token created',
  },
  'token.revoked': {
    data: z.object({ token, name: z.string().optional() }),
    words: 'Token revoked',
  },
  'token.exchanged': {
    data: z.object({
      trust: z.string().describe('Id of the rule that let it in.'),
      issuer: z.string(),
      subject: z.string(),
      role,
      token,
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
      environments,
    }),
    words: 'Trust created',
  },
  'trust.deleted': {
    data: z.object({ id: z.string(), issuer: z.string(), subjects: z.array(z.string()) }),
    words: 'Trust deleted',
  },
} as const satisfies EventDeclarations;
