/**
 * Lays layers out in a directory. Layers are checked by digest as they are read, names are checked as those of
 * any archive, and nothing is ever written through a symbolic link.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { Problem } from '../../../core/problem.ts';
import { checkPath, linkStaysInside, quoteName } from '../../../core/source/archive-path.ts';
import { isDiskFull } from '../../files/disk-full.ts';
import { writeTarEntry } from '../../files/tar-entry.ts';
import type { Task } from '../child-task.ts';
import { meter, readLayer } from './blobs.ts';
import type { Descriptor } from './oci-layout.ts';
import { MEDIA_TYPES } from './oci-layout.ts';

export interface UnpackRequest {
  repository: string;
  layers: readonly Descriptor[];
  /** Digests of the uncompressed layers. */
  diffIds: readonly string[];
  target: string;
}

/** @throws Problem image_unavailable, or the error of a full disk */
export const task: Task<UnpackRequest, void> = async ({ repository, layers, diffIds, target }) => {
  await mkdir(dirname(target), { recursive: true });
  const partial = join(dirname(target), `.${basename(target)}-${randomBytes(6).toString('hex')}`);
  await mkdir(partial);
  try {
    for (const [position, layer] of layers.entries())
      await unpackLayer(repository, layer, diffIds[position], partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (error instanceof Problem || isDiskFull(error)) throw error;
    const why = error instanceof Error ? error.message : 'it can not be read';
    throw new Problem('image_unavailable', `The image can not be unpacked: ${why}.`, {
      hint: 'Build the version again; the image on disk is damaged or not one of Berth.',
      cause: error,
    });
  }
};

async function unpackLayer(repository: string, layer: Descriptor, diffId: string | undefined, root: string) {
  const { source, check } = readLayer(repository, layer);
  const plain = meter(() => {
    if (plain.digest() !== diffId)
      throw new Error(`the content of layer ${layer.digest} is not what it should be`);
  });
  const entries = extract();
  const reading = pipeline(source, check, decompressor(layer.mediaType), plain.stream, entries);
  // The loop below ends with the same error; only that the promise is handled matters here.
  reading.catch(() => undefined);
  const write = createWriter(root);
  // What tar-stream yields is a streamx stream, which has all of Readable that is used here.
  for await (const entry of entries) await write(entry.header, entry as unknown as Readable);
  await reading;
}

export function decompressor(mediaType: string): Transform {
  if (mediaType === MEDIA_TYPES.layerZstd) return createZstdDecompress();
  if (mediaType === MEDIA_TYPES.layerGzip) return createGunzip();
  if (mediaType === MEDIA_TYPES.layerTar) return new PassThrough();
  throw new Error(`layers of type ${mediaType} are not supported`);
}

/** Blocking calls on directories: see tar-entry.ts. */
function createWriter(root: string) {
  /** Directories known to be real ones. */
  const directories = new Set<string>();
  /** What this layer has put there: an opaque whiteout hides only what came from below. */
  const own = new Set<string>();

  const find = (path: string) => lstatSync(path, { throwIfNoEntry: false });

  function ensureDirectory(segments: string[]): string {
    const path = join(root, ...segments);
    if (segments.length === 0 || directories.has(path)) return path;
    ensureDirectory(segments.slice(0, -1));
    const found = find(path);
    if (found && !found.isDirectory()) remove(path);
    if (!found?.isDirectory()) mkdirSync(path, { mode: 0o755 });
    directories.add(path);
    return path;
  }

  function remove(path: string): void {
    for (const known of directories)
      if (known === path || known.startsWith(`${path}/`)) directories.delete(known);
    rmSync(path, { recursive: true, force: true });
  }

  function makeOpaque(segments: string[]): void {
    const path = ensureDirectory(segments);
    for (const name of readdirSync(path)) {
      const child = join(path, name);
      if (own.has(child)) continue;
      if ([...own].some((other) => other.startsWith(`${child}/`))) makeOpaque([...segments, name]);
      else remove(child);
    }
  }

  function addLink(header: Header, segments: string[], path: string): void {
    const target = header.linkname ?? '';
    const leadsOut = new Error(`link ${quoteName(header.name)} leads out`);
    if (header.type === 'symlink') {
      if (!linkStaysInside(segments.join('/'), target)) throw leadsOut;
      symlinkSync(target, path);
      return;
    }
    const checked = checkPath(target);
    if ('fault' in checked) throw leadsOut;
    const existing = join(ensureDirectory(checked.segments.slice(0, -1)), checked.segments.at(-1) ?? '.');
    if (!find(existing)?.isFile()) throw new Error(`link ${quoteName(header.name)} names no file`);
    linkSync(existing, path);
  }

  return async (header: Header, body: Readable): Promise<void> => {
    const checked = checkPath(header.name);
    if ('fault' in checked) throw new Error(`entry ${quoteName(header.name)}: ${checked.fault}`);
    const { segments } = checked;
    const name = segments.at(-1);
    if (name !== undefined) {
      const parent = ensureDirectory(segments.slice(0, -1));
      const path = join(parent, name);
      if (name === '.wh..wh..opq') makeOpaque(segments.slice(0, -1));
      else if (name.startsWith('.wh.')) remove(join(parent, hiddenBy(name)));
      else if (header.type === 'directory') {
        ensureDirectory(segments);
        own.add(path);
      } else {
        if (find(path)) remove(path);
        own.add(path);
        if (header.type === 'file') return writeTarEntry(path, header, body);
        if (header.type !== 'symlink' && header.type !== 'link')
          throw new Error(`entry ${quoteName(header.name)} is neither file, directory nor link`);
        addLink(header, segments, path);
      }
    }
    body.resume();
  };
}

function hiddenBy(whiteout: string): string {
  const name = whiteout.slice('.wh.'.length);
  if (name === '' || name === '.' || name === '..') throw new Error('a whiteout hides nothing');
  return name;
}
