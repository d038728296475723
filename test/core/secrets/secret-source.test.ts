import { describe, expect, it } from 'vitest';
import {
  isAllowed,
  prefixFault,
  type SecretSourceRule,
  sourceFault,
} from '../../../functions/core/secrets/secret-source.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret';
const rule = (prefix: string, project = 'shop', from: SecretSourceRule['from'] = 'vault') => ({
  project,
  from,
  prefix,
});

describe('What a project may refer to', () => {
  it.each([
    ['an entry below a prefix that ends with a slash', 'secret/shop/', 'secret/shop/db', true],
    ['an entry deeper below it', 'secret/shop/', 'secret/shop/a/b/c', true],
    ['the very entry', 'secret/shop/db', 'secret/shop/db', true],
    ['not what only begins alike', 'secret/shop/db', 'secret/shop/db2', false],
    ['not what is below an entry', 'secret/shop/db', 'secret/shop/db/more', false],
    ['not another team', 'secret/shop/', 'secret/shopping/db', false],
  ])('is %s', (_, prefix, entry, right) => {
    expect(isAllowed([rule(prefix)], 'shop', { from: 'vault', entry })).toBe(right);
  });

  it('is its own, or what is for all; and nothing without a rule', () => {
    const at = { from: 'vault', entry: 'secret/shop/db' } as const;
    expect(isAllowed([], 'shop', at)).toBe(false);
    expect(isAllowed([rule('secret/shop/')], 'shopping', at)).toBe(false);
    expect(isAllowed([rule('secret/', '*')], 'shopping', at)).toBe(true);
    expect(isAllowed([rule('secret/shop/', 'shop', 'aws-secrets-manager')], 'shop', at)).toBe(false);
  });

  it.each([
    'secret/../other/db',
    'secret/./db',
    'secret//db',
    '/secret/db',
    'secret/db/',
    'secret/..',
    'secret/a?version=1',
    'secret/a#b',
    'secret/%2e%2e/b',
    'secret/a\nb',
    'secret',
    `${'a/'.repeat(40)}b`,
  ])('no path leads out of where it seems to be: %j', (entry) => {
    expect(sourceFault({ from: 'vault', entry, key: 'a' })).toMatch('mount and a path');
    if (!/^\w+$|\/$/.test(entry)) expect(prefixFault({ from: 'vault', prefix: `${entry}/` })).toBeDefined();
  });

  it('an ARN is a whole one, and Vault needs a key', () => {
    const from = 'aws-secrets-manager';
    expect(sourceFault({ from, entry: `${ARN}:shop/db-AbCdEf` })).toBeUndefined();
    expect(sourceFault({ from, entry: 'shop/db' })).toMatch('whole ARN');
    expect(sourceFault({ from, entry: `${ARN.replace('secretsmanager', 'ssm')}:shop` })).toMatch('whole ARN');
    expect(sourceFault({ from: 'vault', entry: 'secret/shop/db' })).toMatch('key');
    expect(prefixFault({ from, prefix: `${ARN}:shop/` })).toBeUndefined();
    expect(prefixFault({ from, prefix: 'shop/' })).toBeDefined();
  });
});
