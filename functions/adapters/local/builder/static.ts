/** The web server that goes into images of static sites, taken from Berth's own packages. */
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LayerPart } from '../registry/tree.ts';

const HOME = 'opt/berth/static';

/** Relative to /app: it holds where the image is unpacked into a directory as well as in a container. */
export const staticCommand = (root: string): string[] => ['node', `../${HOME}/server.mjs`, root];

export async function staticServer(): Promise<LayerPart[]> {
  const launcher = fileURLToPath(new URL('./static-server.mjs', import.meta.url));
  const found = await packages('sirv', import.meta.filename);
  return [
    { from: launcher, to: `${HOME}/server.mjs` },
    ...[...found].map(([name, from]) => ({
      from,
      to: `${HOME}/node_modules/${name}`,
      exclude: ['node_modules'],
    })),
  ];
}

/** A package and all that it depends on, with their directories. */
async function packages(name: string, from: string, found = new Map<string, string>()) {
  if (found.has(name)) return found;
  // Not every package exports its package.json, so the directory is searched for from where the module is.
  let directory = dirname(createRequire(from).resolve(name));
  while (!directory.endsWith(join('node_modules', name))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`package ${name} is not installed`);
    directory = parent;
  }
  found.set(name, directory);
  const manifest = join(directory, 'package.json');
  await stat(manifest);
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: object };
  for (const dependency of Object.keys(dependencies)) await packages(dependency, manifest, found);
  return found;
}
