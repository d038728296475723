/** Types of events: environments that begin as other ones. */
import * as z from 'zod';
import { type EventDeclarations, failureData } from '../events/event-declaration.ts';

const from = z.string().describe('The environment that was cloned.');

export const cloneEvents = {
  'masking.changed': {
    data: z.object({ resources: z.array(z.string()).describe('Uids of those that have a rule now.') }),
    words: 'Masking of data that are copied changed',
  },
  'clone.started': {
    data: z.object({
      from,
      services: z.array(z.string()).describe('What is to serve in it, in that order.'),
      secrets: z.boolean().describe('Whether secrets come along.'),
      withData: z.boolean().describe('Whether data come along.'),
    }),
    words: 'Environment {environment} begins as {from}',
  },
  'clone.succeeded': {
    data: z.object({ from }),
    words: 'Environment {environment} is as {from} was',
    tone: 'good',
  },
  'clone.failed': {
    data: z.object({ from, ...failureData }),
    words: 'Environment {environment} did not become as {from}',
    tone: 'bad',
  },
} as const satisfies EventDeclarations;
