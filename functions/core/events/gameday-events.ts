/** Types of events: game days. */
import * as z from 'zod';
import { type EventDeclarations, failureData } from './event-declaration.ts';

export const gameDayEvents = {
  'gameday.started': {
    data: z.object({
      faults: z.array(z.string()).describe('What is made to fail, and of which service: `kill web`.'),
      endsAt: z.string().describe('After this time nothing is made to fail any more.'),
    }),
    words: 'A game day begins in {environment}',
  },
  'gameday.ended': {
    data: z.object({
      stoppedEarly: z.boolean().describe('Too many requests failed.'),
      requests: z.int().describe('While things were made to fail, all services together.'),
      errors: z.int().describe('Those of them that were answered with a status of 500 or more.'),
    }),
    words: 'The game day in {environment} is over: {errors} of {requests} requests failed',
  },
  'gameday.failed': {
    data: z.object(failureData),
    words: 'The game day in {environment} was broken off',
  },
} as const satisfies EventDeclarations;
