/** How the parts of a recipe have to fit together, as far as the recipe itself tells. */
import { Problem } from '../problem.ts';
import type { Fault, Path } from '../score/file/score-faults.ts';
import { dependencyOrder } from '../score/graph.ts';
import { readParts } from '../score/placeholders.ts';
import { namesOfValues, type Recipe, type RecipeParam, recipeRoots } from './recipe.ts';
import { writePlaceholder } from './write-placeholders.ts';

/** Shows each text with placeholders of a value that is plain JSON. */
function visit(value: unknown, path: Path, look: (text: string, path: Path) => void): void {
  if (typeof value === 'string') look(value, path);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inside] of Object.entries(value))
      visit(inside, [...path, Array.isArray(value) ? Number(key) : key], look);
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.slice(0, 20).join(', ');

/** Why a placeholder leads nowhere. */
function lost({ params = {}, resources }: Recipe, path: readonly string[]): string | undefined {
  const [root, name = '', ...rest] = path;
  const shown = writePlaceholder(path);
  if (root === 'resources') {
    if (!Object.hasOwn(resources, name))
      return `${shown} names a resource that the recipe does not have; there are ${listed(Object.keys(resources))}`;
    return rest.length === 0 ? `${shown} names no output of its resource` : undefined;
  }
  if (root !== 'params') return undefined;
  const param = Object.hasOwn(params, name) ? params[name] : undefined;
  if (!param)
    return `${shown} names a parameter that the recipe does not have; there are ${listed(Object.keys(params))}`;
  if (rest.length === 0) return undefined;
  const members = membersOf(param);
  if (rest.length === 1 && members.includes(rest[0] ?? '')) return undefined;
  return members.length === 0
    ? `${shown}: the values of ${name} stand for nothing but themselves`
    : `${shown}: the values of ${name} have ${listed(members)}`;
}

function membersOf(param: RecipeParam): string[] {
  if (param.kind !== 'enum' || Array.isArray(param.values)) return [];
  return Object.keys(Object.values(param.values)[0] ?? {});
}

function paramFaults(name: string, param: RecipeParam): Fault[] {
  const path = ['params', name];
  const at = (key: string, message: string): Fault => ({ path: [...path, key], message });
  if (param.kind === 'number') {
    const { minimum = -Infinity, maximum = Infinity, default: given } = param;
    if (minimum > maximum) return [at('minimum', 'must not be more than maximum')];
    if (given !== undefined && (given < minimum || given > maximum))
      return [at('default', 'must be between minimum and maximum')];
  }
  if (param.kind !== 'enum') return [];
  const names = namesOfValues(param.values);
  const faults: Fault[] = [];
  if (new Set(names).size < names.length) faults.push(at('values', 'names a value twice'));
  if (param.default !== undefined && !names.includes(param.default))
    faults.push(at('default', `must be one of ${listed(names)}`));
  if (!Array.isArray(param.values)) {
    const members = membersOf(param);
    for (const [value, own] of Object.entries(param.values))
      if (Object.keys(own).length !== members.length || members.some((member) => !Object.hasOwn(own, member)))
        faults.push({
          path: [...path, 'values', value],
          message: `must have what the others have: ${listed(members)}`,
        });
  }
  return faults;
}

/** All that is wrong with a recipe whose form is right. */
export function recipeRuleFaults(recipe: Recipe): Fault[] {
  const faults = Object.entries(recipe.params ?? {}).flatMap(([name, param]) => paramFaults(name, param));
  const needs = new Map<string, Set<string>>();
  const look = (text: string, path: Path): void => {
    try {
      for (const part of readParts(text, 'the recipe', recipeRoots)) {
        if ('text' in part) continue;
        const [root, name = ''] = part.path;
        const isName = path[0] === 'resources' && (path[2] === 'class' || path[2] === 'id');
        const message =
          isName && root !== 'params'
            ? `${writePlaceholder(part.path)} can not be here: parameters alone can`
            : lost(recipe, part.path);
        if (message !== undefined) faults.push({ path, message });
        else if (root === 'resources' && path[0] === 'resources') {
          const inner = String(path[1]);
          needs.set(inner, (needs.get(inner) ?? new Set()).add(name));
        }
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const [told] = error.extra.errors as { message: string }[];
      faults.push({ path, message: told?.message ?? error.message });
    }
  };
  visit(recipe.resources, ['resources'], look);
  visit(recipe.outputs, ['outputs'], look);
  if (faults.length > 0) return faults;
  const ordered = dependencyOrder(Object.keys(recipe.resources), (name) => needs.get(name) ?? []);
  if ('order' in ordered) return [];
  const message = `needs itself through its params: ${ordered.cycle.join(' -> ')}`;
  return [{ path: ['resources', ordered.cycle[0] ?? ''], message }];
}
