/** Packs an example as a developer's `tar czf` would. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** @param change may rewrite a text file, by its path in the archive */
export async function packDirectory(
  directory: string,
  change: (name: string, text: string) => string = (_name, text) => text,
): Promise<Uint8Array<ArrayBuffer>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(directory, file).split('/').includes('node_modules'))
    .sort();
  const archive = pack();
  const packed = buffer(archive.pipe(createGzip()));
  for (const file of files) {
    const name = relative(directory, file);
    const content = await readFile(file);
    const isText = /\.(json|js|yaml|html|css|md)$/.test(name);
    archive.entry({ name }, isText ? change(name, content.toString('utf8')) : content);
  }
  archive.finalize();
  return new Uint8Array(await packed);
}
