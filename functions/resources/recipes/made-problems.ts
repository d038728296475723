/** What is wrong with a workload that may ask for recipes, wherever it is deployed. */
import type { Problem } from '../../core/problem.ts';
import { expandRecipes } from '../../core/recipes/expand-recipes.ts';
import type { KeptRecipe } from '../../core/recipes/recipe.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { workloadProblems } from '../score/workload-problems.ts';

export interface MadeProblems {
  /** As the recipes make it; as it was given where they can not. */
  workload: ScoreWorkload;
  /** The names of resources that recipes made, each with the workload's name for what it asks of the recipe. */
  made: ReadonlyMap<string, string>;
  problems: Problem[];
}

/** @param recipes those that it asks for, by their types */
export function madeProblems(
  given: ScoreWorkload,
  digest: string,
  recipes: ReadonlyMap<string, KeptRecipe>,
): MadeProblems {
  const { workload, made, problems } = expandRecipes(given, recipes);
  return {
    workload,
    made,
    problems: problems.length > 0 ? problems : workloadProblems(workload, digest),
  };
}
