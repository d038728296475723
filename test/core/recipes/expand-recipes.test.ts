import { describe, expect, it } from 'vitest';
import { checkRecipe } from '../../../functions/core/recipes/check-recipe.ts';
import { expandRecipes } from '../../../functions/core/recipes/expand-recipes.ts';
import type { KeptRecipe } from '../../../functions/core/recipes/recipe.ts';
import { expand } from '../../../functions/core/score/placeholders.ts';
import { resourceIdentity } from '../../../functions/core/score/resource-identity.ts';
import type { ScoreResource, ScoreWorkload } from '../../../functions/core/score/workload.ts';
import { expectLinear } from '../../support/cpu.ts';

const DATABASE = {
  type: 'shop-database',
  description: 'A database with a queue for its changes',
  params: {
    size: {
      kind: 'enum',
      values: { small: { disk: '1Gi', fast: false }, large: { disk: '100Gi', fast: true } },
      default: 'small',
    },
    label: { kind: 'string', default: 'none' },
    count: { kind: 'number', default: 3, minimum: 1, maximum: 9 },
  },
  resources: {
    main: {
      type: 'postgres',
      params: {
        disk: '${params.size.disk}',
        fast: '${params.size.fast}',
        all: ['${params.count}', 'n=${params.count}'],
      },
    },
    queue: { type: 'sqs', params: { of: '${resources.main.name}', label: 'for ${params.label}' } },
  },
  outputs: {
    url: '${resources.main.url}?app=${metadata.name}&size=${params.size}',
    queue: '${resources.queue.url}',
    label: '${params.label}',
    both: '${params.label}${params.label}',
  },
};
const DISK = {
  type: 'team-disk',
  description: 'A volume',
  resources: { main: { type: 'volume' } },
  outputs: { source: '${resources.main.source}' },
};

const kept = (recipe: unknown, version = 1): [string, KeptRecipe] => {
  const checked = checkRecipe(recipe);
  return [checked.type, { version, recipe: checked }];
};
const recipes = new Map([kept(DATABASE, 4), kept(DISK)]);

function workload(
  resources: Record<string, ScoreResource>,
  variables: Record<string, string> = {},
  more: Partial<ScoreWorkload['containers'][string]> = {},
): ScoreWorkload {
  return {
    apiVersion: 'score.dev/v1b1',
    metadata: { name: 'shop' },
    containers: { main: { image: '.', variables, ...more } },
    resources,
  };
}

function made(...given: Parameters<typeof workload>): ScoreWorkload {
  const { workload: result, problems } = expandRecipes(workload(...given), recipes);
  expect(problems.map(({ message }) => message)).toEqual([]);
  return result;
}

const refused = (...given: Parameters<typeof workload>): string[] =>
  expandRecipes(workload(...given), recipes).problems.map(({ code, message }) => `${code} ${message}`);

const db = (params?: Record<string, unknown>): Record<string, ScoreResource> => ({
  db: { type: 'shop-database', ...(params && { params }) },
});

describe('resources', () => {
  it('has the resources of the recipe in the place of what is asked for, with values of their kinds', () => {
    expect(
      made({ ...db({ size: 'large', count: 5, label: 'a' }), own: { type: 'redis' } }).resources,
    ).toEqual({
      db: { type: 'postgres', params: { disk: '100Gi', fast: true, all: [5, 'n=5'] } },
      'db-queue': { type: 'sqs', params: { of: '${resources.db.name}', label: 'for a' } },
      own: { type: 'redis' },
    });
  });

  it('says which version of which recipe made what', () => {
    const { pins, made: names } = expandRecipes(workload({ ...db(), own: { type: 'redis' } }), recipes);
    expect(pins).toEqual({ db: { type: 'shop-database', version: 4 } });
    expect([...names]).toEqual([
      ['db', 'db'],
      ['db-queue', 'db'],
    ]);
  });

  it('gives each use its own, and names them by the use', () => {
    const { resources, containers } = made(
      { one: { type: 'shop-database' }, other: { type: 'shop-database' } },
      { A: '${resources.one.queue}', B: '${resources.other.queue}' },
    );
    expect(Object.keys(resources!)).toEqual(['one', 'one-queue', 'other', 'other-queue']);
    expect(containers.main!.variables).toEqual({
      A: '${resources.one-queue.url}',
      B: '${resources.other-queue.url}',
    });
  });

  it('is the same resource in each version of the recipe that has its name, and the one that was there before the recipe', () => {
    const before = workload({ db: { type: 'postgres' } });
    const less = { ...DATABASE, resources: { main: { type: 'postgres' } }, outputs: {} };
    const uids = [
      before,
      expandRecipes(workload(db()), recipes).workload,
      expandRecipes(workload(db()), new Map([kept(less)])).workload,
    ].map(({ metadata, resources }) => resourceIdentity(metadata.name, 'db', resources!.db!).uid);
    expect(new Set(uids)).toEqual(new Set(['postgres.default#shop.db']));
  });

  it('is shared by all that give the same id, each of its parts', () => {
    const uidsIn = (name: string) => {
      const { resources } = made({ [name]: { type: 'shop-database', id: 'orders' } });
      return Object.entries(resources!).map(([own, one]) => resourceIdentity('any', own, one).uid);
    };
    expect(uidsIn('one')).toEqual(['postgres.default#orders', 'sqs.default#orders.queue']);
    expect(uidsIn('other')).toEqual(uidsIn('one'));
  });

  it('gives nothing back of a workload without recipes but itself', () => {
    const own = workload({ own: { type: 'redis' } }, { A: '$ $$ ${resources.own.host}' });
    expect(expandRecipes(own, recipes).workload).toBe(own);
  });
});

