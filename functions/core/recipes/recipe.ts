/** A recipe: a resource type that the platform team makes of those that Berth has. */

export type ParamValue = string | number | boolean;

/** What one value of a listed parameter stands for, by names of its own: `${params.size.storage}`. */
export type ParamMembers = Readonly<Record<string, ParamValue>>;

/** A parameter without a default has to be given. */
export type RecipeParam = { description?: string } & (
  | { kind: 'string'; default?: string }
  | { kind: 'number'; default?: number; minimum?: number; maximum?: number }
  | { kind: 'boolean'; default?: boolean }
  | { kind: 'enum'; default?: string; values: readonly string[] | Readonly<Record<string, ParamMembers>> }
);

export interface RecipeResource {
  /** One of Berth's own types. */
  type: string;
  class?: string;
  /** Shares the resource with all that name it in the environment, whatever their Score files say. */
  id?: string;
  params?: Record<string, unknown>;
}

/** Texts may hold `${params.x}`, `${resources.x.output}` of the recipe, and `${metadata.x}` of the workload. */
export interface Recipe {
  /** The name that Score files use. */
  type: string;
  description: string;
  params?: Record<string, RecipeParam>;
  /** By names of the recipe's own. The one that is named `main` has the name that the Score file gives the whole. */
  resources: Record<string, RecipeResource>;
  /** By the name of the output, the text that takes its place. */
  outputs: Record<string, string>;
}

/** A recipe with the number of its version. */
export interface KeptRecipe {
  version: number;
  recipe: Recipe;
}

/** A version of a recipe, as it is kept for good. */
export interface RecipeVersion extends KeptRecipe {
  createdAt: string;
  createdBy: string;
}

/** Which version of which recipe a resource of a deployment's workload was made by. */
export interface RecipePin {
  type: string;
  version: number;
}

/** The resource of a recipe that has the name, and the id, of what the Score file asks for. */
export const MAIN = 'main';

/**
 * The name of a recipe's resource in a workload. It follows from the two names alone, so that what a recipe has besides can
 * change without another resource, with other data, taking its place.
 * @param name the workload's name for what it asks of the recipe
 */
export const madeName = (name: string, inner: string): string => (inner === MAIN ? name : `${name}-${inner}`);

/** Its id, where the workload gives one: who shares an id shares all that is made for it. */
export const madeId = (id: string, inner: string): string => (inner === MAIN ? id : `${id}.${inner}`);

/** The names of the values that a listed parameter may have. */
export const namesOfValues = (values: Extract<RecipeParam, { kind: 'enum' }>['values']): readonly string[] =>
  Array.isArray(values) ? values : Object.keys(values);

/** What the placeholders of a recipe begin with. */
export const recipeRoots: ReadonlySet<string> = new Set(['params', 'resources', 'metadata']);
