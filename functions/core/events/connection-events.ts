/** Types of events: connections of services to repositories, what was delivered, and previews. */
import * as z from 'zod';
import { changesData, type EventDeclarations, failureData } from './event-declaration.ts';

const idData = { connection: z.string().describe('Id of the connection.') };
const deliveryData = {
  ...idData,
  number: z.int().describe('Of the delivery, within its connection.'),
  state: z.string().describe('What became of it, or comes next.'),
  commit: z.string().optional(),
  ref: z.string().optional().describe('The full ref of a push.'),
  pullRequest: z.int().optional(),
  reason: z.string().optional().describe('Why nothing is to be done.'),
};
const { code, cause } = failureData;
const previewData = {
  ...idData,
  number: z.int().describe('Of the pull request.'),
  state: z.string().describe('How the preview is doing.'),
  commit: z.string().describe('The newest of the pull request.'),
};

export const connectionEvents = {
  'connection.created': {
    data: z.object({ ...idData, provider: z.string(), repository: z.string() }),
    words: 'Service {service} connected to {repository}',
  },
  'connection.changed': {
    data: z.object({
      ...idData,
      ...changesData,
      tokenChanged: z.literal(true).optional().describe('Its token is another one.'),
    }),
    words: 'Connection of service {service} changed',
  },
  'connection.secret-rotated': {
    data: z.object({
      ...idData,
      previousUntil: z.string().describe('Until then the secret before is good too.'),
    }),
    words: 'Secret of the connection of service {service} rotated',
  },
  'connection.deleted': {
    data: z.object({ ...idData, repository: z.string() }),
    words: 'Service {service} disconnected from {repository}',
  },
  'delivery.accepted': {
    data: z.object({ ...deliveryData, event: z.string().describe('As the provider calls it.') }),
    words: 'Delivery {number} for service {service}: {event}',
  },
  'delivery.ended': {
    data: z.object({ ...deliveryData, code: code.optional(), cause: cause.optional() }),
    words: 'Delivery {number} for service {service}: {state}',
  },
  'preview.changed': {
    data: z.object(previewData),
    words: 'Preview of pull request {number} of service {service}: {state}',
  },
  'preview.approved': {
    data: z.object(previewData),
    words: 'Commit {commit} of pull request {number} let in by a maintainer',
  },
  'github-app.rules-changed': {
    data: z.object({
      added: z
        .array(z.string())
        .describe('What projects may connect to from now on, as `project owner/repository`.'),
      removed: z.array(z.string()).describe('What they may not connect to any more.'),
    }),
    words: 'What projects may connect to by the GitHub App changed',
  },
} as const satisfies EventDeclarations;
