import { expect, it } from 'vitest';
import {
  aclFile,
  checkLogin,
  loginsOf,
  redisSettings,
  tenantRules,
  withLogin,
} from '../../../functions/ports/rules/redis-users.ts';

const one = { username: 'app', passwordHash: 'a'.repeat(64) };
const other = { username: 'app-b', passwordHash: 'b'.repeat(64) };

it('A file of users reads as it was written, and lets nobody in without a password', () => {
  const text = aclFile([one, other], [`user berth reset on #${'c'.repeat(64)} ~* &* +@all`]);
  expect(loginsOf(text)).toEqual([one, other]);
  expect(text).not.toMatch(/nopass|>/);
  expect(text.split('\n')[0]).toBe('user default reset off');
});

it('A login takes the place of what it was, in an order of its own', () => {
  const again = { ...one, passwordHash: 'd'.repeat(64) };
  expect(withLogin([other, one], again)).toEqual([again, other]);
  expect(withLogin(withLogin([], other), one)).toEqual(withLogin(withLogin([], one), other));
});

it('A user may not administer the server, and starts from nothing each time', () => {
  const rules = tenantRules(one);
  expect(rules[0]).toBe('reset');
  expect(rules.indexOf('-@admin')).toBeGreaterThan(rules.indexOf('+@all'));
  expect(rules.indexOf('-@dangerous')).toBeGreaterThan(rules.indexOf('+@all'));
});

it.each([
  [{ ...one, username: 'app\nuser root on nopass' }],
  [{ ...one, username: 'APP' }],
  [{ ...one, username: '' }],
  [{ ...one, username: 'default' }],
  [{ ...one, passwordHash: `${'a'.repeat(64)} nopass` }],
  [{ ...one, passwordHash: 'A'.repeat(64) }],
])('A login that would say something else is refused: %j', (login) => {
  expect(() => checkLogin(login)).toThrow(TypeError);
});

it('Every change is kept on disk, and what clients hold is bounded as data are', () => {
  expect(redisSettings({ memoryBytes: 1024, eviction: 'noeviction' })).toMatchObject({
    maxmemory: '1024',
    appendonly: 'yes',
    'maxmemory-clients': expect.stringMatching(/%$/),
    'enable-debug-command': 'no',
    'enable-module-command': 'no',
  });
});
