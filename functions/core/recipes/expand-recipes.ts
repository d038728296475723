/**
 * Rewrites a workload: a resource of a recipe's type becomes the recipe's resources, and placeholders for it become what its outputs
 * say. The result names types of Berth's alone. It depends on the workload and the recipes alone: deployments name the versions of
 * their recipes, and their workloads are made anew from these, so that what it makes of one recipe may not change.
 */
import { Problem } from '../problem.ts';
import { type ExpansionBudget, expansionBudget } from '../score/expansion-budget.ts';
import { quote } from '../score/file/score-faults.ts';
import { type Part, readParts, unresolved } from '../score/placeholders.ts';
import { references } from '../score/references.ts';
import { type Place, replaceInContainer, replaceInParams } from '../score/texts.ts';
import type { ScoreResource, ScoreWorkload } from '../score/workload.ts';
import {
  type KeptRecipe,
  madeId,
  madeName,
  type Recipe,
  type RecipePin,
  type RecipeResource,
  recipeRoots,
} from './recipe.ts';
import { invalidUse, paramProblems, paramValue } from './recipe-params.ts';
import { writeParts, writePlaceholder } from './write-placeholders.ts';

export interface Expansion {
  /** The workload as it was given where there are problems. */
  workload: ScoreWorkload;
  /** By the workload's name for what it asks of a recipe. */
  pins: Record<string, RecipePin>;
  /** The names of resources that recipes made, each with the workload's name for what it asks of the recipe. */
  made: ReadonlyMap<string, string>;
  problems: Problem[];
}

interface Use {
  name: string;
  declared: ScoreResource;
  recipe: Recipe;
  given: Readonly<Record<string, unknown>>;
}

function problemsOf(work: () => unknown): Problem[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof Problem) return [error];
    throw error;
  }
}

/** @param recipes by their types; of these the workload's resources are made */
export function expandRecipes(workload: ScoreWorkload, recipes: ReadonlyMap<string, KeptRecipe>): Expansion {
  const uses = new Map<string, Use>();
  const pins: [string, RecipePin][] = [];
  for (const [name, declared] of Object.entries(workload.resources ?? {})) {
    const kept = recipes.get(declared.type);
    if (!kept) continue;
    uses.set(name, { name, declared, recipe: kept.recipe, given: declared.params ?? {} });
    pins.push([name, { type: declared.type, version: kept.version }]);
  }
  const made = new Map(
    [...uses.values()].flatMap(({ name, recipe }) =>
      Object.keys(recipe.resources).map((inner): [string, string] => [madeName(name, inner), name]),
    ),
  );
  const same = { workload, pins: Object.fromEntries(pins), made };
  if (uses.size === 0) return { ...same, problems: [] };
  const refused = [
    ...[...uses.values()].flatMap(useProblems),
    ...nameProblems(workload, uses),
    // Names that recipes make are not for the workload: placeholders for them are refused as those for any other that is not there.
    ...problemsOf(() => references(workload)),
  ];
  if (refused.length > 0) return { ...same, problems: refused };
  const rewriter = new Rewriter(uses);
  const rewritten = rewriter.workload(workload);
  return rewriter.problems.length > 0
    ? { ...same, problems: rewriter.problems }
    : { ...same, workload: rewritten, problems: [] };
}

function useProblems({ name, declared, recipe, given }: Use): Problem[] {
  const problems = paramProblems(recipe, name, given);
  if (declared.class !== undefined && declared.class !== 'default')
    problems.push(
      invalidUse(recipe, ['resources', name, 'class'], `${recipe.type} has no classes: leave it out`),
    );
  return problems;
}

