/** Types of events: projects, their services, and the policies that they and the platform set. */
import * as z from 'zod';
import { changesData, type EventDeclarations } from './event-declaration.ts';

export const projectEvents = {
  'project.created': { words: 'Project created' },
  'project.changed': { data: z.object(changesData), words: 'Project changed' },
  'project.deleted': { words: 'Project deleted' },
  'project.deletion-refused': { words: 'Project deletion refused' },

  'service.created': { words: 'Service {service} created' },
  'service.changed': { data: z.object(changesData), words: 'Service {service} changed' },
  'service.deleted': { words: 'Service {service} deleted' },

  'policy.created': {
    data: z.object({ policy: z.string().describe('Name of the policy.'), ...changesData }),
    words: 'Policy {policy} added',
  },
  'policy.changed': {
    data: z.object({ policy: z.string().describe('Name of the policy.'), ...changesData }),
    words: 'Policy {policy} changed',
  },
  'policy.deleted': {
    data: z.object({ policy: z.string().describe('Name of the policy.') }),
    words: 'Policy {policy} deleted',
  },
} as const satisfies EventDeclarations;
