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
import { setImmediate } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { linkStaysInside } from '../../../core/archive-path.ts';

export interface TreeEntry {
  /** Path in the image, without a leading slash. */
  path: string;
  /** Path on disk; absent for a directory that is only a step on the way. */
  file?: string;
}

export interface WalkOptions {
  /** Names at the top that stay out. */
  exclude?: ReadonlySet<string>;
}

/** Everything below a directory, without following links, to be put below `into` in the image. */
export async function walk(directory: string, into: string, options: WalkOptions = {}): Promise<TreeEntry[]> {
  const found: TreeEntry[] = [];
  let directories = 0;
  const visit = async (from: string, to: string, top: boolean): Promise<void> => {
    directories += 1;
    if (directories % 32 === 0) await setImmediate();
    for (const child of readdirSync(from, { withFileTypes: true })) {
      if (top && options.exclude?.has(child.name)) continue;
      const entry = { path: `${to}/${child.name}`, file: join(from, child.name) };
      found.push(entry);
      if (child.isDirectory()) await visit(entry.file, entry.path, false);
    }
  };
  await visit(directory, into, true);
  return found;
}

/** The directories on the way to a path, and it. */
export const steps = (path: string): TreeEntry[] =>
  path.split('/').map((_, position, segments) => ({ path: segments.slice(0, position + 1).join('/') }));

const EPOCH = new Date(0);
/** Owner root, time zero, sorted by name: the same files give the same bytes. */
const OWNED = { uid: 0, gid: 0, mtime: EPOCH };

/**
 * A tar of the entries. Whatever is neither file, directory nor a link that stays inside is left out and told to
 * `log`.
 */
export function tarOf(entries: readonly TreeEntry[], log: (line: string) => void): Readable {
  const tar = pack();
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  addAll(tar, sorted, log).then(
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
