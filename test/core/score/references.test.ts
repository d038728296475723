import { describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import { provisionOrder, references } from '../../../functions/core/score/references.ts';
import { expectLinear } from '../../support/cpu.ts';
import { everything, least } from './fixtures.ts';

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('No problem was thrown');
}

const withResources = (resources: Record<string, Record<string, unknown> | undefined>) =>
  parseScore(
    `${least}resources: ${JSON.stringify(
      Object.fromEntries(
        Object.entries(resources).map(([name, params]) => [name, { type: 'any', params: params ?? {} }]),
      ),
    )}`,
  );

describe('references', () => {
  it('finds every place where placeholders expand', () => {
    const found = references(parseScore(everything));
    expect(found.map(({ where, refersTo, output }) => [where, refersTo, output])).toEqual([
      ['containers.main.variables.DATABASE_URL', 'db', 'username'],
      ['containers.main.variables.DATABASE_URL', 'db', 'password'],
      ['containers.main.variables.DATABASE_URL', 'db', 'host'],
      ['containers.main.variables.DATABASE_URL', 'db', 'name'],
      ['containers.main.variables.TEAM', undefined, undefined],
      ['containers.main.files["/etc/orders/app.toml"].content', undefined, undefined],
      ['containers.main.volumes["/var/lib/orders"].source', 'data', undefined],
      ['resources.feed.params.target', 'db', 'host'],
      ['resources.feed.params.options[0].name', undefined, undefined],
    ]);
    expect(found.at(-2)).toMatchObject({ resource: 'feed', path: ['resources', 'db', 'host'] });
    expect(found[0]).toMatchObject({ part: 'variable' });
  });

  it('leaves alone where none expand', () => {
    const text =
      '    command: ["${x}"]\n    args: ["${"]\n    files: {/a: {content: "${x", noExpand: true}}\n';
    expect(references(parseScore(least.replace('image: .', 'image: ${x}') + text))).toEqual([]);
  });

  it('names the place and what there is, for each that leads nowhere', () => {
    const text = `${least}    variables: {A: "\${resources.dbb.host}", B: "\${metadata.nam}"}\nresources: {db: {type: pg}, env: {type: environment}}`;
    const problem = problemOf(() => references(parseScore(text)));
    expect(problem.code).toBe('unresolved_placeholder');
    expect(problem.message).toContain('containers.main.variables.A');
    expect(problem.message).toContain('${resources.dbb.host}');
    expect(problem.message).toContain('db, env (and 1 more)');
    expect(problem.extra.errors).toEqual([
      { path: 'containers.main.variables.A', message: expect.stringContaining('db, env') },
      { path: 'containers.main.variables.B', message: expect.stringContaining('which has name') },
    ]);
  });

  it('says when no resource is declared', () => {
    const text = `${least}    variables: {A: "\${resources.db.host}"}`;
    expect(problemOf(() => references(parseScore(text))).message).toContain('declares none');
  });

  it('knows a resource only by its own name', () => {
    const workload = withResources({ db: { a: '${resources.toString.x}' } });
    expect(problemOf(() => references(workload)).code).toBe('unresolved_placeholder');
  });

  it('answers quickly when all of a large file leads nowhere', () => {
    expectLinear(1500, (length) => {
      const many = Array.from({ length }, (_, n) => `r${n}r`);
      const resources = Object.fromEntries(many.map((name) => [name, { a: '${resources.no.x}'.repeat(4) }]));
      const problem = problemOf(() => references(withResources(resources)));
      expect(problem.extra.errors).toHaveLength(50);
    });
  });
});

describe('provisionOrder', () => {
  it('puts each behind what it needs, else in the order of the file', () => {
    const workload = withResources({
      front: { a: '${resources.middle.x}' },
      alone: undefined,
      middle: { a: [{ b: '${resources.back.x} ${resources.other.x}' }] },
      other: { a: '${metadata.name}' },
      back: undefined,
    });
    expect(provisionOrder(workload)).toEqual(['back', 'other', 'middle', 'front', 'alone']);
  });

  it('is empty without resources, and not moved by what containers use', () => {
    expect(provisionOrder(parseScore(least))).toEqual([]);
    expect(provisionOrder(parseScore(everything))).toEqual(['db', 'data', 'feed']);
  });

  it.each<[string, Record<string, Record<string, unknown>>, string]>([
    ['itself', { one: { a: '${resources.one.x}' } }, 'one -> one'],
    [
      'one another',
      { one: { a: '${resources.two.x}' }, two: { a: '${resources.one.x}' } },
      'one -> two -> one',
    ],
    [
      'one another behind a way in',
      {
        in1: { a: '${resources.one.x}' },
        one: { a: '${resources.two.x}' },
        two: { a: '${resources.one.x}' },
      },
      'one -> two -> one',
    ],
  ])('refuses resources that need %s', (_, resources, circle) => {
    const problem = problemOf(() => provisionOrder(withResources(resources)));
    expect(problem.code).toBe('invalid_score');
    expect(problem.message).toContain(circle);
  });

  it('does not overflow on a long chain', () => {
    const names = Array.from({ length: 1500 }, (_, n) => `r${n}r`);
    const chain = Object.fromEntries(
      names.map((name, n) => [name, n + 1 < names.length ? { a: `\${resources.${names[n + 1]}.x}` } : {}]),
    );
    expect(provisionOrder(withResources(chain))).toEqual(names.toReversed());
  });
});
