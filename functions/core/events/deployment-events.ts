/** Types of events: deployments, and the instances that run them. */
import * as z from 'zod';
import { deploymentKinds } from '../model/deployment.ts';
import { rolloutActions } from '../rollout/rollout-state.ts';
import { type EventDeclarations, failureData } from './event-declaration.ts';

const numberData = { number: z.int().describe('Of the deployment.') };

const requesterData = {
  requestedBy: z.string().describe('Who asked for a deployment that a second person has to approve.'),
};

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
      kind: z.enum(deploymentKinds),
      version: z.string().describe('Id of the version.'),
      replicas: z
        .union([z.int(), z.literal('as in the Score file')])
        .optional()
        .describe('Of a change of the scale: how many are asked for.'),
      processes: z
        .record(z.string(), z.int())
        .optional()
        .describe('Of a change of the scale: the replicas of each process beside the web.'),
      rollbackTo: z.int().optional().describe('Number of the deployment that a rollback goes back to.'),
      fromEnvironment: z.string().optional().describe('Where a promotion takes its version from.'),
      rotation: z
        .string()
        .optional()
        .describe('Id of the rotation that makes what serves take new credentials.'),
      awaits: z
        .literal('approval')
        .optional()
        .describe('It is not started before a second person approves it.'),
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
      { member: 'kind', value: 'restart', words: 'Restart of {service} in {environment} asked for' },
      { member: 'kind', value: 'start', words: 'Start of {service} in {environment} asked for' },
      { member: 'kind', value: 'stop', words: 'Stop of {service} in {environment} asked for' },
      { member: 'kind', value: 'remove', words: 'Removal of {service} from {environment} asked for' },
      {
        member: 'kind',
        value: 'scale',
        words: 'Scale of {service} in {environment} set, replicas: {replicas}',
      },
    ],
  },
  'deployment.approved': {
    data: z.object({ ...numberData, version: z.string().describe('Id of the version.'), ...requesterData }),
    words: 'Deployment approved: {service} in {environment}',
  },
  'deployment.rejected': {
    data: z.object({ ...numberData, ...failureData, ...requesterData }),
    words: 'Deployment rejected: {service} in {environment}',
  },
  'deployment.refused': {
    data: z.object({
      kind: z.enum(deploymentKinds),
      version: z.string().describe('Id of the version.'),
      violations: z
        .array(violation)
        .describe('Each policy that is not met, what was found, and what would meet it.'),
    }),
    words: 'A deployment of {service} to {environment} was refused by a policy',
  },
  'deployment.shifted': {
    data: z.object({
      ...numberData,
      percent: z.int().describe('So many of a hundred requests go to it from now on.'),
      verdict: z.string().optional().describe('How it did with the share before, in numbers.'),
    }),
    words: 'Deployment {number} of {service} has {percent} % of the requests in {environment}',
  },
  'deployment.steered': {
    data: z.object({
      ...numberData,
      action: z.enum(rolloutActions).describe('What a person asked for.'),
    }),
    words: 'Asked of deployment {number} of {service} in {environment}: {action}',
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

  'instance.stopped': { data: z.object(numberData), words: '{service} is stopped in {environment}' },
  'instance.removed': { data: z.object(numberData), words: '{service} is removed from {environment}' },
  'instance.crashed': {
    data: z.object({
      ...numberData,
      container: z.string(),
      cause: z.string(),
      count: z.int().describe('Crashes since the event before: 1 for the first.'),
    }),
    words: 'Deployment {number} of {service} crashed in {environment}, {count} times more',
    wordsFor: [
      { member: 'count', value: 1, words: 'Deployment {number} of {service} crashed in {environment}' },
    ],
    tone: 'bad',
  },
} as const satisfies EventDeclarations;
