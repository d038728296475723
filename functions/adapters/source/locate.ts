/** Where in a source tree the folder is that is built, and where the packages that it needs are installed. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { quoteName } from '../../core/source/archive-path.ts';
import { checkFolder } from '../../core/source/folder.ts';
import { parsePackageJson } from '../../core/source/package-json.ts';
import { isMember, workspacePatterns } from '../../core/source/workspace.ts';

export interface Located {
  /** The folder that is built: its Score file, its package.json, its Dockerfile. */
  folder: string;
  /** The workspace that the folder is a member of, with its lock file; else the folder itself. */
  home: string;
  /** The path from `home` to `folder`, with slashes; empty where both are the same. */
  within: string;
}

/** No file that decides how a source is built is larger, bytes. */
const READ_MAX_BYTES = limits.detectedFile.value;
const NAMED = 10;

/**
 * @param path from the top of the tree; undefined for the whole
 * @throws Problem source_unavailable (no such folder) | build_failed (a workspace that can not be understood)
 */
export async function locate(tree: string, path: string | undefined): Promise<Located> {
  const top = await realpath(tree);
  const wanted = checkFolder(path ?? '');
  const folder = await realpath(join(top, wanted)).catch(() => undefined);
  const inside = folder !== undefined && (folder === top || folder.startsWith(top + sep));
  if (!inside || !(await stat(folder)).isDirectory()) throw await noFolder(top, wanted);
  const home = await homeOf(top, folder);
  return { folder, home, within: relative(home, folder).split(sep).join('/') };
}

/** The nearest workspace around a package that counts it among its members. */
async function homeOf(top: string, folder: string): Promise<string> {
  if ((await readText(join(folder, 'package.json'))) === undefined) return folder;
  for (let around = folder; around !== top; ) {
    around = dirname(around);
    const manifest = await readText(join(around, 'package.json'));
    const patterns = workspacePatterns(
      manifest === undefined ? undefined : parsePackageJson(manifest),
      await readText(join(around, 'pnpm-workspace.yaml')),
    );
    const member = relative(around, folder).split(sep).join('/');
    if (patterns && isMember(patterns, member)) return around;
  }
  return folder;
}

/**
 * Refuses what the image would lack: links of the home to other places of the source, as `file:../lib` makes one too.
 * @throws Problem build_failed
 */
export async function refuseLinksOut(tree: string, { home }: Located): Promise<void> {
  const top = await realpath(tree);
  if (home === top) return;
  for (const entry of await readdir(home, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const to = await realpath(link).catch(() => home);
    if (to === home || to.startsWith(home + sep) || !to.startsWith(top + sep)) continue;
    const [shown, target] = [relative(home, link), relative(top, to)].map(quoteName);
    throw new Problem(
      'build_failed',
      `The build failed: ${shown} is a link to ${target}, which is outside of the folder that is built.`,
      {
        hint: 'Make both members of a workspace at the top of the source ("workspaces" of its package.json), which is built as a whole, or put what is needed into the folder.',
      },
    );
  }
}

/** @throws Problem build_failed where it is too large */
export async function readText(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size <= READ_MAX_BYTES) return readFile(path, 'utf8');
  const name = path.slice(path.lastIndexOf(sep) + 1);
  throw new Problem('build_failed', `${name} can not be read: it is larger than ${READ_MAX_BYTES} bytes.`, {
    hint: `Make ${name} smaller, then build again.`,
  });
}

async function noFolder(top: string, wanted: string): Promise<Problem> {
  let there = wanted;
  let entries: string[] | undefined;
  while (entries === undefined) {
    there = there.includes('/') ? there.slice(0, there.lastIndexOf('/')) : '';
    entries = await readdir(join(top, there), { withFileTypes: true }).then(
      (found) => found.filter((entry) => entry.isDirectory()).map(({ name }) => name),
      (error: unknown) => {
        if (there === '') throw error;
        return undefined;
      },
    );
  }
  const names = entries
    .sort()
    .slice(0, NAMED)
    .map((name) => quoteName(there === '' ? name : `${there}/${name}`));
  const which = names.length === 0 ? 'it has none there' : `there are ${names.join(', ')}`;
  return new Problem(
    'source_unavailable',
    `The source can not be built: it has no folder ${quoteName(wanted)}.`,
    { hint: `Correct path, which starts at the top of the source: ${which}.` },
  );
}
