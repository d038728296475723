/** How a rollout that goes step by step is shown, with its figures. */
import * as z from 'zod';
import { checkNames } from '../../core/rollout/verdict.ts';
import { timeSchema } from '../http/schemas.ts';

const stageSchema = z.object({
  percent: z.int().meta({ description: 'So many of a hundred requests go to the new version.', example: 10 }),
  seconds: z.int().optional().meta({ description: 'Absent: until a person goes on.', example: 120 }),
});

export const rolloutPlanSchema = z
  .object({
    stages: z.array(stageSchema),
    checks: z.object({
      maxErrorRate: z.number().optional().meta({ description: 'Of a hundred requests.', example: 2 }),
      maxP99Ms: z.number().optional(),
      minRequests: z.int(),
      url: z.string().optional(),
      command: z.array(z.string()).optional(),
      webhook: z.string().optional(),
    }),
  })
  .meta({ id: 'RolloutPlan' });

const figuresSchema = z
  .object({
    requests: z.int(),
    errors: z.int().meta({ description: 'Answers with a status of 500 or more.' }),
    errorRate: z.number().meta({ description: 'Of a hundred requests.', example: 4.1 }),
    p50Ms: z.number(),
    p99Ms: z.number(),
  })
  .meta({ id: 'Figures' });

export const verdictSchema = z
  .object({
    state: z.enum(['passing', 'failing', 'undecided']),
    words: z.string().meta({ example: '5xx 4.1 % against 0.2 %, n = 1,830, at most 2 %' }),
    checks: z.array(
      z.object({
        name: z.enum(checkNames),
        state: z.enum(['passed', 'failed', 'pending', 'few']).meta({
          description: '`few`: there were too few requests to tell.',
        }),
        words: z.string(),
      }),
    ),
    candidate: figuresSchema.meta({ description: 'Of the new version, in this stage.' }),
    stable: figuresSchema.meta({ description: 'Of what serves beside it.' }),
  })
  .meta({ id: 'Verdict' });

export const rolloutSchema = rolloutPlanSchema
  .extend({
    stage: z.int().meta({ description: 'Index of the stage that it is in, or ended in.' }),
    percent: z.int().meta({ description: 'So many of a hundred requests are for it in this stage.' }),
    since: timeSchema.optional().meta({ description: 'Absent until the new version is ready.' }),
    until: timeSchema.optional().meta({ description: 'The stage ends then, if its checks pass.' }),
    pausedAt: timeSchema.optional(),
    asked: z.enum(['promote', 'continue']).optional().meta({ description: 'What a person asked for last.' }),
    verdict: verdictSchema.optional().meta({ description: 'As it is now, or as it was at the end.' }),
  })
  .meta({ id: 'Rollout' });
