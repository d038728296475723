/** A version's workload as the recipes make it now. */
import type { Deployment } from '../../core/model/index.ts';
import type { Problem } from '../../core/problem.ts';
import { expandRecipes } from '../../core/recipes/expand-recipes.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { recipesFor } from '../../resources/recipes/recipes-for.ts';

export interface MadeNow extends Pick<Deployment, 'recipes'> {
  /** As it is in the version where it is refused. */
  workload: ScoreWorkload;
  /** What it asks of a recipe is not what the recipe takes now: invalid_resource, unresolved_placeholder, expansion_too_large. */
  refused?: Problem[];
}

export async function madeNow({ store }: Ports, workload: ScoreWorkload): Promise<MadeNow> {
  const recipes = await recipesFor(store, workload);
  if (recipes.size === 0) return { workload };
  const made = expandRecipes(workload, recipes);
  return {
    workload: made.workload,
    recipes: made.pins,
    ...(made.problems.length > 0 && { refused: made.problems }),
  };
}
