/** A version's workload as the recipes make it now. */
import type { Deployment } from '../../core/model/index.ts';
import { expandRecipes } from '../../core/recipes/expand-recipes.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { recipesFor } from '../../resources/recipes/recipes-for.ts';

/** @throws Problem invalid_resource | unresolved_placeholder: what it asks of a recipe is not what the recipe takes now */
export async function madeNow(
  { store }: Ports,
  workload: ScoreWorkload,
): Promise<{ workload: ScoreWorkload } & Pick<Deployment, 'recipes'>> {
  const recipes = await recipesFor(store, workload);
  if (recipes.size === 0) return { workload };
  const made = expandRecipes(workload, recipes);
  const [problem] = made.problems;
  if (problem) throw problem;
  return { workload: made.workload, recipes: made.pins };
}
