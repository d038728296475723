/** Looks that a build has left none of its secrets in what becomes its image, as `echo $NPM_TOKEN >> .npmrc` would. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { quoteName } from '../../../core/source/archive-path.ts';

/** Larger files are not looked through: they are no settings. */
const LOOKED_THROUGH_BYTES = 1024 ** 2;

/**
 * Packages are left out, for they come as they are from their registry.
 * @throws Problem build_failed
 */
export async function refuseSecretsIn(
  tree: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const named = Object.entries(secrets).map(([name, value]) => [name, value.trim()] as const);
  if (named.length === 0) return;
  const visit = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules') await visit(path);
      if (!entry.isFile() || (await stat(path)).size > LOOKED_THROUGH_BYTES) continue;
      const content = await readFile(path);
      const [leaked] = named.find(([, value]) => content.includes(value)) ?? [];
      if (leaked === undefined) continue;
      throw new Problem(
        'build_failed',
        `The build failed: it left its secret ${leaked} in ${quoteName(relative(tree, path))}, which would be in the image.`,
        {
          hint: `Refer to it by its name, as \${${leaked}} in .npmrc, or remove the file at the end of the build script.`,
        },
      );
    }
  };
  await visit(tree);
}
