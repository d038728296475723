/** Routes of recipes: the resource types that the platform team makes of those that Berth has. */
import * as z from 'zod';
import { deleteRecipe, putRecipe } from '../../commands/recipes/recipes.ts';
import { limits } from '../../core/limits.ts';
import type { RecipeVersion } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getRecipe, listRecipes, listRecipeVersions } from '../../records/recipes/recipes.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import { exampleRecipe, recipeBody, recipeVersionSchema, recipeVersionView } from './recipe-view.ts';

const PATH = '/v1/recipes/{recipe}';
const tag = 'Recipes';
const listSchema = z.object({ items: z.array(recipeVersionSchema) });

const faultSchema = z.object({
  path: z.string().meta({ description: 'Empty for the recipe as a whole.', example: 'resources.main.type' }),
  line: z.int().optional(),
  column: z.int().optional(),
  message: z.string(),
});
const checkSchema = z
  .object({
    faults: z.array(faultSchema),
    recipe: recipeBody.optional().meta({ description: 'As it would be put, where its form is right.' }),
  })
  .meta({ id: 'RecipeCheck' });

const view = (item: Item<RecipeVersion>, status = 200): Reply => ({
  status,
  body: recipeVersionView(item.data),
  etag: etagOf(item),
});

export const routes = [
  route({
    method: 'get',
    path: '/v1/recipes',
    policy: { action: 'recipe.read', scope: 'platform' },
    operationId: 'listRecipes',
    summary: 'List the resource types that the platform team adds',
    tag,
    answers: { 200: { summary: 'The newest version of each', schema: listSchema } },
    handle: async ({ ports }) => {
      const items = await listRecipes(ports.store);
      return { status: 200, body: { items: items.map(({ data }) => recipeVersionView(data)) } };
    },
  }),
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'recipe.read', scope: 'platform' },
    operationId: 'getRecipe',
    summary: 'Read a recipe',
    tag,
    answers: { 200: { summary: 'Its newest version', schema: recipeVersionSchema, etag: true } },
    problems: ['not_found'],
    handle: async ({ ports, params }) => view(await getRecipe(ports.store, params.recipe)),
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'recipe.govern', scope: 'platform' },
    operationId: 'putRecipe',
    summary: 'Add a recipe, or a new version of one',
    description:
      'Each deployment of a version of a service takes the newest from then on. What serves stays as it is until its next ' +
      'deployment; a restart and a rollback keep the version that theirs had. What is the same as the newest makes no new version.',
    tag,
    body: recipeBody,
    bodyExamples: { 'a database': exampleRecipe },
    conditional: true,
    answers: {
      200: { summary: 'As it is now', schema: recipeVersionSchema, etag: true },
      201: { summary: 'Added', schema: recipeVersionSchema, etag: true },
    },
    problems: ['invalid_recipe', 'conflict'],
    handle: ({ ports, params, body, precondition, change }) =>
      change(
        ({ item, created }: { item: Item<RecipeVersion>; created: boolean }) =>
          view(item, created ? 201 : 200),
        (caller) => putRecipe(ports, caller, { type: params.recipe, value: body, ...precondition }),
      ),
  }),
  route({
    method: 'delete',
    path: PATH,
    policy: { action: 'recipe.govern', scope: 'platform' },
    operationId: 'deleteRecipe',
    summary: 'Delete a recipe by which nothing serves',
    description:
      'While services serve with resources by it, it is refused with their names. Its versions stay readable, since earlier ' +
      'deployments name them.',
    tag,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['not_found', 'not_empty'],
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => deleteRecipe(ports, caller, params.recipe)),
  }),
  route({
    method: 'get',
    path: `${PATH}/versions`,
    policy: { action: 'recipe.read', scope: 'platform' },
    operationId: 'listRecipeVersions',
    summary: 'List all versions of a recipe',
    tag,
    answers: { 200: { summary: 'The oldest first', schema: listSchema } },
    handle: async ({ ports, params }) => {
      const items = await listRecipeVersions(ports.store, params.recipe);
      return { status: 200, body: { items: items.map(({ data }) => recipeVersionView(data)) } };
    },
  }),
  route({
    method: 'get',
    path: `${PATH}/versions/{number}`,
    policy: { action: 'recipe.read', scope: 'platform' },
    operationId: 'getRecipeVersion',
    summary: 'Read one version of a recipe',
    tag,
    answers: { 200: { summary: 'As it was put', schema: recipeVersionSchema } },
    problems: ['not_found'],
    handle: async ({ ports, params }) => {
      const { data } = await getRecipe(ports.store, params.recipe, Number(params.number));
      return { status: 200, body: recipeVersionView(data) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/recipe-checks',
    policy: { action: 'recipe.read', scope: 'platform' },
    operationId: 'checkRecipe',
    summary: 'Read what is wrong with a recipe, with the lines',
    description: 'Nothing is kept.',
    tag,
    body: z.strictObject({
      recipe: z.string().max(limits.detectionText.value).meta({ description: 'The text, as YAML or JSON.' }),
    }),
    bodyExamples: { short: { recipe: 'type: shop-database\ndescription: A database\n' } },
    answers: { 200: { summary: 'The faults; none where it can be put', schema: checkSchema } },
    handle: async ({ ports, body }) => {
      const { checkRecipeText } = await import('../../resources/recipes/check-recipe-text.ts');
      const { faults, recipe } = await checkRecipeText(ports, body.recipe);
      return {
        status: 200,
        body: compact({
          faults: faults.map((fault) => compact({ ...fault })),
          recipe: recipe && { ...recipe },
        }),
      };
    },
  }),
];
