/** Recipes: put and deleted by the platform team. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { RECIPES, recipeKey, recipeVersionKey, recipeVersionsPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { PLATFORM, type RecipeVersion } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { checkRecipe, invalidRecipe } from '../../core/recipes/check-recipe.ts';
import type { Recipe } from '../../core/recipes/recipe.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';
import { readAll } from '../../records/read-all.ts';
import { getRecipe } from '../../records/recipes/recipes.ts';
import { recipeProblems } from '../../resources/recipes/recipe-problems.ts';
import { usersOf } from './recipe-uses.ts';

/**
 * A recipe that can be put under a name.
 * @param value plain JSON
 * @throws Problem invalid_recipe
 */
export async function acceptableRecipe(ports: Ports, type: string, value: unknown): Promise<Recipe> {
  const recipe = checkRecipe(value);
  if (recipe.type !== type)
    throw invalidRecipe([{ path: 'type', message: `must be ${type}, as the address has it` }]);
  const faults = await recipeProblems(ports, recipe);
  if (faults.length > 0) throw invalidRecipe(faults);
  return recipe;
}

/** The highest number that a recipe of the type ever had: those of one that was deleted stay. */
async function lastVersion(store: Store, type: string): Promise<number> {
  const query = { pk: recipeVersionsPartition(type), limit: 1, reverse: true };
  const [last] = (await store.query<RecipeVersion>(query)).items;
  return last?.data.version ?? 0;
}

/**
 * Puts a new version, which deployments take from then on; what is the same as the newest makes none.
 * @throws Problem invalid_recipe | precondition_failed | conflict (too many)
 */
export async function putRecipe(
  ports: Ports,
  caller: Caller,
  { type, value, ifMatch }: { type: string; value: unknown; ifMatch?: string },
): Promise<{ item: Item<RecipeVersion>; created: boolean }> {
  const recipe = await acceptableRecipe(ports, type, value);
  const text = canonicalJson(recipe);
  return retryOnConflict(async () => {
    const { store, effects } = ports;
    const before = await store.get<RecipeVersion>(recipeKey(type));
    checkIfMatch(before, ifMatch);
    if (before && canonicalJson(before.data.recipe) === text) {
      const result = { item: before, created: false };
      const same = { check: recipeKey(type), if: { version: before.version } };
      await commit(ports, caller, { writes: [same], events: [], result });
      return result;
    }
    if (!before && (await readAll(store, RECIPES)).length >= limits.recipes.value)
      throw new Problem(
        'conflict',
        `There are ${limits.recipes.value} recipes already, which are the most.`,
        {
          hint: 'Delete one that nothing uses.',
        },
      );
    const version = (before?.data.version ?? (await lastVersion(store, type))) + 1;
    const createdAt = new Date(effects.now()).toISOString();
    const data: RecipeVersion = { version, recipe, createdAt, createdBy: caller.actor };
    const item = { ...recipeKey(type), data, version: (before?.version ?? 0) + 1 };
    const result = { item, created: !before };
    await commit(ports, caller, {
      writes: [
        { put: { ...recipeKey(type), data }, if: before ? { version: before.version } : 'absent' },
        { put: { ...recipeVersionKey(type, version), data }, if: 'absent' },
      ],
      events: [
        {
          project: PLATFORM,
          type: 'recipe.put',
          data: { recipe: type, version, hash: createHash('sha256').update(text).digest('hex') },
        },
      ],
      result,
    });
    return result;
  });
}

/** The most services that a refusal tells. */
const TOLD = 20;

/**
 * No deployment takes it from then on. Its versions stay: a deployment that is accepted at the same time, and a rollback to an earlier
 * one, make their workloads of them.
 * @throws Problem not_found | not_empty, with the services that are made by it
 */
export async function deleteRecipe(ports: Ports, caller: Caller, type: string): Promise<void> {
  await getRecipe(ports.store, type);
  const users = await usersOf(ports.store, type);
  if (users.length > 0) {
    const names = users.map(
      ({ deployment: { project, environment, service } }) => `${project}/${environment}/${service}`,
    );
    const more = names.length > TOLD ? `, and ${names.length - TOLD} more` : '';
    throw new Problem(
      'not_empty',
      `Services have resources by the recipe "${type}": ${names.slice(0, TOLD).join(', ')}${more}.`,
      { hint: 'Deploy versions of them that do not ask for it, or remove them, then delete the recipe.' },
    );
  }
  await retryOnConflict(async () => {
    const item = await getRecipe(ports.store, type);
    await commit(ports, caller, {
      writes: [{ delete: recipeKey(type), if: { version: item.version } }],
      events: [{ project: PLATFORM, type: 'recipe.deleted', data: { recipe: type } }],
    });
  });
}
