/** Types of events: log drains, whose addresses are told by their origin alone, and whose headers by their names. */
import * as z from 'zod';
import { changesData, type EventDeclarations } from '../events/event-declaration.ts';

const origin = z.string().describe('Of its URL; the rest of it may be a secret.');
const idData = { id: z.string().describe('Of the log drain.') };

export const drainEvents = {
  'drain.created': {
    data: z.object({
      ...idData,
      origin,
      format: z.string(),
      filter: z
        .object({
          environments: z.array(z.string()).optional(),
          services: z.array(z.string()).optional(),
          search: z.string().optional(),
        })
        .optional()
        .describe('Which lines are sent; all where absent.'),
      operations: z.literal(true).optional().describe('The output of operations is sent too.'),
      headers: z.array(z.string()).optional().describe('Names of headers of its own.'),
      description: z.string().optional(),
    }),
    words: 'Log drain created',
  },
  'drain.changed': {
    data: z.object({
      ...idData,
      ...changesData,
      urlChanged: z.literal(true).optional().describe('Its URL is another one.'),
      headersChanged: z.literal(true).optional().describe('Values of its headers are others.'),
    }),
    words: 'Log drain changed',
  },
  'drain.deleted': { data: z.object({ ...idData, origin }), words: 'Log drain deleted' },
  'drain.paused': {
    data: z.object({ ...idData, origin, reason: z.string() }),
    words: 'Log drain paused by Berth: {reason}',
    tone: 'bad',
  },
  'drain.tested': {
    data: z.object({
      ...idData,
      delivered: z.boolean(),
      status: z.int().optional(),
      reason: z.string().optional(),
    }),
    words: 'Log drain tested',
  },
} as const satisfies EventDeclarations;
