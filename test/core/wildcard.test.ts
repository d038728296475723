import { describe, expect, it } from 'vitest';
import { matchesWildcard } from '../../functions/core/wildcard.ts';
import { costOf, expectLinear } from '../support/cpu.ts';

describe('A pattern with wildcards', () => {
  it.each([
    ['main', 'main', true],
    ['main', 'mainline', false],
    ['main', 'domain', false],
    ['release/*', 'release/1', true],
    ['release/*', 'release/', true],
    ['release/*', 'release/1/x', false],
    ['release/**', 'release/1/x', true],
    ['*', 'anything', true],
    ['*', 'any/thing', false],
    ['**', 'any/thing', true],
    ['*-prod', 'eu-prod', true],
    ['*-prod', 'eu-prod-2', false],
    ['pr-*-*', 'pr-1-2', true],
    ['pr-*-*', 'pr-1', false],
    ['', '', true],
    ['', 'x', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['$', '', false],
    ['main', 'main\n', false],
  ])('%j takes %j: %s', (pattern, text, fits) => expect(matchesWildcard(pattern, text)).toBe(fits));

  it('is matched in time that grows with the lengths', () => {
    expectLinear(4000, (size) => {
      expect(matchesWildcard('**a**a**a**a**a**b', 'a'.repeat(size))).toBe(false);
    });
    expectLinear(4000, (size) => {
      expect(matchesWildcard(`${'**a'.repeat(size)}b`, 'a'.repeat(250))).toBe(false);
    });
  });

  it('of the longest policy costs next to nothing for the longest branch', () => {
    const patterns = ['**a', '*a', 'a*', '**/*'].map((part) => `${part.repeat(200 / part.length - 1)}b`);
    const cost = costOf(() => {
      for (let at = 0; at < 50; at++) {
        expect(matchesWildcard(patterns[at % patterns.length] ?? '', 'a/'.repeat(127))).toBe(false);
      }
    });
    expect(cost).toBeLessThan(300);
  });

  it('takes what the same regular expression takes', () => {
    const parts = ['*', '**', 'a', 'b', '/', '/', ''];
    for (let number = 0; number < parts.length ** 4; number++) {
      const of = (place: number) => parts[Math.floor(number / parts.length ** place) % parts.length] ?? '';
      const pattern = of(0) + of(1) + of(2) + of(3);
      const expression = pattern.replace(/\*\*?/g, (stars) => (stars === '*' ? '[^/]*' : '.*'));
      for (const text of ['', 'a', 'ab', 'a/b', 'aa/', 'a/ab/b', '/']) {
        expect([pattern, text, matchesWildcard(pattern, text)]).toEqual([
          pattern,
          text,
          new RegExp(`^${expression}$`).test(text),
        ]);
      }
    }
  });
});
