import { expect, it } from 'vitest';
import { checkFolder } from '../../../functions/core/source/folder.ts';
import { isMember, workspacePatterns } from '../../../functions/core/source/workspace.ts';

it.each<[string[], string, boolean]>([
  [['packages/*'], 'packages/api', true],
  [['packages/*'], 'packages/group/api', false],
  [['packages/*'], 'tools', false],
  [['packages/**'], 'packages/group/api', true],
  [['**/api'], 'api', true],
  [['./apps/web/'], 'apps/web', true],
  [['packages/*', '!packages/old'], 'packages/old', false],
  [['packages/*', '!packages/o*', 'packages/old'], 'packages/old', true],
  // What globs know beyond `*` is not read: such a pattern is taken to match, and `npm ci` knows it well.
  [['{apps,packages}/*'], 'apps/web', true],
  [['packages/*', '!{a,b}'], 'packages/api', true],
  [[], 'packages/api', false],
])('Patterns %j count %s among the members: %s', (patterns, folder, member) => {
  expect(isMember(patterns, folder)).toBe(member);
});

it('Patterns are bounded, and those of pnpm are read from its own file', () => {
  expect(() => isMember(['*'.repeat(20_000)], 'a')).toThrow(
    expect.objectContaining({ code: 'build_failed' }),
  );
  expect(workspacePatterns({ workspaces: { packages: ['a'] } }, undefined)).toEqual(['a']);
  expect(workspacePatterns({ workspaces: ['a'] }, 'packages:\n  - "b/*"\n  - 1\n')).toEqual(['b/*']);
  expect(workspacePatterns({ workspaces: ['a'] }, 'onlyBuiltDependencies: [x]\n')).toBeUndefined();
  expect(() => workspacePatterns({}, '{')).toThrow(expect.objectContaining({ code: 'build_failed' }));
});

it('A path is taken in its shortest form, and refused where it could lead out of the source', () => {
  expect(checkFolder('./packages//api/')).toBe('packages/api');
  expect(checkFolder('.')).toBe('');
  for (const path of ['/etc', '..', 'a/../b', '../x', 'a\\b', 'a\0', 'x/'.repeat(60), 'é'.repeat(600)])
    expect(() => checkFolder(path), path).toThrow(
      expect.objectContaining({
        code: 'source_unavailable',
        message: expect.stringContaining('path is refused'),
      }),
    );
});
