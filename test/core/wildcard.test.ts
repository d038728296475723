import { describe, expect, it } from 'vitest';
import { matchesWildcard } from '../../functions/core/wildcard.ts';
import { expectLinear } from '../support/cpu.ts';

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
  });
});
