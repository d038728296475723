/** Reads recipes: as they are now, and as deployments have pinned them. */
import { RECIPES, recipeKey, recipeVersionKey, recipeVersionsPartition } from '../../core/keys.ts';
import type { Deployment, RecipeVersion } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { expandRecipes } from '../../core/recipes/expand-recipes.ts';
import type { KeptRecipe } from '../../core/recipes/recipe.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Item, Store } from '../../ports/store.ts';
import { missing } from '../commit.ts';
import { readAll, readMany } from '../read-all.ts';

export const listRecipes = (store: Store): Promise<Item<RecipeVersion>[]> => readAll(store, RECIPES);

export const listRecipeVersions = (store: Store, type: string): Promise<Item<RecipeVersion>[]> =>
  readAll(store, recipeVersionsPartition(type));

/** @param version the newest where absent @throws Problem not_found */
export async function getRecipe(store: Store, type: string, version?: number): Promise<Item<RecipeVersion>> {
  const key = version === undefined ? recipeKey(type) : recipeVersionKey(type, version);
  const item = await store.get<RecipeVersion>(key);
  if (item) return item;
  throw version === undefined
    ? missing(`recipe "${type}"`, 'List those that there are with GET /v1/recipes.')
    : missing(`version ${version} of recipe "${type}"`, `Read the newest with GET /v1/recipes/${type}.`);
}

/** The newest versions of recipes, by their types; in one read, and in none for no types. */
export async function recipesNow(
  store: Store,
  types: readonly string[],
): Promise<ReadonlyMap<string, KeptRecipe>> {
  if (types.length === 0) return new Map();
  const items = await readMany<RecipeVersion>(store, types.map(recipeKey));
  return new Map(items.flatMap((item) => (item ? [[item.data.recipe.type, item.data]] : [])));
}

/** Versions that were read lately, by type and number. They never change, and every step of a deployment asks for them. */
const known = new WeakMap<Store, Map<string, KeptRecipe>>();
const KNOWN_MAX = 50;

/**
 * A version's workload as the recipes of a deployment made it.
 * @throws Problem not_found
 */
export async function asMade(
  store: Store,
  workload: ScoreWorkload,
  pins: Deployment['recipes'],
): Promise<ScoreWorkload> {
  if (!pins) return workload;
  const made = expandRecipes(workload, await recipesAt(store, pins));
  const [problem] = made.problems;
  // What was accepted with these recipes can be made of them.
  if (problem) throw problem;
  return made.workload;
}

/** @throws Problem not_found */
export async function recipesAt(
  store: Store,
  pins: NonNullable<Deployment['recipes']>,
): Promise<ReadonlyMap<string, KeptRecipe>> {
  const cached = known.get(store) ?? new Map<string, KeptRecipe>();
  known.set(store, cached);
  const wanted = new Map(Object.values(pins).map((pin) => [`${pin.type}@${pin.version}`, pin]));
  const found = new Map([...wanted.keys()].map((name) => [name, cached.get(name)]));
  const lacking = [...wanted].filter(([name]) => !found.get(name));
  if (lacking.length > 0) {
    const items = await readMany<RecipeVersion>(
      store,
      lacking.map(([, pin]) => recipeVersionKey(pin.type, pin.version)),
    );
    lacking.forEach(([name, pin], at) => {
      const item = items[at];
      if (!item)
        throw new Problem('not_found', `There is no version ${pin.version} of recipe "${pin.type}".`, {
          hint: 'Deploy the version of the service anew, which takes the recipe as it is now.',
        });
      found.set(name, item.data);
      if (cached.size >= KNOWN_MAX) cached.clear();
      cached.set(name, item.data);
    });
  }
  return new Map([...found.values()].flatMap((kept) => (kept ? [[kept.recipe.type, kept]] : [])));
}
