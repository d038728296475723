/** Routes for who writes a Score file: its schema, and what is wrong with one. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { listRecipes } from '../../records/recipes/recipes.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';

export const faultSchema = z.object({
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
    description:
      'With the annotations and the resource types of this Berth, and those that recipes add, with their parameters. Draft 2020-12.',
    tag,
    answers: { 200: { summary: 'The schema', schema: z.looseObject({}) } },
    handle: async ({ ports }) => {
      const { scoreSchema } = await import('../../resources/score/score-schema.ts');
      const recipes = await listRecipes(ports.store);
      return { status: 200, body: scoreSchema(recipes.map(({ data }) => data.recipe)) };
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
    handle: async ({ ports, body }) => {
      const { checkScoreText } = await import('../../resources/score/check-score.ts');
      let faults = checkScoreText(body.score);
      // Recipes are read where a type is not Berth's own.
      if (faults.some(({ code }) => code === 'unknown_resource_type')) {
        const recipes = (await listRecipes(ports.store)).map(({ data }) => data);
        faults = checkScoreText(body.score, new Map(recipes.map((one) => [one.recipe.type, one])));
      }
      return { status: 200, body: { faults: faults.map((fault) => compact({ ...fault })) } };
    },
  }),
];
