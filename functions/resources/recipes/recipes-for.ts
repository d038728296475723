/** The recipes that a workload asks for. */
import type { KeptRecipe } from '../../core/recipes/recipe.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Store } from '../../ports/store.ts';
import { recipesNow } from '../../records/recipes/recipes.ts';
import { findResourceType } from '../index.ts';

/** Those that are there, as they are now. One read, and none where all types are Berth's own. */
export function recipesFor(
  store: Store,
  { resources = {} }: Pick<ScoreWorkload, 'resources'>,
): Promise<ReadonlyMap<string, KeptRecipe>> {
  const types = new Set(Object.values(resources).map(({ type }) => type));
  return recipesNow(
    store,
    [...types].filter((type) => !findResourceType(type)),
  );
}
