/** Paths of manifests, from the top of the source. */
import { checkPath } from '../source/archive-path.ts';

/** A path from the top of the source; undefined where it leads out of it. */
export function pathFrom(folder: string, path: string): string | undefined {
  const parts: string[] = folder === '' ? [] : folder.split('/');
  for (const part of path.slice(0, 1000).split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  const checked = checkPath(parts.join('/'));
  return 'segments' in checked ? checked.segments.join('/') : undefined;
}
