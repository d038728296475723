import { describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import { expand, lookupMetadata, placeholders } from '../../../functions/core/score/placeholders.ts';
import { expectLinear } from '../../support/cpu.ts';

const where = 'containers.main.variables.URL';
const echo = (path: string[]): string => `<${path.join('|')}>`;
const expanded = (text: string): string => expand(text, echo, where);

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('No problem was thrown');
}

describe('expand', () => {
  it.each([
    ['', ''],
    ['no dollar', 'no dollar'],
    ['${metadata.name}', '<metadata|name>'],
    ['${resources.db.host}:${resources.db.port}', '<resources|db|host>:<resources|db|port>'],
    ['${resources.data}', '<resources|data>'],
    ['a${metadata.a.b.c}z', 'a<metadata|a|b|c>z'],
    ['${metadata.annotations.example\\.org/team}', '<metadata|annotations|example.org/team>'],
    ['${resources.env.API_KEY}', '<resources|env|API_KEY>'],
  ])('%j becomes %j', (text, result) => {
    expect(expanded(text)).toBe(result);
  });

  it.each([
    ['$', '$'],
    ['5$', '5$'],
    ['$5', '$5'],
    ['$HOME $(HOME)', '$HOME $(HOME)'],
    ['{}', '{}'],
    ['$$', '$'],
    ['$$$', '$$'],
    ['$$$$', '$$'],
    ['$${metadata.name}', '${metadata.name}'],
    ['$${anything at all}', '${anything at all}'],
    ['$${a$$b}', '${a$$b}'],
    ['$$${metadata.name}', '$<metadata|name>'],
    ['$$$${metadata.name}', '$${metadata.name}'],
    ['$${not closed', '${not closed'],
    ['$$$${', '$${'],
    ['$\\{', '$\\{'],
  ])('of dollars %j becomes %j', (text, result) => {
    expect(expanded(text)).toBe(result);
  });

  it.each([
    '${',
    '${metadata.name',
    'ok ${metadata.name} then ${',
    '${}',
    '${metadata}',
    '${resources}',
    '${metadata.}',
    '${.name}',
    '${resources..host}',
    '${resources.db.}',
    '${ metadata.name }',
    '${metadata. name}',
    '${metadata.a${metadata.b}}',
    '${metadata.$x}',
    '${env.HOME}',
    '${HOME}',
    '${Metadata.name}',
    '${toString.call}',
    '${metadata.na\nme}',
    '${metadata.na\u0000me}',
    '${metadata.__proto__}',
    '${metadata.__proto__.polluted}',
    '${resources.constructor.name}',
    '${resources.db.prototype}',
    '${constructor.constructor}',
    `\${metadata.${'a'.repeat(1000)}}`,
  ])('%j is refused', (text) => {
    const problem = problemOf(() => expanded(text));
    expect(problem.code).toBe('unresolved_placeholder');
    expect(problem.message).toContain(where);
    expect(problem.extra.errors).toEqual([{ path: where, message: expect.any(String) }]);
  });

  it('does not expand what it put in, nor read replacement patterns in it', () => {
    expect(expand('[${metadata.a}]', () => '${metadata.b}$$$&$1', where)).toBe('[${metadata.b}$$$&$1]');
  });

  it('shows the placeholder, not the text around it', () => {
    expect(problemOf(() => expanded('hunter2 ${nowhere} hunter2')).message).not.toContain('hunter2');
  });

  it('lets errors of the lookup through', () => {
    const failing = () => {
      throw new RangeError('lookup');
    };
    expect(() => expand('${metadata.a}', failing, where)).toThrow(RangeError);
  });

  it.each([
    ['$', '', '$', ''],
    ['$${', '', '$${', ''],
    ['$${ and a brace', '', '$${', '}'],
    ['$$', '', '$$', ''],
    ['}', '', '}', ''],
    ['${metadata.a}', '', '${metadata.a}', ''],
    ['an open placeholder', '${', 'a.', ''],
    ['a long placeholder', '${metadata', '.a', '}'],
    ['backslashes', '${metadata.', '\\', '}'],
  ])('takes no long time over a million characters of %s', (_, begin, unit, end) => {
    expectLinear(1_000_000, (size) => {
      try {
        expanded(begin + unit.repeat(size / unit.length) + end);
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
      }
    });
  });
});

describe('placeholders', () => {
  it('gives the paths in order, escapes left out', () => {
    expect(placeholders('${metadata.name} $${metadata.no} $$ ${resources.db.host}')).toEqual([
      ['metadata', 'name'],
      ['resources', 'db', 'host'],
    ]);
  });

  it('refuses what expand refuses', () => {
    expect(problemOf(() => placeholders('${x.y}', where)).message).toContain(where);
  });
});

describe('lookupMetadata', () => {
  const metadata = { name: 'aa', team: { size: 4, tags: ['x', 'y'], lead: null } };
  it.each([
    ['name', 'aa'],
    ['team.size', '4'],
    ['team.tags', '["x","y"]'],
    ['team.tags.1', 'y'],
    ['team.lead', 'null'],
    ['team', '{"size":4,"tags":["x","y"],"lead":null}'],
  ])('%s is %s', (path, text) => {
    expect(lookupMetadata(metadata, ['metadata', ...path.split('.')])).toBe(text);
  });

  it.each([
    'other',
    'name.length',
    'toString',
    'team.tags.length',
    'team.tags.map',
    'team.hasOwnProperty',
    '__proto__',
  ])('%s is not there', (path) => {
    const found = lookupMetadata(metadata, ['metadata', ...path.split('.')]);
    // An array's length is its own, and no danger.
    expect(found).toBe(path === 'team.tags.length' ? '2' : undefined);
  });
});

describe('the budget of expansion', () => {
  it('ends an expansion before it is joined: 140 KB of placeholders never become gigabytes', () => {
    let asked = 0;
    const lookup = (): string => {
      asked++;
      return 'x'.repeat(64 * 1024);
    };
    const problem = problemOf(() => expand('${metadata.name}'.repeat(8750), lookup, where));
    expect(problem).toMatchObject({ code: 'expansion_too_large', status: 422 });
    expect(problem.message).toContain(where);
    expect(asked).toBe(17);
  });
});
