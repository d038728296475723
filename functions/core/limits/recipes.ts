/** Budgets of recipes: the resource types that the platform team makes of those that Berth has. */
import { KIB, limit } from './limit.ts';

const each = 'a recipe';
const past = 'The recipe is refused.';
const code = 'invalid_recipe';

export const recipeLimits = {
  recipes: limit({
    value: 100,
    unit: 'values',
    of: 'Recipes',
    each: 'the installation',
    past: 'One recipe more is refused.',
    code: 'conflict',
  }),
  recipe: limit({ value: 16 * KIB, unit: 'bytes', of: 'A recipe, as JSON', each, past, code }),
  recipeResources: limit({ value: 10, unit: 'values', of: 'Resources', each, past, code }),
  recipeParams: limit({ value: 20, unit: 'values', of: 'Parameters', each, past, code }),
  recipeParamValues: limit({
    value: 20,
    unit: 'values',
    of: 'Values that a parameter may have, where they are listed',
    each: 'a parameter of a recipe',
    past,
    code,
  }),
  recipeOutputs: limit({ value: 50, unit: 'values', of: 'Outputs', each, past, code }),
};
