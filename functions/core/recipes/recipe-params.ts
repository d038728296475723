/** The parameters of a recipe as a Score file gives them. */
import { Problem } from '../problem.ts';
import { formatPath, quote } from '../score/file/score-faults.ts';
import { nearest } from '../score/file/suggest.ts';
import { namesOfValues, type ParamValue, type Recipe, type RecipeParam } from './recipe.ts';

/** The Problem `invalid_resource` for one place below a resource that a recipe makes. */
export function invalidUse(
  recipe: Pick<Recipe, 'type' | 'description'>,
  path: readonly (string | number)[],
  message: string,
): Problem {
  const where = formatPath(path);
  return new Problem('invalid_resource', `${where}: ${message}.`, {
    hint: `Mend it in the Score file. ${recipe.type}: ${recipe.description}`,
    extra: { errors: [{ path: where, message }] },
  });
}

/** Why a value can not be taken; undefined where it can. */
function faultOf(param: RecipeParam, value: unknown): string | undefined {
  switch (param.kind) {
    case 'string':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'number': {
      const { minimum = -Infinity, maximum = Infinity } = param;
      if (typeof value !== 'number') return 'must be a number';
      if (value < minimum) return `must be at least ${minimum}`;
      return value > maximum ? `must be at most ${maximum}` : undefined;
    }
    case 'enum': {
      const names = namesOfValues(param.values);
      return typeof value === 'string' && names.includes(value)
        ? undefined
        : `must be one of ${names.join(', ')}`;
    }
  }
}

/**
 * What is wrong with the parameters that a workload gives.
 * @param name the workload's name for the resource
 */
export function paramProblems(
  recipe: Recipe,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Problem[] {
  const { params = {} } = recipe;
  const at = (param: string) => ['resources', name, 'params', param];
  const known = Object.keys(params);
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(given)) {
    const param = Object.hasOwn(params, key) ? params[key] : undefined;
    if (!param) {
      const guess = nearest(key, known);
      const meant = guess === undefined ? '' : `; did you mean ${quote(guess)}?`;
      const there = known.length === 0 ? 'it has none' : `there are ${known.join(', ')}`;
      problems.push(invalidUse(recipe, at(key), `is no parameter of ${recipe.type}, and ${there}${meant}`));
      continue;
    }
    const fault = faultOf(param, value);
    if (fault !== undefined) problems.push(invalidUse(recipe, at(key), fault));
  }
  for (const [key, param] of Object.entries(params))
    if (param.default === undefined && !Object.hasOwn(given, key))
      problems.push(invalidUse(recipe, ['resources', name, 'params'], `lacks ${key}, which has no default`));
  return problems;
}

/** The value of a parameter that was checked, or what a listed value stands for under a name. */
export function paramValue(
  { params = {} }: Recipe,
  given: Readonly<Record<string, unknown>>,
  [, name = '', member]: readonly string[],
): ParamValue {
  const param = params[name];
  const value = (Object.hasOwn(given, name) ? given[name] : param?.default) as ParamValue;
  if (member === undefined || param?.kind !== 'enum' || Array.isArray(param.values)) return value;
  return (param.values as Record<string, Record<string, ParamValue>>)[String(value)]?.[member] ?? '';
}
