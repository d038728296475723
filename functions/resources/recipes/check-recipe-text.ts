/** All that can be said against the text of a recipe, with lines. */
import { Problem } from '../../core/problem.ts';
import { checkRecipeForm } from '../../core/recipes/check-recipe.ts';
import type { Recipe } from '../../core/recipes/recipe.ts';
import { formatPath, type ScoreError } from '../../core/score/file/score-faults.ts';
import { readYaml } from '../../core/score/file/yaml.ts';
import type { Ports } from '../../ports/index.ts';
import { faultsOf, partsOfPath } from '../score/check-score.ts';
import { recipeProblems } from './recipe-problems.ts';

/** @returns the faults in the order of the lines; and the recipe in its normal form where its form is right */
export async function checkRecipeText(
  ports: Ports,
  text: string,
): Promise<{ faults: ScoreError[]; recipe?: Recipe }> {
  try {
    const file = readYaml(text);
    const checked = checkRecipeForm(file.value);
    const faults =
      'faults' in checked
        ? checked.faults.map((fault) => ({
            path: formatPath(fault.path),
            message: fault.message,
            ...file.locate(fault),
          }))
        : (await recipeProblems(ports, checked.recipe)).map((fault) => ({
            ...fault,
            ...file.locate({ path: partsOfPath(fault.path) }),
          }));
    return {
      faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column),
      ...('recipe' in checked && { recipe: checked.recipe }),
    };
  } catch (error) {
    // What is no YAML that Score files have is no recipe either.
    if (!(error instanceof Problem)) throw error;
    return { faults: faultsOf(error).map(({ code: _, hint: __, ...fault }) => fault) };
  }
}