describe('placeholders', () => {
  it('stands for the output wherever placeholders expand, and nowhere else', () => {
    const { containers, resources } = made(
      {
        ...db(),
        disk: { type: 'team-disk' },
        other: { type: 'redis', params: { of: 'x ${resources.db.queue}' } },
      },
      { URL: 'a ${resources.db.url} z', OWN: '${resources.other.host}' },
      {
        args: ['${resources.db.url}'],
        files: {
          '/a': { content: '${resources.db.queue}' },
          '/b': { content: '${resources.db.queue}', noExpand: true },
        },
        volumes: { '/data': { source: '${resources.disk}' } },
      },
    );
    expect(containers.main).toEqual({
      image: '.',
      variables: {
        URL: 'a ${resources.db.url}?app=${metadata.name}&size=small z',
        OWN: '${resources.other.host}',
      },
      args: ['${resources.db.url}'],
      files: {
        '/a': { content: '${resources.db-queue.url}' },
        '/b': { content: '${resources.db.queue}', noExpand: true },
      },
      volumes: { '/data': { source: '${resources.disk.source}' } },
    });
    expect(resources!.other!.params).toEqual({ of: 'x ${resources.db-queue.url}' });
  });

  it.each([
    ['$${resources.db.url} ${resources.db.queue}', '${resources.db.url} <resources.db-queue.url>'],
    ['$$$${a$$b} ${resources.db.queue}', '$${a$$b} <resources.db-queue.url>'],
    ['5 $ and $$ ${resources.db.queue}$', '5 $ and $ <resources.db-queue.url>$'],
    ['$$${resources.db.queue}{a}', '$<resources.db-queue.url>{a}'],
    ['$(NAME) ${resources.db.queue} $${open', '$(NAME) <resources.db-queue.url> ${open'],
  ])('what %j says stays said: %j', (text, said) => {
    const variable = made(db(), { A: text }).containers.main!.variables!.A!;
    expect(expand(variable, (path) => `<${path.join('.')}>`, 'A')).toBe(said);
  });

  it('refuses outputs that are not there, and names that only the recipe made', () => {
    expect(refused(db(), { A: '${resources.db.toString}', B: '${resources.db}' })).toEqual([
      expect.stringContaining(
        'unresolved_placeholder A placeholder in containers.main.variables.A can not be resolved: ${resources.db.toString} is no output',
      ),
      expect.stringContaining('${resources.db} names no output'),
    ]);
    expect(refused(db(), { A: '${resources.db-queue.url}' })).toEqual([
      expect.stringContaining('names a resource that is not declared; there are db.'),
    ]);
  });
});

