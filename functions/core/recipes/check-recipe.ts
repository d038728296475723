/** Reads a recipe, as text with lines or as JSON, into its normal form. */
import { limits } from '../limits.ts';
import { Problem } from '../problem.ts';
import { issueFaults } from '../score/file/issues.ts';
import { copyJson } from '../score/file/json.ts';
import { type Fault, formatPath, type ScoreError } from '../score/file/score-faults.ts';
import type { Recipe } from './recipe.ts';
import { recipeRuleFaults } from './recipe-rules.ts';
import { recipeSchema } from './recipe-schema.ts';

const ERRORS_MAX = 50;

/** The Problem `invalid_recipe` for at least one fault. */
export function invalidRecipe(faults: readonly ScoreError[]): Problem {
  const errors = faults.slice(0, ERRORS_MAX);
  const [first] = errors;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const subject = first?.path ? first.path : 'it';
  const what = first?.message.startsWith(subject) ? first.message : `${subject} ${first?.message}`;
  return new Problem('invalid_recipe', `The recipe is not valid: ${what.replace(/\.$/, '')}${more}.`, {
    hint: 'Mend it, and see the lines with POST /v1/recipe-checks; docs/how-to/offer-resource-types.md describes the form.',
    extra: { errors },
  });
}

export type CheckedRecipe = { recipe: Recipe } | { faults: Fault[] };

/** @param value plain JSON */
export function checkRecipeForm(value: unknown): CheckedRecipe {
  const copied = copyJson(value);
  if ('faults' in copied) return copied;
  const size = Buffer.byteLength(JSON.stringify(copied.value));
  if (size > limits.recipe.value)
    return { faults: [{ path: [], message: `is larger than ${limits.recipe.value} bytes as JSON` }] };
  const parsed = recipeSchema.safeParse(copied.value);
  if (!parsed.success) return { faults: issueFaults(parsed.error.issues, copied.value, 'a recipe') };
  const faults = recipeRuleFaults(parsed.data);
  return faults.length > 0 ? { faults } : { recipe: parsed.data };
}

/** @throws Problem invalid_recipe with `errors: [{path, message}]` */
export function checkRecipe(value: unknown): Recipe {
  const checked = checkRecipeForm(value);
  if ('recipe' in checked) return checked.recipe;
  throw invalidRecipe(checked.faults.map(({ path, message }) => ({ path: formatPath(path), message })));
}
