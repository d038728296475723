/** Types of events: environments, the resources in them and recipes for these, their game days, and the places that they can be in. */
import * as z from 'zod';
import { changesData, deploymentData, type EventDeclarations, failureData } from './event-declaration.ts';

const protection = z.object({
  approval: z.boolean(),
  rollbackWithoutApproval: z.boolean().optional(),
  shells: z.boolean().optional(),
});
const protectionData = z.object({
  protection: protection.optional().describe('As it is now; absent where there is none.'),
  before: protection.optional().describe('As it was; absent where there was none.'),
});

/** Why the operation that led to this state failed; absent where it succeeded. */
const endData = z.object(failureData).optional();

const recipe = z.string().describe('The resource type that it is for.');
const place = z.string().describe('Name of the place.');
const resourceData = { uid: z.string().describe('Of the resource.') };

const uid = resourceData.uid;
const backupData = { uid, backup: z.string().describe('Id of the backup.') };
const restoreData = {
  uid,
  backup: z
    .string()
    .optional()
    .describe('Id of the backup; absent where what the last restore replaced came back, and of an import.'),
  source: z
    .string()
    .optional()
    .describe('Of an import: `host:port/database` of where it comes from, or `file`.'),
};

/** Whether anybody uses an environment whose time is over, or soon is. */
const useData = {
  cause: z.string().describe('Who used it last, and how long ago, in words.'),
  lastRequestAt: z.string().optional().describe('Absent where no request is known.'),
  deployment: deploymentData.optional().describe('The newest of all its services.'),
  next: z.string().describe('The command that lets it stay.'),
};

export const environmentEvents = {
  'environment.created': { words: 'Environment {environment} created' },
  'environment.changed': { data: z.object(changesData), words: 'Environment {environment} changed' },
  'environment.extended': { data: z.object(changesData), words: 'Environment {environment} extended' },
  'environment.expiring': {
    data: z.object({
      expiresAt: z.string().describe('It is put to sleep then.'),
      left: z.string().describe('The time until then, in words: `24 h`.'),
      ...useData,
    }),
    words: 'Environment {environment} expires in {left}: {cause}',
  },
  'environment.expired': {
    data: z.object({
      destroyAt: z.string().describe('It is destroyed then, unless somebody brings it back.'),
      left: z.string().describe('The time until then, in words: `3 d`.'),
      ...useData,
    }),
    words: 'Environment {environment} has expired and is destroyed in {left}: {cause}',
  },
  'environment.protected': { data: protectionData, words: 'Environment protected: {environment}' },
  'environment.unprotected': { data: protectionData, words: 'Environment unprotected: {environment}' },
  'environment.ready': { data: endData, words: 'Environment {environment} is ready', tone: 'good' },
  'environment.failed': { data: endData, words: 'Environment failed: {environment}', tone: 'bad' },
  'environment.hibernating': {
    data: z.object({ reason: z.enum(['requested', 'idle', 'expired', 'hours']) }),
    words: 'Environment {environment} goes to sleep',
    wordsFor: [
      { member: 'reason', value: 'idle', words: 'Environment {environment} goes to sleep: it was idle' },
      {
        member: 'reason',
        value: 'expired',
        words: 'Environment {environment} goes to sleep: its time is over',
      },
      {
        member: 'reason',
        value: 'hours',
        words: 'Environment {environment} goes to sleep: its office hours are over',
      },
    ],
  },
  'environment.hibernated': { data: endData, words: 'Environment {environment} sleeps' },
  'environment.waking': { words: 'Environment {environment} wakes up' },
  'environment.destroying': {
    data: z.object({
      reason: z
        .enum(['requested', 'expired', 'leftovers'])
        .describe('`leftovers`: it is tried again, since a destroy before left something over.'),
    }),
    words: 'Environment {environment} is being destroyed',
    wordsFor: [
      {
        member: 'reason',
        value: 'expired',
        words: 'Environment {environment} is being destroyed: its time was over',
      },
    ],
  },
  'environment.destroyed': { words: 'Environment {environment} destroyed' },
  'environment.destroy-failed': {
    data: z.object({
      leftovers: z.array(z.string()).describe('What could not be removed yet; the first fifty.'),
    }),
    words: 'Environment {environment} could not be destroyed whole',
    tone: 'bad',
  },

  'resource.created': { data: z.object(resourceData), words: 'Resource {uid} of {environment} made' },
  'resource.removed': { data: z.object(resourceData), words: 'Resource {uid} of {environment} removed' },
  'resource.rotating': { data: z.object(resourceData), words: 'Rotation of {uid} in {environment} started' },
  'resource.rotated': { data: z.object(resourceData), words: '{uid} in {environment} has new credentials' },
  'resource.rotation-failed': {
    data: z.object({ ...resourceData, ...failureData }),
    words: 'Rotation of {uid} in {environment} failed: the old credentials are in force',
  },
  'backup.started': { data: z.object(backupData), words: 'Backup of {uid} in {environment} started' },
  'backup.checked': {
    data: z.object({ ...backupData, bytes: z.int(), tables: z.int(), rows: z.int() }),
    words: 'Backup of {uid} in {environment} made, restored on trial and found equal',
    tone: 'good',
  },
  'backup.failed': {
    data: z.object({ ...backupData, ...failureData }),
    words: 'Backup of {uid} in {environment} failed',
    tone: 'bad',
  },
  'backup.missed': {
    data: z.object({ uid, ...failureData }),
    words: 'A backup of {uid} in {environment} was due, and could not be begun',
    tone: 'bad',
  },
  'backup.downloaded': {
    data: z.object(backupData),
    words: 'A backup of {uid} in {environment} was downloaded',
  },
  'backup.deleted': { data: z.object(backupData), words: 'A backup of {uid} in {environment} was deleted' },
  'backup-plan.changed': {
    data: z.object({ uid, ...changesData }),
    words: 'Backups of {uid} in {environment}: the plan changed',
  },
  'restore.started': { data: z.object(restoreData), words: 'Restore of {uid} in {environment} started' },
  'restore.succeeded': {
    data: z.object(restoreData),
    words: '{uid} in {environment} was restored; what it had before is kept',
    tone: 'good',
  },
  'restore.failed': {
    data: z.object({ ...restoreData, ...failureData }),
    words: 'Restore of {uid} in {environment} failed: its data are as before',
    tone: 'bad',
  },
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

  'recipe.put': {
    data: z.object({
      recipe,
      version: z.int().describe('The number of its new version.'),
      hash: z.string().describe('SHA-256 of the recipe, as canonical JSON.'),
    }),
    words: 'Recipe {recipe} has version {version}',
  },
  'recipe.deleted': { data: z.object({ recipe }), words: 'Recipe {recipe} deleted' },

  'place.created': { data: z.object({ place, ...changesData }), words: 'Place {place} added' },
  'place.changed': { data: z.object({ place, ...changesData }), words: 'Place {place} changed' },
  'place.removed': { data: z.object({ place }), words: 'Place {place} removed' },
  'place.reachable': {
    data: z.object({ place }),
    words: 'Place {place} can be reached again',
    tone: 'good',
  },
  'place.unreachable': {
    data: z.object({ place, reason: z.string().describe('Why it can not be reached.') }),
    words: 'Place {place} can not be reached',
    tone: 'bad',
  },
} as const satisfies EventDeclarations;
