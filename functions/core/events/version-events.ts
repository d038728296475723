/** Types of events: builds, and the versions that they make or that are pushed. */
import * as z from 'zod';
import { type EventDeclarations, failureData } from './event-declaration.ts';

const versionData = {
  version: z.string().describe('Id of the version.'),
  digest: z.string().describe('Of its image.'),
  tags: z.array(z.string()).describe('All that it has now.'),
};

const folder = z.string().optional().describe('The folder that is built, where not the whole source.');

export const versionEvents = {
  'version.created': { data: z.object(versionData), words: 'Version {version} of {service} registered' },
  'version.tagged': { data: z.object(versionData), words: 'Version {version} of {service} tagged' },
  'version.deleted': { data: z.object(versionData), words: 'Version {version} of {service} deleted' },

  'build.created': {
    data: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('git'),
        ref: z.string().describe('Branch, tag or commit.'),
        path: folder,
      }),
      z.object({
        kind: z.literal('upload'),
        sha256: z.string().optional().describe('Of the upload, hex.'),
        bytes: z.int().optional(),
        path: folder,
      }),
    ]),
    words: 'Build of {service} started',
  },
  'build.succeeded': {
    data: z.object({ version: versionData.version }),
    words: 'Build of {service} made version {version}',
    tone: 'good',
  },
  'build.failed': { data: z.object(failureData), words: 'Build of {service} failed', tone: 'bad' },
  'build.canceled': { data: z.object(failureData), words: 'Build of {service} canceled' },
  'build.superseded': { data: z.object(failureData), words: 'Build superseded: {service}' },
} as const satisfies EventDeclarations;
