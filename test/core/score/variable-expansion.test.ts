import { expect, it } from 'vitest';
import { expansionBudget } from '../../../functions/core/score/expansion-budget.ts';
import { expandVariables } from '../../../functions/core/score/variable-expansion.ts';
import { expectLinear } from '../../support/cpu.ts';

const env = { A: 'a', B: '$(A)', EMPTY: '', 'with.dot': 'd', D: '$$ $& $1' };

it.each([
  ['', ''],
  ['plain', 'plain'],
  ['$(A)', 'a'],
  ['x$(A)y$(A)z', 'xayaz'],
  ['$(EMPTY)', ''],
  ['$(with.dot)', 'd'],
  ['$(NONE)', '$(NONE)'],
  ['$()', '$()'],
  ['$( A )', '$( A )'],
  ['$(B)', '$(A)'],
  ['$(D)', '$$ $& $1'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$a'],
  ['$$$$(A)', '$$(A)'],
  ['$$', '$'],
  ['$', '$'],
  ['a$', 'a$'],
  ['$A ${A}', '$A ${A}'],
  ['$(A', '$(A'],
  ['$(A) $(A', 'a $(A'],
  ['$(A$$(A', '$(A$(A'],
  ['$(A$(B))', '$(A$(B))'],
  ['$(A)$(A)', 'aa'],
  ['$x$$', '$x$'],
  ['$(toString)', '$(toString)'],
  ['$(__proto__)', '$(__proto__)'],
  ['$(constructor)', '$(constructor)'],
])('%j becomes %j', (word, result) => {
  expect(expandVariables(word, env)).toBe(result);
});

it.each(['$', '$(', '$(A', '$(A)', '$$', ')', '$()', '$(x'])(
  'takes no long time over a million characters of %j',
  (unit) => {
    expectLinear(1_000_000, (size) => {
      expandVariables(unit.repeat(size / unit.length), env);
      expandVariables(`${unit.repeat(size / unit.length)})`, env);
    });
  },
);

it('stops before a short text becomes a long one, with a code and a hint', () => {
  const long = { LONG: 'x'.repeat(60_000) };
  let read = 0;
  const counted = new Proxy(long, {
    get: (target, name) => {
      read++;
      return Reflect.get(target, name);
    },
  });
  expect(() => expandVariables('$(LONG)'.repeat(100_000), counted)).toThrow(
    expect.objectContaining({ code: 'expansion_too_large', status: 422, hint: expect.stringMatching(/./) }),
  );
  expect(read).toBe(18);
});

it('counts words that share a budget together', () => {
  const budget = expansionBudget(10);
  expect(expandVariables('$(A)12345', env, budget)).toBe('a12345');
  expect(() => expandVariables('$(A)12345', env, budget)).toThrow('can not be expanded');
});
