/** How recipes are shown. */
import * as z from 'zod';
import type { RecipeVersion } from '../../core/model/index.ts';
import { nameSchema, timeSchema } from '../http/schemas.ts';

export const recipeBody = z.looseObject({ type: nameSchema, description: z.string() }).meta({
  id: 'Recipe',
  description:
    'A resource type made of those that Berth has: `params`, `resources` and `outputs`, as docs/how-to/offer-resource-types.md has it.',
});

export const recipeVersionSchema = z
  .object({
    type: nameSchema.meta({ example: 'shop-database' }),
    version: z.int().meta({ example: 3 }),
    recipe: recipeBody,
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'administrator' }),
  })
  .meta({ id: 'RecipeVersion' });

export const recipeVersionView = ({
  version,
  recipe,
  createdAt,
  createdBy,
}: RecipeVersion): z.infer<typeof recipeVersionSchema> => ({
  type: recipe.type,
  version,
  recipe: { ...recipe },
  createdAt,
  createdBy,
});

/** What a Score file of a developer asks for. */
export const exampleRecipe = {
  type: 'shop-database',
  description: 'A PostgreSQL database as services of the shop use it',
  params: { size: { kind: 'enum', values: ['small', 'large'], default: 'small' } },
  resources: { main: { type: 'postgres', params: { extensions: ['pgcrypto'] } } },
  outputs: { url: '${resources.main.url}' },
};
