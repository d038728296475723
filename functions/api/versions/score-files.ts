/** Routes for who writes a Score file: its schema, and what is wrong with one. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';

const faultSchema = z.object({
  path: z.string().meta({ description: 'Empty for the file as a whole.', example: 'resources.db.type' }),
  line: z.int().optional(),
  column: z.int().optional(),
  code: z.string().meta({ example: 'unknown_resource_type' }),
  message: z.string(),
  hint: z.string(),
});

const checkSchema = z.object({ faults: z.array(faultSchema) }).meta({ id: 'ScoreCheck' });

const tag = 'Services';

export const routes = [
  route({
    method: 'get',
    path: '/v1/schemas/score.json',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getScoreSchema',
    summary: 'Read the JSON Schema of Score files, for editors',
    description: 'With the annotations and the resource types of this Berth. Draft 2020-12.',
    tag,
    answers: { 200: { summary: 'The schema', schema: z.looseObject({}) } },
    handle: async () => {
      const { scoreSchema } = await import('../../resources/score/score-schema.ts');
      return { status: 200, body: scoreSchema() };
    },
  }),
  route({
    method: 'post',
    path: '/v1/score-checks',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'checkScore',
    summary: 'Read what is wrong with a Score file, with the lines',
    description: 'What a build refuses of it, wherever it is deployed. Nothing is kept.',
    tag,
    body: z.strictObject({
      score: z.string().max(limits.detectionText.value).meta({ description: 'The text, as YAML or JSON.' }),
    }),
    bodyExamples: { short: { score: 'apiVersion: score.dev/v1b1\nmetadata: {name: shop}\n' } },
    answers: { 200: { summary: 'The faults; none where it is right', schema: checkSchema } },
    handle: async ({ body }) => {
      const { checkScoreText } = await import('../../resources/score/check-score.ts');
      return {
        status: 200,
        body: { faults: checkScoreText(body.score).map((fault) => compact({ ...fault })) },
      };
    },
  }),
];