/** What two would be called alike. */
function nameProblems({ resources = {} }: ScoreWorkload, uses: ReadonlyMap<string, Use>): Problem[] {
  const taken = new Map<string, string>();
  for (const name of Object.keys(resources)) if (!uses.has(name)) taken.set(name, name);
  const problems: Problem[] = [];
  for (const { name, recipe } of uses.values())
    for (const inner of Object.keys(recipe.resources)) {
      const own = madeName(name, inner);
      const other = taken.get(own);
      const fault =
        other !== undefined
          ? `is made of a resource ${quote(own)}, which is there as ${quote(other)} already: give one of them another name`
          : own.length > 63
            ? `is made of a resource ${quote(own)}, whose name is longer than 63 characters: give it a shorter one`
            : undefined;
      if (fault !== undefined) problems.push(invalidUse(recipe, ['resources', name], fault));
      taken.set(own, name);
    }
  return problems;
}

const CLASS = /^[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/;
const ID = /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/;

class Rewriter {
  readonly problems: Problem[] = [];
  private readonly uses: ReadonlyMap<string, Use>;
  private readonly budget: ExpansionBudget = expansionBudget();
  /** Of each output that was asked for. */
  private readonly known = new Map<string, Part[]>();
  /** Outputs that are being made, by whose params they came to be asked for. */
  private readonly open = new Set<string>();

  constructor(uses: ReadonlyMap<string, Use>) {
    this.uses = uses;
  }

  workload(workload: ScoreWorkload): ScoreWorkload {
    const containers = Object.entries(workload.containers).map(([name, container]) => [
      name,
      replaceInContainer(name, container, (text, place) => this.text(text, place)),
    ]);
    const resources = Object.entries(workload.resources ?? {}).flatMap(([name, declared]) => {
      const use = this.uses.get(name);
      if (use) return this.made(use);
      const { params } = declared;
      const replaced = params && replaceInParams(name, params, (text, place) => this.text(text, place));
      return [[name, { ...declared, ...(replaced && { params: replaced }) }]];
    });
    return {
      ...workload,
      containers: Object.fromEntries(containers),
      resources: Object.fromEntries(resources),
    };
  }

  /** A text of the workload; one that names no recipe's resource stays as it is written. */
  private text(text: string, place: Place): string {
    return this.guarded(text, () => {
      const parts = readParts(text, place.where);
      if (!parts.some((part) => 'path' in part && this.askedOf(part.path))) return text;
      return this.written(this.inWorkload(parts, place), place.where);
    });
  }

  private guarded<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problems.push(error);
      return otherwise;
    }
  }

  private askedOf(path: readonly string[]): Use | undefined {
    return path[0] === 'resources' ? this.uses.get(path[1] ?? '') : undefined;
  }

  private written(parts: readonly Part[], where: string): string {
    const text = writeParts(parts);
    if (text !== undefined) return text;
    throw unresolved(
      where,
      'what comes of it has ${ that stands for itself, and no } before the next placeholder',
      'Write the brace that closes it, or give the text in a variable of the environment.',
    );
  }

  private counted(parts: Part[], where: string): Part[] {
    for (const part of parts)
      this.budget.take('text' in part ? part.text : writePlaceholder(part.path), where);
    return parts;
  }

  /** Placeholders as the workload has them: those for a recipe's resource stand for its outputs. */
  private inWorkload(parts: readonly Part[], place: Place): Part[] {
    return parts.flatMap((part) => {
      const use = 'path' in part ? this.askedOf(part.path) : undefined;
      return use && 'path' in part ? this.output(use, part.path, place) : [part];
    });
  }

  private output(use: Use, path: readonly string[], { part, where }: Place): Part[] {
    const { outputs, type } = use.recipe;
    const output = path.slice(2).join('.') || (part === 'volume' ? 'source' : '');
    const key = `${use.name}\u0000${output}`;
    const known = this.known.get(key);
    if (known) return this.counted(known, where);
    const shown = writePlaceholder(path);
    if (!Object.hasOwn(outputs, output)) {
      const why =
        output === '' ? `${shown} names no output of its resource` : `${shown} is no output of its resource`;
      throw unresolved(where, why, `The type ${type} offers: ${Object.keys(outputs).join(', ')}.`);
    }
    if (this.open.has(key))
      throw unresolved(
        where,
        `${shown} needs itself through params`,
        'Take it out of the params of one of the two.',
      );
    this.open.add(key);
    try {
      const parts = this.inRecipe(use, outputs[output] ?? '', where);
      this.known.set(key, parts);
      return parts;
    } finally {
      this.open.delete(key);
    }
  }

  /** A text of the recipe, in which placeholders name what is the recipe's own. */
  private inRecipe(use: Use, text: string, where: string): Part[] {
    const parts = readParts(text, where, recipeRoots).flatMap((part): Part[] => {
      if ('text' in part) return [part];
      const [root, inner = '', ...rest] = part.path;
      if (root === 'params') return this.param(use, part.path, where);
      return root === 'resources' ? [{ path: ['resources', madeName(use.name, inner), ...rest] }] : [part];
    });
    return this.counted(parts, where);
  }

  /** What the workload gives is text of the workload: its placeholders are read as such, once, and never as the recipe's. */
  private param({ name, recipe, given }: Use, path: readonly string[], where: string): Part[] {
    const value = paramValue(recipe, given, path);
    const [, param = ''] = path;
    const isTheirs =
      path.length === 2 && recipe.params?.[param]?.kind === 'string' && Object.hasOwn(given, param);
    if (!isTheirs || typeof value !== 'string') return [{ text: String(value) }];
    return this.inWorkload(readParts(value, where), { where, part: 'param', resource: name });
  }

  private made(use: Use): [string, ScoreResource][] {
    return Object.entries(use.recipe.resources).map(([inner, resource]) => {
      const where = `resources.${use.name}`;
      const { type, params } = resource;
      const names = this.guarded({}, () => this.names(use, inner, resource));
      const { metadata } = use.declared;
      return [
        madeName(use.name, inner),
        {
          type,
          ...names,
          ...(metadata && { metadata }),
          ...(params && { params: this.inside(use, params, where) as Record<string, unknown> }),
        },
      ];
    });
  }

  private names(use: Use, inner: string, resource: RecipeResource): Pick<ScoreResource, 'class' | 'id'> {
    const where = `resources.${use.name}`;
    const read = (text: string): string => {
      const parts = this.inRecipe(use, text, where);
      if (parts.every((part) => 'text' in part)) return parts.map(({ text: own }) => own).join('');
      throw invalidUse(
        use.recipe,
        ['resources', use.name, 'params'],
        'must hold no placeholder where a class or an id is made of it',
      );
    };
    const shared = use.declared.id === undefined ? undefined : madeId(use.declared.id, inner);
    const className = resource.class === undefined ? undefined : read(resource.class);
    const id = resource.id === undefined ? shared : read(resource.id);
    const fault = (what: string) =>
      invalidUse(
        use.recipe,
        ['resources', use.name],
        `comes to have ${what} that can not be: 2 to 63 characters of those that Score allows`,
      );
    if (className !== undefined && !CLASS.test(className)) throw fault('a class');
    if (id !== undefined && (id.length < 2 || id.length > 63 || !ID.test(id))) throw fault('an id');
    return { ...(className !== undefined && { class: className }), ...(id !== undefined && { id }) };
  }

  private inside(use: Use, value: unknown, where: string): unknown {
    if (typeof value === 'string') return this.guarded(value as unknown, () => this.value(use, value, where));
    if (Array.isArray(value)) return value.map((item) => this.inside(use, item, where));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.inside(use, item, where)]),
    );
  }

  /** A text that is one placeholder for a parameter is its value, whatever kind it has. */
  private value(use: Use, text: string, where: string): unknown {
    const parts = readParts(text, where, recipeRoots);
    const [only] = parts;
    if (parts.length === 1 && only && 'path' in only && only.path[0] === 'params') {
      const value = paramValue(use.recipe, use.given, only.path);
      if (typeof value !== 'string') return value;
    }
    if (!parts.some((part) => 'path' in part)) return text;
    return this.written(this.inRecipe(use, text, where), where);
  }
}
