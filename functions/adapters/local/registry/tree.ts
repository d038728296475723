/** What goes into a layer: files with their place in the image, as a reproducible tar. */
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { linkStaysInside } from '../../../core/source/archive-path.ts';

/** Part of a layer: a file or folder of this machine, or an empty folder. */
export interface LayerPart {
  /** Where it is on disk; absent for an empty folder. */
  from?: string;
  /** Where it goes in the image, without a leading slash. */
  to: string;
  /** Names at the top of the folder that stay out. */
  exclude?: readonly string[];
}

interface TreeEntry {
  path: string;
  file?: string;
}

/** Whether there are more files and folders in it than `limit`; counts no further. */
export function isLarge(parts: readonly LayerPart[], limit: number): boolean {
  let count = 0;
  const visit = (directory: string, exclude: readonly string[] = []): boolean =>
    readdirSync(directory, { withFileTypes: true }).some((child) => {
      count += exclude.includes(child.name) ? 0 : 1;
      if (count > limit) return true;
      return child.isDirectory() && !exclude.includes(child.name) && visit(join(directory, child.name));
    });
  return parts.some(
    ({ from, exclude }) => from !== undefined && lstatSync(from).isDirectory() && visit(from, exclude),
  );
}

/** Everything of the parts, and the folders on the way to it, each once, sorted; links are not followed. */
export function entriesOf(parts: readonly LayerPart[]): TreeEntry[] {
  const found = new Map<string, TreeEntry>();
  const visit = (file: string, path: string, exclude: readonly string[] = []): void => {
    found.set(path, { path, file });
    if (!lstatSync(file).isDirectory()) return;
    for (const name of readdirSync(file))
      if (!exclude.includes(name)) visit(join(file, name), `${path}/${name}`);
  };
  for (const { from, to, exclude } of parts) {
    for (let end = to.indexOf('/'); end !== -1; end = to.indexOf('/', end + 1))
      found.set(to.slice(0, end), { path: to.slice(0, end) });
    if (from === undefined) found.set(to, { path: to });
    else visit(from, to, exclude);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const EPOCH = new Date(0);
/** Owner root, time zero, sorted by name: the same files give the same bytes. */
const OWNED = { uid: 0, gid: 0, mtime: EPOCH };

/**
 * A tar of the parts. Whatever is neither file, directory nor a link that stays inside is left out and told to
 * `log`.
 */
export function tarOf(parts: readonly LayerPart[], log: (line: string) => void): Readable {
  const tar = pack();
  addAll(tar, entriesOf(parts), log).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  );
  // A streamx stream, which has all of Readable that a pipeline uses.
  return tar as unknown as Readable;
}

async function addAll(tar: Pack, entries: readonly TreeEntry[], log: (line: string) => void) {
  for (const { path, file } of entries) {
    const found = file === undefined ? undefined : lstatSync(file);
    if (file === undefined || found === undefined || found.isDirectory()) {
      await add(tar, { ...OWNED, name: path, type: 'directory', mode: 0o755 });
    } else if (found.isSymbolicLink()) {
      const linkname = readlinkSync(file);
      const inside = linkStaysInside(path, linkname);
      if (inside) await add(tar, { ...OWNED, name: path, type: 'symlink', linkname, mode: 0o777 });
      else log(`Left out: ${path} is a link that leads out of the image`);
    } else if (found.isFile()) {
      await addFile(tar, path, file);
    } else log(`Left out: ${path} is neither file, directory nor link`);
  }
}

type Pack = ReturnType<typeof pack>;
type Header = Parameters<Pack['entry']>[0];

const add = (tar: Pack, header: Header, content?: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (content) tar.entry(header, content, done);
    else tar.entry(header, done);
  });

/** Up to this size a file is read whole. */
const WHOLE_BYTES = 256 * 1024;

/** Blocking calls, as in tar-entry.ts; the stream behind the tar makes room for others in between. */
async function addFile(tar: Pack, path: string, file: string): Promise<void> {
  // A pipe put there by a build script must not block.
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mode } = fstatSync(handle);
    const header = { ...OWNED, name: path, type: 'file' as const, size, mode: mode & 0o111 ? 0o755 : 0o644 };
    if (size <= WHOLE_BYTES) {
      const content = readFileSync(handle);
      return await add(tar, { ...header, size: content.byteLength }, content);
    }
    await new Promise<void>((resolve, reject) => {
      const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
      // `end` bounds a file that still grows: the header has promised its size.
      const source = createReadStream('', { fd: handle, start: 0, end: size - 1, autoClose: false });
      source.on('error', reject);
      source.pipe(entry as unknown as NodeJS.WritableStream);
    });
  } finally {
    closeSync(handle);
  }
}
