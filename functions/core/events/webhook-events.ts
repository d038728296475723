/** Types of events: webhooks, whose addresses are told by their origin alone. */
import * as z from 'zod';
import { changesData, type EventDeclarations } from './event-declaration.ts';

const origin = z.string().describe('Of its URL; the rest of it may be a secret.');
const idData = { id: z.string().describe('Of the webhook.') };

export const webhookEvents = {
  'webhook.created': {
    data: z.object({
      ...idData,
      origin,
      types: z.array(z.string()).optional(),
      format: z.string().optional().describe('The form that messages have; the signed one where absent.'),
      description: z.string().optional(),
      enabled: z.boolean(),
    }),
    words: 'Webhook created',
  },
  'webhook.changed': {
    data: z.object({
      ...idData,
      ...changesData,
      urlChanged: z.literal(true).optional().describe('Its URL is another one.'),
    }),
    words: 'Webhook changed',
  },
  'webhook.deleted': { data: z.object({ ...idData, origin }), words: 'Webhook deleted' },
  'webhook.secret-rotated': {
    data: z.object({
      ...idData,
      previousUntil: z.string().describe('Until then the secret before signs too.'),
    }),
    words: 'Webhook secret rotated',
  },
  'webhook.disabled': {
    data: z.object({ ...idData, origin, reason: z.string() }),
    words: 'Webhook disabled',
  },
  'webhook.tested': {
    data: z.object({
      ...idData,
      delivered: z.boolean(),
      status: z.int().optional(),
      reason: z.string().optional(),
    }),
    words: 'Webhook tested',
  },
} as const satisfies EventDeclarations;
