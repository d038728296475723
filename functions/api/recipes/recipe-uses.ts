/** Routes of what recipes are used by, and of what a new version would change there. */
import * as z from 'zod';
import { type RecipeUse, recipeUses } from '../../commands/recipes/recipe-uses.ts';
import { acceptableRecipe } from '../../commands/recipes/recipes.ts';
import { getRecipe, listRecipeVersions } from '../../records/recipes/recipes.ts';
import { changeSchema, plannedResourceSchema } from '../deployments/plan.ts';
import { route } from '../http/route-spec.ts';
import { compact, errorSchema, nameSchema } from '../http/schemas.ts';
import { exampleRecipe, recipeBody } from './recipe-view.ts';

const useSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    environment: nameSchema.meta({ example: 'dev' }),
    service: nameSchema,
    kind: z.enum(['persistent', 'ephemeral']).meta({ description: 'Of the environment.' }),
    protected: z.boolean().meta({ description: 'Whether the environment is.' }),
    state: z.enum(['runs', 'sleeps', 'stopped']),
    number: z.int().meta({ description: 'Of the deployment that serves.', example: 4 }),
    serviceVersion: z.string().meta({ description: 'The version that it runs.', example: '3f2a9c01b7de' }),
    version: z.int().meta({ description: 'Of the recipe, by which it was made.', example: 2 }),
    changes: z
      .array(changeSchema)
      .meta({ description: 'What the same version of the service would change when it is deployed anew.' }),
    losses: z
      .array(plannedResourceSchema)
      .meta({ description: 'Resources whose data the service would lose by that.' }),
    problems: z.array(errorSchema).meta({ description: 'Why that would be refused.' }),
  })
  .meta({ id: 'RecipeUse' });

const usesSchema = z.object({ version: z.int(), items: z.array(useSchema) }).meta({ id: 'RecipeUses' });

function viewOfUse({ deployment, environment, stopped, ...rest }: RecipeUse): z.infer<typeof useSchema> {
  const sleeps = environment.state === 'hibernated' || environment.state === 'hibernating';
  return {
    project: deployment.project,
    environment: deployment.environment,
    service: deployment.service,
    kind: environment.kind,
    protected: environment.protection !== undefined,
    state: stopped ? 'stopped' : sleeps ? 'sleeps' : 'runs',
    number: deployment.number,
    serviceVersion: deployment.version,
    version: rest.version,
    changes: rest.changes.map((change) => compact({ ...change })),
    losses: rest.losses.map((loss) => compact({ ...loss })),
    problems: rest.problems,
  };
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/recipes/{recipe}/uses',
    policy: { action: 'recipe.govern', scope: 'platform' },
    operationId: 'listRecipeUses',
    summary: 'Read which services serve by a recipe, and what its newest version changes there',
    description: 'All environments of all projects are read.',
    tag: 'Recipes',
    answers: { 200: { summary: 'All of them', schema: usesSchema } },
    problems: ['not_found'],
    handle: async ({ ports, params }) => {
      const { data } = await getRecipe(ports.store, params.recipe);
      const items = await recipeUses(ports, data);
      return { status: 200, body: { version: data.version, items: items.map(viewOfUse) } };
    },
  }),
  route({
    method: 'post',
    path: '/v1/recipes/{recipe}/plan',
    policy: { action: 'recipe.govern', scope: 'platform' },
    operationId: 'planRecipe',
    summary: 'Read what a recipe would change before it is put',
    description: 'Takes what PUT takes, and keeps nothing.',
    tag: 'Recipes',
    body: recipeBody,
    bodyExamples: { 'a database': exampleRecipe },
    answers: {
      200: { summary: 'The number that it would get, and what serves by the recipe', schema: usesSchema },
    },
    problems: ['invalid_recipe'],
    handle: async ({ ports, params, body }) => {
      const recipe = await acceptableRecipe(ports, params.recipe, body);
      const versions = await listRecipeVersions(ports.store, params.recipe);
      const version = (versions.at(-1)?.data.version ?? 0) + 1;
      const items = await recipeUses(ports, { version, recipe });
      return { status: 200, body: { version, items: items.map(viewOfUse) } };
    },
  }),
];
