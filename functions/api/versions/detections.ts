/** The route that tells how a source would be built and run, before anything is sent or built. */

import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { detect, detectDockerfile, READ_BY_DETECTION } from '../../core/source/detect.ts';
import { DEPENDENCY_FILES, DOCKERFILE, nothingToRun } from '../../core/source/foreign.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema } from '../http/schemas.ts';

const FILES_MAX = limits.detectionFiles.value;
const TEXT_MAX = limits.detectionText.value;

const detectionSchema = z
  .object({
    detected: z.string().meta({ example: 'Node.js app, started by its start script' }),
    command: z.array(z.string()).meta({
      description: 'What starts it; empty for a static site and for a Dockerfile.',
    }),
    releaseCommand: z.string().optional(),
    notes: z.array(z.string()).meta({ description: 'What is worth knowing, a clause each.' }),
    score: z.string().meta({ description: 'A `score.yaml` to begin with.' }),
    reasons: z.array(z.string()).meta({ description: 'What is in it and why, a sentence each.' }),
  })
  .meta({ id: 'Detection' });

export const routes = [
  route({
    method: 'post',
    path: '/v1/detections',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'detectSource',
    summary: 'Read how a source would be built, and a Score file to begin with',
    description: `Takes the paths of all files, and the texts of these where they are there: ${[...READ_BY_DETECTION, ...DEPENDENCY_FILES].join(', ')}, .env.example. Nothing is kept.`,
    tag: 'Services',
    body: z.strictObject({
      name: nameSchema.meta({ example: 'guestbook' }),
      files: z.array(z.string().max(1024)).max(FILES_MAX).meta({ description: 'Relative, with slashes.' }),
      texts: z.record(z.string().max(64), z.string().max(TEXT_MAX)).optional(),
    }),
    bodyExamples: {
      node: {
        name: 'guestbook',
        files: ['package.json', 'server.js'],
        texts: { 'package.json': '{"scripts": {"start": "node server.js"}}' },
      },
    },
    answers: { 200: { summary: 'What was found', schema: detectionSchema } },
    problems: ['build_failed', 'nothing_to_run'],
    handle: async ({ ports, body }) => {
      const files = new Map([
        ...body.files.map((path): [string, undefined] => [path, undefined]),
        ...Object.entries(body.texts ?? {}),
      ]);
      const unbuilt = files.has(DOCKERFILE) ? await ports.builder.dockerfiles() : undefined;
      const plan = (unbuilt === undefined ? detectDockerfile(files) : undefined) ?? detect(files);
      if (!plan) throw nothingToRun(files, unbuilt);
      // The writer of YAML is loaded when somebody asks.
      const { suggestScore } = await import('../../core/score/suggest-score.ts');
      const { detected, command, releaseCommand, notes } = plan;
      return {
        status: 200,
        body: compact({ detected, command, releaseCommand, notes, ...suggestScore(body.name, files, plan) }),
      };
    },
  }),
];
