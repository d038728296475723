/** Pointers that Git LFS leaves in the place of large files: a program would be built with 130 bytes of text for them. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { quoteName } from '../../core/source/archive-path.ts';

/** The specification of pointers says that they are smaller. */
const POINTER_MAX_BYTES = 1024;
const POINTER = 'version https://git-lfs.github.com/spec/v1\noid ';

/**
 * Refuses a tree whose attributes hand files to LFS and which has pointers for them.
 * @throws Problem source_unavailable
 */
export async function refusePointers(tree: string): Promise<void> {
  const entries = await readdir(tree, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const attributes = files.filter((file) => file.endsWith('/.gitattributes'));
  const texts = await Promise.all(attributes.map((file) => readFile(file, 'utf8')));
  if (!texts.some((text) => text.includes('filter=lfs'))) return;
  for (const file of files)
    if (await isPointer(file))
      throw new Problem(
        'source_unavailable',
        `The source can not be built: ${quoteName(relative(tree, file))} is a pointer of Git LFS, and not the file.`,
        {
          hint: 'Upload the source with its files: git lfs pull && tar --exclude node_modules --exclude .git -czf ../source.tgz .',
        },
      );
}

async function isPointer(path: string): Promise<boolean> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size < POINTER.length || size >= POINTER_MAX_BYTES) return false;
  return (await file.readFile('utf8')).startsWith(POINTER);
}
