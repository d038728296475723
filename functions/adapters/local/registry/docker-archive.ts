/**
 * Images as `docker save` and `docker load` know them: a tar with a manifest.json, which names a configuration and the
 * layers, each a tar of its own. Both container engines read and write it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';
import * as z from 'zod';
import { DOCUMENT_MAX_BYTES } from '../../oci/image.ts';
import { blobPath, meter, readLayer } from './blobs.ts';
import { configSchema, type Descriptor, MEDIA_TYPES, type OciConfig } from './oci-layout.ts';
import { decompressor } from './unpack.ts';

export interface ArchiveRequest {
  repository: string;
  /** The configuration's text. */
  config: Buffer;
  layers: readonly Descriptor[];
  /** Digests of the uncompressed layers. */
  diffIds: readonly string[];
  name: string;
}

const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);
const EPOCH = new Date(0);

/**
 * Writes an image as an archive. @param scratch a directory that is there, for this alone; it is removed at the end
 */
export function writeArchive(request: ArchiveRequest, scratch: string): Readable {
  const tar = pack();
  const out = new PassThrough();
  const { repository, config, layers, diffIds, name } = request;

  const add = (entry: Pick<Header, 'name'>, content: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      tar.entry({ ...entry, mtime: EPOCH, size: content.length }, content, (error) =>
        error ? reject(error) : resolve(),
      );
    });

  async function addLayer(layer: Descriptor, diffId: string): Promise<void> {
    // A tar says how long a file is before it comes, and a layer says that only in its last byte.
    const file = join(scratch, hexOf(diffId));
    const { source, check } = readLayer(repository, layer);
    const plain = meter(() => {
      if (plain.digest() !== diffId) throw new Error(`layer ${layer.digest} is not what it should be`);
    });
    const target = createWriteStream(file);
    await pipeline(source, check, decompressor(layer.mediaType), plain.stream, target);
    const { size } = await stat(file);
    const entry = tar.entry({ name: `${hexOf(diffId)}.tar`, size, mtime: EPOCH });
    await pipeline(createReadStream(file), entry as unknown as NodeJS.WritableStream);
    await rm(file);
  }

  async function addAll(): Promise<void> {
    const document = `${createHash('sha256').update(config).digest('hex')}.json`;
    for (const diffId of new Set(diffIds)) {
      const layer = layers[diffIds.indexOf(diffId)];
      if (layer) await addLayer(layer, diffId);
    }
    await add({ name: document }, config);
    const files = diffIds.map((diffId) => `${hexOf(diffId)}.tar`);
    const manifest = [{ Config: document, RepoTags: [name], Layers: files }];
    await add({ name: 'manifest.json' }, Buffer.from(JSON.stringify(manifest)));
    tar.finalize();
  }

  addAll()
    .catch((error: Error) => tar.destroy(error))
    .finally(() => rm(scratch, { recursive: true, force: true }));
  // Whoever reads sees the error, and nobody else has to.
  pipeline(tar as unknown as Readable, out).catch(() => undefined);
  return out;
}

const manifestsSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);

export interface ReadImage {
  /** The configuration, with all that the engine wrote in it. */
  config: OciConfig & Record<string, unknown>;
  layers: Descriptor[];
}

/**
 * Stores the layers of an archive that holds one image.
 * @param known layers that are stored already, by the digests of what they are uncompressed
 * @param scratch a directory that is there, for this alone
 * @throws Error where the archive is not one
 */
export async function readArchive(
  archive: Readable,
  repository: string,
  known: ReadonlyMap<string, Descriptor>,
  scratch: string,
): Promise<ReadImage> {
  /** Files of the archive by their name, and links to them: names in it are never names on disk. */
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const entries = extract();
  const reading = pipeline(archive, entries);
  // The loop below ends with the same error; only that the promise is handled matters here.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const { name, type, linkname } = entry.header;
    const path = posix.normalize(name);
    if (type === 'symlink' && linkname) links.set(path, posix.join(posix.dirname(path), linkname));
    else if (type === 'link' && linkname) links.set(path, posix.normalize(linkname));
    const file = join(scratch, randomBytes(12).toString('hex'));
    if (type === 'file') {
      files.set(path, file);
      await pipeline(entry as unknown as Readable, createWriteStream(file));
    } else entry.resume();
  }
  await reading;

  const fileOf = (name: string): string => {
    const path = posix.normalize(name);
    const file = files.get(path) ?? files.get(links.get(path) ?? '');
    if (file === undefined) throw new Error(`the archive has no ${name}`);
    return file;
  };
  const documentOf = async (name: string): Promise<unknown> => {
    const file = fileOf(name);
    if ((await stat(file)).size > DOCUMENT_MAX_BYTES) throw new Error(`${name} is too large`);
    return JSON.parse(await readFile(file, 'utf8'));
  };
  const [manifest] = manifestsSchema.parse(await documentOf('manifest.json'));
  const document = await documentOf(manifest.Config);
  const { diff_ids: diffIds } = configSchema.parse(document).rootfs;
  if (diffIds.length !== manifest.Layers.length) throw new Error('the layers are not those that it names');
  const layers: Descriptor[] = [];
  for (const [index, name] of manifest.Layers.entries()) {
    const diffId = diffIds[index] ?? '';
    layers.push(known.get(diffId) ?? (await storeLayer(fileOf(name), diffId, repository, scratch)));
  }
  return { config: document as ReadImage['config'], layers };
}

/** The level that layers of other builds have too. */
const LEVEL = 2;

async function storeLayer(
  file: string,
  diffId: string,
  repository: string,
  scratch: string,
): Promise<Descriptor> {
  const plain = meter(() => {
    if (plain.digest() !== diffId) throw new Error(`a layer is not ${diffId}, as its configuration has it`);
  });
  const compressed = meter();
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const packed = join(scratch, randomBytes(12).toString('hex'));
  const target = createWriteStream(packed, { flags: 'wx', flush: true });
  await pipeline(createReadStream(file), plain.stream, compress, compressed.stream, target);
  await mkdir(join(repository, 'blobs', 'sha256'), { recursive: true });
  await rename(packed, blobPath(repository, compressed.digest()));
  return { mediaType: MEDIA_TYPES.layerZstd, digest: compressed.digest(), size: compressed.bytes() };
}
