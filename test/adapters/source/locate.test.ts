import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { locate, refuseLinksOut } from '../../../functions/adapters/source/locate.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const temporary = temporaryDirectories();

function treeOf(files: Record<string, string>): string {
  const tree = realpathSync(temporary());
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), content);
  }
  return tree;
}

const WORKSPACE = JSON.stringify({ workspaces: ['apps/*'] });

it('A package is at home in the nearest workspace that counts it, and anything else in its own folder', async () => {
  const tree = treeOf({
    'package.json': JSON.stringify({ workspaces: ['front/apps/*', 'tools'] }),
    'front/package.json': WORKSPACE,
    'front/apps/web/package.json': '{}',
    'front/apps/site/index.html': '',
    'front/other/package.json': '{}',
    'tools/package.json': '{}',
  });
  const homeOf = async (path: string) => (await locate(tree, path)).home.slice(tree.length);
  expect(await homeOf('front/apps/web')).toBe('/front');
  expect(await homeOf('front/apps/site')).toBe('/front/apps/site');
  expect(await homeOf('front/other')).toBe('/front/other');
  expect(await homeOf('tools')).toBe('');
  expect(await locate(tree, undefined)).toEqual({ folder: tree, home: tree, within: '' });
  expect(await locate(tree, 'front/apps/web')).toMatchObject({ within: 'apps/web' });
});

it('A folder is looked for inside the tree alone, also behind a link', async () => {
  const tree = treeOf({ 'a/x': '', file: '' });
  const outside = temporary();
  symlinkSync(outside, join(tree, 'out'));
  symlinkSync('a', join(tree, 'in'));
  expect(await locate(tree, 'in')).toMatchObject({ folder: join(tree, 'a') });
  for (const path of ['out', 'b', 'file', 'a/x/y', '../x', '/a'])
    await expect(locate(tree, path), path).rejects.toMatchObject({ code: 'source_unavailable' });
});

it('Links from the folder to other places of the source are refused, for its image would lack them', async () => {
  const tree = treeOf({ 'lib/x': '', 'api/own': '' });
  symlinkSync('own', join(tree, 'api/inside'));
  symlinkSync('/nowhere', join(tree, 'api/dangling'));
  const located = await locate(tree, 'api');
  await refuseLinksOut(tree, located);
  symlinkSync('../lib', join(tree, 'api/shared'));
  await expect(refuseLinksOut(tree, located)).rejects.toMatchObject({
    code: 'build_failed',
    message: expect.stringContaining('"shared" is a link to "lib"'),
  });
  await refuseLinksOut(tree, await locate(tree, undefined));
});
