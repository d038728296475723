/** Types of events: deployments, and what runs of them. */
import * as z from 'zod';
import { type EventDeclarations, failureData } from './event-declaration.ts';

const numberData = { number: z.int() };

/** Who asked for a deployment that a second person had to approve. */
const requesterData = { requestedBy: z.string() };

const violation = z.object({
  policy: z.string(),
  scope: z.enum(['project', 'platform']),
  fact: z.string(),
  remedy: z.string(),
});

export const deploymentEvents = {
  'deployment.created': {
    data: z.object({
      ...numberData,
      kind: z.enum(['deploy', 'promote', 'rollback', 'redeploy']),
      version: z.string(),
      rollbackTo: z.int().optional(),
      fromEnvironment: z.string().optional(),
      rotation: z.string().optional(),
      awaits: z.literal('approval').optional(),
    }),
    words: 'Deployment {number} of {service} to {environment} started',
    wordsFor: [
      {
        member: 'kind',
        value: 'rollback',
        words: 'Rollback of {service} in {environment} to {rollbackTo} started, as deployment {number}',
      },
      {
        member: 'kind',
        value: 'promote',
        words: 'Deployment {number} of {service} to {environment} started, from {fromEnvironment}',
      },
    ],
  },
  'deployment.approved': {
    data: z.object({ ...numberData, version: z.string(), ...requesterData }),
    words: 'Deployment approved: {service} in {environment}',
  },
  'deployment.rejected': {
    data: z.object({ ...numberData, ...failureData, ...requesterData }),
    words: 'Deployment rejected: {service} in {environment}',
  },
  'deployment.refused': {
    data: z.object({
      kind: z.enum(['deploy', 'promote', 'rollback', 'redeploy']),
      version: z.string(),
      violations: z.array(violation),
    }),
    words: 'A deployment of {service} to {environment} was refused by a policy',
  },
  'deployment.succeeded': {
    data: z.object({ ...numberData, kind: z.enum(['deploy', 'rollback']) }),
    words: 'Deployment {number} of {service} serves in {environment}',
    tone: 'good',
  },
  'deployment.failed': {
    data: z.object({ ...numberData, ...failureData }),
    words: 'Deployment {number} of {service} to {environment} failed',
    tone: 'bad',
  },
  'deployment.canceled': {
    data: z.object({ ...numberData, ...failureData, requestedBy: requesterData.requestedBy.optional() }),
    words: 'Deployment {number} of {service} to {environment} canceled',
  },
  'deployment.superseded': {
    data: z.object({ ...numberData, ...failureData }),
    words: 'Deployment {number} of {service} to {environment} was overtaken',
  },

  'operation.cancel-requested': { words: 'Asked to stop' },

  'instance.crashed': {
    data: z.object({ ...numberData, container: z.string(), cause: z.string(), count: z.int() }),
    words: 'Deployment {number} of {service} crashed in {environment}, {count} times more',
    wordsFor: [
      { member: 'count', value: 1, words: 'Deployment {number} of {service} crashed in {environment}' },
    ],
    tone: 'bad',
  },
} as const satisfies EventDeclarations;
