/**
 * Paths of a container, mapped into its root directory on this machine. An image and a Score file are hostile
 * input: a path that leaves the root, by `..` or through a symbolic link of the image, is refused.
 */
import { lstat, mkdir, open, realpath, rm, stat, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import type { FileSpec, VolumeMount } from '../../../ports/workloads.ts';
import { makeDirectory, segment } from '../layout.ts';

const refused = (path: string, why: string): Problem =>
  new Problem('invalid_score', `The path ${JSON.stringify(path.slice(0, 200))} can not be used: ${why}.`, {
    hint: 'Use an absolute path inside the container, without `..` and not through a symbolic link of the image.',
  });

const inside = (root: string, path: string): boolean => path === root || path.startsWith(root + sep);

/** The container path below the root, by its text alone. */
export function mapPath(root: string, path: string): string {
  if (path.includes('\0') || path.split('/').includes('..')) throw refused(path, 'it has a `..` in it');
  return normalize(join(root, path)).replace(/\/+$/, '');
}

/** Makes the directory of a container path, checking that each step stays inside. Resolves to where it is. */
export async function makeInside(root: string, path: string): Promise<string> {
  const mapped = mapPath(root, path);
  let current = root;
  for (const part of relative(root, mapped).split(sep).filter(Boolean)) {
    current = join(current, part);
    await mkdir(current, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const real = await realpath(current).catch(() => undefined);
    if (real === undefined || !inside(root, real))
      throw refused(path, 'a symbolic link leads out of the container');
    if (!(await stat(real)).isDirectory()) throw refused(path, 'a part of it is a file');
    current = real;
  }
  return current;
}

function split(path: string): { parent: string; name: string } {
  if (path.includes('\0') || path.split('/').includes('..')) throw refused(path, 'it has a `..` in it');
  const clean = normalize(path).replace(/\/+$/, '');
  const name = clean.slice(clean.lastIndexOf('/') + 1);
  if (!isAbsolute(path) || name === '') throw refused(path, 'it is not an absolute path below the root');
  return { parent: dirname(clean), name };
}

/** Writes a file with its mode, instead of whatever the image has there. */
export async function placeFile(root: string, file: FileSpec): Promise<void> {
  const { parent, name } = split(file.target);
  const target = join(await makeInside(root, parent), name);
  await rm(target, { recursive: true, force: true });
  // `wx` does not follow a link that could have been put there in the meantime.
  const handle = await open(target, 'wx', 0o600);
  try {
    await handle.writeFile(file.content);
    await handle.chmod(file.mode & 0o777);
  } finally {
    await handle.close();
  }
}

/**
 * Mounts a volume of the environment by a symbolic link. `readOnly` can not be enforced between processes of
 * one user and is not.
 */
export async function placeVolume(root: string, volumes: string, mount: VolumeMount): Promise<void> {
  const source = await volumeDirectory(volumes, mount.source, mount.path);
  const { parent, name } = split(mount.target);
  const target = join(await makeInside(root, parent), name);
  await rm(target, { recursive: true, force: true });
  await symlink(source, target);
}

/** Where a volume is, or the path in it. @throws Problem invalid_score where there is none */
export async function volumeDirectory(
  volumes: string,
  source: string,
  path: string | undefined,
): Promise<string> {
  const volume = join(volumes, segment(source));
  if (!(await lstat(volume).catch(() => undefined))?.isDirectory()) {
    throw new Problem(
      'invalid_score',
      `The volume "${source}" can not be mounted: the environment has none of that name.`,
      {
        hint: 'Declare a resource of type volume and mount its `source` output.',
      },
    );
  }
  return path ? makeInside(volume, path) : volume;
}

/** Makes `root`, `home` and `tmp` of a container; resolves to their real paths. */
export async function makeContainerDirectories(
  directory: string,
): Promise<{ root: string; home: string; tmp: string }> {
  for (const name of ['root', 'home', 'tmp']) await makeDirectory(join(directory, name));
  const real = await realpath(directory);
  return { root: join(real, 'root'), home: join(real, 'home'), tmp: join(real, 'tmp') };
}
