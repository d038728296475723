import { expect, it } from 'vitest';
import { limits } from '../../../functions/core/limits.ts';
import type { Problem } from '../../../functions/core/problem.ts';
import { checkRecipe } from '../../../functions/core/recipes/check-recipe.ts';

const RECIPE = {
  type: 'shop-database',
  description: 'A database',
  params: {
    size: { kind: 'enum', values: { small: { disk: '1Gi' }, large: { disk: '9Gi' } }, default: 'small' },
  },
  resources: { main: { type: 'postgres', params: { disk: '${params.size.disk}' } }, queue: { type: 'sqs' } },
  outputs: { url: '${resources.main.url}' },
};

/** A copy in which one place, named by its path, has another value. */
function but(path: string, value: unknown): unknown {
  const copy = structuredClone(RECIPE) as Record<string, unknown>;
  const keys = path.split('/');
  const last = keys.pop()!;
  let at = copy;
  for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
  Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

function faultsOf(value: unknown): string[] {
  try {
    checkRecipe(value);
    return [];
  } catch (error) {
    const { code, extra } = error as Problem;
    expect(code).toBe('invalid_recipe');
    return (extra.errors as { path: string; message: string }[]).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
}

it('takes a recipe, and keeps nothing of what it was given', () => {
  expect(checkRecipe(RECIPE)).toEqual(RECIPE);
  expect(checkRecipe(RECIPE)).not.toBe(RECIPE);
});

it.each([
  ['type', 'Shop', 'type: must be 2 to 40'],
  ['type', 'a/b', 'type: must be 2 to 40'],
  ['outptus', {}, 'outptus: is not a key of a recipe here'],
  ['resources', {}, 'resources: must have 1 to 10 entries'],
  ['resources/main/clas', 'a', 'resources.main.clas: is not a key of a recipe here; did you mean "class"?'],
  ['resources/__proto__', {}, 'resources.__proto__: is a key that is never allowed'],
  ['params/constructor', {}, 'params.constructor: is a key that is never allowed'],
  ['params/size/kind', 'list', 'params.size'],
  ['params/size/default', 'huge', 'params.size.default: must be one of small, large'],
  ['params/size/values/large', {}, 'params.size.values.large: must have what the others have: disk'],
  ['params/size/values', ['a', 'a'], 'params.size.values: names a value twice'],
  ['params/count', { kind: 'number', minimum: 2, default: 1 }, 'params.count.default: must be between'],
  [
    'outputs/url',
    '${resources.other.url}',
    'outputs.url: ${resources.other.url} names a resource that the recipe does not have; there are main, queue',
  ],
  ['outputs/url', '${resources.main}', 'outputs.url: ${resources.main} names no output'],
  [
    'outputs/url',
    '${params.toString}',
    'outputs.url: ${params.toString} names a parameter that the recipe does not have',
  ],
  ['outputs/url', '${params.size.cpu}', 'outputs.url: ${params.size.cpu}: the values of size have disk'],
  [
    'outputs/url',
    '${env.HOME}',
    'outputs.url: "${env.HOME}" starts with none of params, resources, metadata',
  ],
  ['outputs/url', 1, 'outputs.url: must be text'],
  [
    'resources/main/class',
    '${resources.queue.url}',
    'resources.main.class: ${resources.queue.url} can not be here',
  ],
  [
    'resources/main/params/of',
    '${resources.main.url}',
    'resources.main: needs itself through its params: main -> main',
  ],
])('refuses it where %s is %j', (path, value, why) => {
  expect(faultsOf(but(path, value)).join('\n')).toContain(why);
});

it('refuses a recipe that is too large, and too many of anything', () => {
  const long = {
    ...RECIPE,
    outputs: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`o${n}`, 'x'.repeat(2_000)])),
  };
  expect(faultsOf(long)[0]).toContain(`larger than ${limits.recipe.value} bytes`);
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`r-${n}`, { type: 'redis' }]));
  expect(faultsOf({ ...RECIPE, params: {}, resources: many, outputs: {} })).toEqual([
    'resources: must have 1 to 10 entries',
  ]);
});
