/** The folder of a source that is built, where that is not the whole: hostile input, like names in archives. */
import { Problem } from '../problem.ts';
import { checkPath } from './archive-path.ts';

/**
 * The path in its shortest form; empty where it is the whole source.
 * @throws Problem source_unavailable
 */
export function checkFolder(path: string): string {
  const checked = checkPath(path);
  if ('segments' in checked) return checked.segments.join('/');
  throw new Problem('source_unavailable', `The path is refused: ${checked.fault}.`, {
    hint: 'Name a folder by its path from the top of the source, such as "packages/api".',
  });
}
