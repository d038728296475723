/**
 * One unpacked copy of an image for the replicas of a deployment. It lies in the deployment's directory, and goes with it.
 * What a program never writes to, its packages, is linked and read-only; all else is each replica's own.
 */
import { chmod, constants, copyFile, link, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ImageConfig } from '../../../ports/registry.ts';
import type { UnpackImage } from '../context.ts';
import { makeDirectory } from '../layout.ts';

/** @param directory where copies are kept, of this deployment alone; it is made when the first is */
export function shareImages(unpack: UnpackImage, directory: string): UnpackImage {
  const copies = new Map<string, Promise<ImageConfig>>();
  const placeOf = (digest: string): string => join(directory, digest.replace(':', '-'));

  function copyOf(...[repository, digest]: Parameters<UnpackImage>): Promise<ImageConfig> {
    const present = copies.get(digest);
    if (present) return present;
    const made = (async () => {
      const place = placeOf(digest);
      await makeDirectory(place);
      const config = await unpack(repository, digest, place);
      await visit(place, async (path, kind) => {
        if (kind === 'file' && isPackage(relative(place, path)))
          await chmod(path, (await stat(path)).mode & 0o111 ? 0o555 : 0o444);
      });
      return config;
    })();
    copies.set(digest, made);
    // Another try may be luckier.
    made.catch(() => copies.delete(digest));
    return made;
  }

  return async (repository, digest, root) => {
    const config = await copyOf(repository, digest, root);
    const from = placeOf(digest);
    await visit(from, async (path, kind) => {
      const name = relative(from, path);
      const target = join(root, name);
      if (kind === 'directory') await mkdir(target, { mode: 0o755 });
      else if (kind === 'link') await symlink(await readlink(path), target);
      else if (isPackage(name)) await linkOrCopy(path, target);
      else await copyFile(path, target, constants.COPYFILE_FICLONE);
    });
    return config;
  };
}

/** Folders of packages whose names begin with a dot are where tools write: `.cache`, `.prisma`. */
function isPackage(name: string): boolean {
  const segments = name.split(sep);
  const modules = segments.indexOf('node_modules');
  if (modules === -1) return segments[0] === 'opt' && segments[1] === 'berth';
  return segments[modules + 1]?.startsWith('.') === false;
}

/** Some file systems have no links between files, or not as many. */
const linkOrCopy = (path: string, target: string): Promise<void> =>
  link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE));

/** Calls `each` for all that is below a directory, what holds something before what it holds. */
async function visit(
  directory: string,
  each: (path: string, kind: 'directory' | 'link' | 'file') => Promise<void>,
): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.map((entry) => {
      const kind = entry.isDirectory() ? 'directory' : entry.isSymbolicLink() ? 'link' : 'file';
      return each(join(directory, entry.name), kind);
    }),
  );
  for (const entry of entries) if (entry.isDirectory()) await visit(join(directory, entry.name), each);
}
