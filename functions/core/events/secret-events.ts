/** Types of events: variables and secrets, which are named and never shown with their values. */
import * as z from 'zod';
import { type EventDeclarations, failureData } from './event-declaration.ts';

const nameData = { name: z.string().describe('Of the secret.') };
const versionData = {
  ...nameData,
  version: z.string().describe('Id of the version; its value is in no event.'),
};
const putData = {
  ...versionData,
  source: z.string().optional().describe('Where its value is kept, if elsewhere.'),
};
const rotationData = {
  ...versionData,
  previous: z.string().describe('Id of the version that the new one takes the place of.'),
};

export const secretEvents = {
  'variables.changed': {
    data: z.object({
      set: z.array(z.string()).describe('Names of variables that are new or have another value.'),
      removed: z.array(z.string()).describe('Names of variables that are gone.'),
    }),
    words: 'Variables of {environment} changed',
  },
  'build-secret.changed': {
    data: z.object(versionData),
    words: 'Secret {name} for builds has a new version',
  },
  'build-secret.deleted': { data: z.object(nameData), words: 'Secret {name} for builds deleted' },
  'registry.changed': {
    data: z.object({
      registry: z.string().describe('Its host.'),
      username: z.string(),
      version: z.string().describe('Id of the version of the password, which is in no event.'),
    }),
    words: 'Credentials for the registry {registry} set',
  },
  'registry.deleted': {
    data: z.object({ registry: z.string().describe('Its host.') }),
    words: 'Credentials for the registry {registry} deleted',
  },
  'secret.created': { data: z.object(putData), words: 'Secret {name} put into {environment}' },
  'secret.changed': {
    data: z.object(putData),
    words: 'Secret {name} of {environment} has a new version',
  },
  'secret.deleted': { data: z.object(nameData), words: 'Secret {name} of {environment} deleted' },
  'secret.revealed': {
    data: z.object(versionData),
    words: 'The value of {name} of {environment} was looked at',
  },
  'secret.revoked': {
    data: z.object({
      ...versionData,
      usedBy: z
        .array(z.object({ service: z.string(), deployment: z.int() }))
        .describe('What serves with it, and does not come back with it.'),
    }),
    words: 'A version of {name} of {environment} revoked',
  },
  'secret.rotating': { data: z.object(rotationData), words: 'Rotation of {name} in {environment} started' },
  'secret.rotated': {
    data: z.object(rotationData),
    words: '{name} of {environment} rotated, the old version revoked',
  },
  'secret.rotation-failed': {
    data: z.object({ ...rotationData, ...failureData }),
    words: 'Rotation of {name} in {environment} failed: the old version is in force',
  },
  'secret-sources.changed': {
    data: z.object({
      added: z
        .array(z.string())
        .describe('What projects may refer to from now on, as `project source:prefix`.'),
      removed: z.array(z.string()).describe('What they may not refer to any more.'),
    }),
    words: 'What projects may refer to of secrets kept elsewhere changed',
  },
} as const satisfies EventDeclarations;