describe('parameters', () => {
  it.each([
    [{ size: 'huge' }, 'resources.db.params.size: must be one of small, large'],
    [{ size: 'toString' }, 'must be one of small, large'],
    [{ count: '3' }, 'resources.db.params.count: must be a number'],
    [{ count: 10 }, 'must be at most 9'],
    [{ label: 1 }, 'must be text'],
    [{ labell: 'a' }, 'did you mean "label"?'],
    [{ hasOwnProperty: 'a' }, 'is no parameter of shop-database'],
    [{ size: '${metadata.name}' }, 'must be one of small, large'],
  ])('refuses %j', (params, why) => {
    expect(refused(db(params))).toEqual([expect.stringContaining(`invalid_resource`)]);
    expect(refused(db(params))[0]).toContain(why);
  });

  it('refuses what has no default and is not given, and classes', () => {
    const needy = { ...DISK, params: { name: { kind: 'string' } } };
    const { problems } = expandRecipes(
      workload({ disk: { type: 'team-disk', class: 'large' } }),
      new Map([kept(needy)]),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      'resources.disk.params: lacks name, which has no default.',
      'resources.disk.class: team-disk has no classes: leave it out.',
    ]);
  });

  it('reads what a workload gives as text of the workload, once, and never as the recipe’s', () => {
    const labelled = (label: string) => {
      const { containers } = made(
        { ...db({ label }), own: { type: 'redis' } },
        { A: '${resources.db.label}' },
      );
      return expand(containers.main!.variables!.A!, (path) => `<${path.join('.')}>`, 'A');
    };
    expect(labelled('${resources.own.host}')).toBe('<resources.own.host>');
    expect(labelled('$${params.count} $${resources.main.url}')).toBe('${params.count} ${resources.main.url}');
    expect(labelled('a$$')).toBe('a$');
    expect(refused(db({ label: '${params.count}' }), { A: '${resources.db.label}' })).toEqual([
      expect.stringContaining('starts with none of metadata, resources'),
    ]);
    // The recipe's own name of its resource is none of the workload's.
    expect(refused(db({ label: '${resources.queue.url}' }), { A: '${resources.db.label}' })).toEqual([
      expect.stringContaining('resource that is not declared'),
    ]);
  });

  it('joins no placeholder out of what stands for itself', () => {
    const joined = {
      type: 'team-joined',
      description: 'Joins',
      params: { a: { kind: 'string' }, b: { kind: 'string' } },
      resources: { main: { type: 'postgres' } },
      outputs: { text: '${params.a}${params.b}', before: '${params.a}${resources.main.url}' },
    };
    const text = (a: string, b: string, output: string) => {
      const { workload: result, problems } = expandRecipes(
        workload({ x: { type: 'team-joined', params: { a, b } } }, { A: `\${resources.x.${output}}` }),
        new Map([kept(joined)]),
      );
      if (problems[0]) return problems[0].code;
      return expand(result.containers.main!.variables!.A!, (path) => `<${path.join('.')}>`, 'A');
    };
    expect(text('$', '{resources.x.password}', 'text')).toBe('${resources.x.password}');
    expect(text('$', '', 'before')).toBe('$<resources.x.url>');
    expect(text('$$${a', '', 'before')).toBe('unresolved_placeholder');
    expect(text('$${a', 'b}', 'text')).toBe('${ab}');
    expect(text('$${a', '', 'before')).toBe('unresolved_placeholder');
  });

  it('follows placeholders in parameters to the outputs of other recipes, and refuses a circle', () => {
    const { containers } = made(
      {
        one: { type: 'shop-database', params: { label: '${resources.two.queue}' } },
        two: { type: 'shop-database' },
      },
      { A: '${resources.one.label}' },
    );
    expect(containers.main!.variables!.A).toBe('${resources.two-queue.url}');
    const circle = {
      one: { type: 'shop-database', params: { label: '${resources.two.label}' } },
      two: { type: 'shop-database', params: { label: '${resources.one.label}' } },
    };
    expect(refused(circle, { A: '${resources.one.label}' })[0]).toContain('needs itself through params');
  });
});

describe('what is too much', () => {
  it('stops where each use doubles what the one before it gives', () => {
    const names = Array.from({ length: 40 }, (_, index) => `n-${index}`);
    const resources = Object.fromEntries(
      names.map((name, index) => [
        name,
        {
          type: 'shop-database',
          params: { label: index === 0 ? 'long' : `\${resources.n-${index - 1}.both}` },
        },
      ]),
    );
    expect(refused(resources, { A: '${resources.n-39.both}' })[0]).toContain('expansion_too_large');
  });

  it('takes time in proportion to the workload', () => {
    expectLinear(1_600, (size) => {
      const variables = Object.fromEntries(
        Array.from({ length: size }, (_, index) => [`V${index}`, '${resources.db.queue} $$']),
      );
      made(db(), variables);
    });
  });

  it('refuses names that would be two resources, or too long', () => {
    expect(refused({ ...db(), 'db-queue': { type: 'redis' } })[0]).toContain('"db-queue", which is there');
    expect(refused({ ['d'.repeat(63)]: { type: 'shop-database' } })[0]).toContain('longer than 63');
  });
});
