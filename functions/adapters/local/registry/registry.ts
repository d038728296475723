/**
 * Images in OCI image layouts, one a repository: `{directory}/{project}/{service}`. Any OCI tool reads them.
 * A digest decides what runs; tags are names for people. Every write ends in a rename, so that a killed process
 * leaves a valid layout and at most a blob that nothing refers to.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isName } from '../../../core/names.ts';
import { Problem } from '../../../core/problem.ts';
import type { Image, ImageConfig, Registry, RepositoryRef } from '../../../ports/registry.ts';
import { syncDirectory } from '../../files/atomic-file.ts';
import { diskProblem } from '../../files/disk-full.ts';
import {
  DIGEST_PATTERN,
  notOfRepository,
  parseReference,
  readSignatures,
  signatureTag,
  TAG_PATTERN,
} from '../../oci/image.ts';
import type { StoredImage } from '../../oci/push-image.ts';
import { inChild } from '../child-task.ts';
import { blobPath, readDocument, removeUnused, replaceFile, writeDocument } from './blobs.ts';
import { fromOci, toOci } from './image-config.ts';
import type { LayerRequest, WrittenLayer } from './layer.ts';
import type { Descriptor, Index, Manifest, OciConfig } from './oci-layout.ts';
import { configSchema, indexSchema, MEDIA_TYPES, manifestSchema, REF_NAME } from './oci-layout.ts';
import type { LayerPart } from './tree.ts';
import type { UnpackRequest } from './unpack.ts';

export interface NewImage {
  /** Layers, the lowest first. */
  layers: readonly (readonly LayerPart[])[];
  config: ImageConfig;
  tags?: readonly string[];
  /** Is told what was left out of a layer. */
  log?: (line: string) => void;
}

export interface OciLayout extends Registry {
  /**
   * Adds an image; the same content gives the same digest. A tag that another image has moves here.
   * @throws Problem storage_full
   */
  push(repository: RepositoryRef, image: NewImage): Promise<Image>;
  /**
   * Lays an image's files out in a directory, which must not be there yet or be empty; it appears whole or not
   * at all.
   * @throws Problem image_unavailable | storage_full
   */
  unpack(repository: RepositoryRef, digest: string, targetDirectory: string): Promise<ImageConfig>;
  /**
   * The image as it is stored, for another registry.
   * @throws Problem image_unavailable
   */
  stored(repository: RepositoryRef, digest: string): Promise<StoredImage>;
  /**
   * The image as `docker save` writes it, under the name.
   * @throws Problem image_unavailable; what is found damaged later ends the stream with an error
   */
  archive(repository: RepositoryRef, digest: string, name: string): Promise<Readable>;
  /**
   * Adds an image that is such an archive; its labels are added to those that it has.
   * @throws Problem storage_full, or an Error where the archive is not one
   */
  takeArchive(
    repository: RepositoryRef,
    archive: Readable,
    image: Pick<NewImage, 'tags'> & Pick<ImageConfig, 'labels'>,
  ): Promise<Image>;
}

interface Found {
  image: Image;
  manifest: Manifest;
  document: OciConfig;
}

/** Images of others have an operating system: what runs them is what pulls them. */
const ENGINE =
  'Start Docker or Podman on the machine of Berth as its administrator, or name its socket in DOCKER_HOST, then make the version again.';
const LAYERS_OF_IMAGES = 10;
const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY: Index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [] };

export async function createOciLayout({ directory }: { directory: string }): Promise<OciLayout> {
  // Names of repositories never start with a dot.
  const temporary = join(directory, '.tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const locks = new Map<string, Promise<unknown>>();
  /** How many images are being pushed, by the repository. */
  const pushing = new Map<string, number>();

  const pathOf = ({ project, service }: RepositoryRef): string => {
    if (!isName(project) || !isName(service)) throw unavailable('the repository has no such name');
    return join(directory, project, service);
  };

  /** One change of a repository's index at a time. */
  function exclusively<T>(path: string, change: () => Promise<T>): Promise<T> {
    const turn = (locks.get(path) ?? Promise.resolve()).then(change, change);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    locks.set(path, settled);
    void settled.then(() => {
      if (locks.get(path) === settled) locks.delete(path);
    });
    return turn;
  }

  async function readIndex(path: string): Promise<Index | undefined> {
    let text: string;
    try {
      text = await readFile(join(path, 'index.json'), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    const index = indexSchema.safeParse(parsed);
    if (!index.success) throw unavailable("the repository's index.json is damaged");
    return index.data;
  }

  async function writeIndex(path: string, index: Index): Promise<void> {
    await replaceFile(
      temporary,
      join(path, 'index.json'),
      Buffer.from(`${JSON.stringify(index, null, 2)}\n`),
    );
    await syncDirectory(path);
  }

  /** Only for a caller whose turn it is with the repository. */
  async function ensure(path: string): Promise<Index> {
    const existing = await readIndex(path);
    if (existing) return existing;
    await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
    await replaceFile(temporary, join(path, 'oci-layout'), Buffer.from(JSON.stringify(LAYOUT)));
    await writeIndex(path, EMPTY);
    return EMPTY;
  }

  /** Pushes an image, whose content counts as used from its beginning to its end. */
  async function whilePushing<T>(path: string, push: () => Promise<T>): Promise<T> {
    const count = (by: number): void => {
      const now = (pushing.get(path) ?? 0) + by;
      if (now === 0) pushing.delete(path);
      else pushing.set(path, now);
    };
    let counted = false;
    try {
      await exclusively(path, () => {
        count(1);
        counted = true;
        return ensure(path);
      });
      return await push();
    } catch (error) {
      throw diskProblem(error);
    } finally {
      if (counted) count(-1);
    }
  }

  async function read(path: string, descriptor: Descriptor): Promise<Found> {
    const damaged = (what: string) => unavailable(`${what} of ${descriptor.digest} is missing or damaged`);
    const manifest = manifestSchema.safeParse(await readDocument(path, descriptor));
    if (!manifest.success) throw damaged('the manifest');
    const config = configSchema.safeParse(await readDocument(path, manifest.data.config));
    if (!config.success) throw damaged('the configuration');
    const { layers } = manifest.data;
    if (layers.length !== config.data.rootfs.diff_ids.length) throw damaged('the list of layers');
    for (const layer of layers) {
      const size = await stat(blobPath(path, layer.digest)).then(
        (found) => found.size,
        () => -1,
      );
      if (size !== layer.size) throw damaged('a layer');
    }
    const size = layers.reduce((sum, layer) => sum + layer.size, 0);
    const image = { digest: descriptor.digest, config: fromOci(config.data), size };
    return { image, manifest: manifest.data, document: config.data };
  }

  async function find(repository: RepositoryRef, reference: string): Promise<Found> {
    const path = pathOf(repository);
    const wanted = parseReference([`${repository.project}/${repository.service}`], reference);
    if (!wanted) throw notOfRepository(reference, ENGINE);
    const index = await readIndex(path);
    const descriptor = index?.manifests.find((entry) =>
      'imageDigest' in wanted
        ? entry.digest === wanted.imageDigest
        : entry.annotations?.[REF_NAME] === wanted.imageTag,
    );
    if (!descriptor) throw unavailable(`there is no ${Object.values(wanted)[0]} in the repository`);
    return read(path, descriptor);
  }

  async function scratchDirectory(): Promise<string> {
    const scratch = join(temporary, randomBytes(12).toString('hex'));
    await mkdir(scratch);
    return scratch;
  }

  /** Layers of the newest images, by the digests of what they are uncompressed: most builds stand on the same. */
  async function storedLayers(path: string): Promise<Map<string, Descriptor>> {
    const layers = new Map<string, Descriptor>();
    for (const descriptor of (await readIndex(path))?.manifests.slice(-LAYERS_OF_IMAGES) ?? []) {
      const found = await read(path, descriptor).catch(() => undefined);
      for (const [index, layer] of found?.manifest.layers.entries() ?? [])
        layers.set(found?.document.rootfs.diff_ids[index] ?? '', layer);
    }
    return layers;
  }

  /** Writes a manifest of what is stored already, and tells the index of it. */
  async function register(
    path: string,
    document: OciConfig,
    layers: Descriptor[],
    tags: readonly string[],
  ): Promise<Image> {
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config: await writeDocument(temporary, path, MEDIA_TYPES.config, document),
      layers,
    };
    const descriptor = await writeDocument(temporary, path, MEDIA_TYPES.manifest, manifest);
    await syncDirectory(join(path, 'blobs', 'sha256'));
    await exclusively(path, async () => {
      const index = await ensure(path);
      await writeIndex(path, { ...index, manifests: withImage(index.manifests, descriptor, tags) });
    });
    return (await read(path, descriptor)).image;
  }

  return {
    async ensureRepository(repository) {
      const path = pathOf(repository);
      await exclusively(path, () => ensure(path)).catch(rethrow);
    },

    async removeRepository(repository) {
      const path = pathOf(repository);
      await exclusively(path, async () => {
        // For readers it is gone at once; what a crash leaves of it is removed at the next start.
        const trash = join(temporary, randomBytes(12).toString('hex'));
        try {
          await rename(path, trash);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
          throw error;
        }
        await rm(trash, { recursive: true, force: true });
      });
    },

    async removeImage(repository, digest) {
      const path = pathOf(repository);
      await exclusively(path, async () => {
        const index = await readIndex(path);
        if (!index) return;
        const signature = signatureTag(digest);
        const manifests = index.manifests.filter(
          (entry) => entry.digest !== digest && entry.annotations?.[REF_NAME] !== signature,
        );
        await writeIndex(path, { ...index, manifests });
        // What is being pushed is in no index yet: what nothing needs goes with the next image then.
        if (!pushing.has(path)) await removeUnused(path, manifests);
      }).catch(rethrow);
    },

    resolve: async (repository, reference) => (await find(repository, reference)).image,

    /** Nothing here scans images. */
    async findings(repository) {
      pathOf(repository);
      return undefined;
    },

    async signatures(repository, digest) {
      const path = pathOf(repository);
      const tag = signatureTag(digest);
      const index = await readIndex(path);
      const descriptor = index?.manifests.find((entry) => entry.annotations?.[REF_NAME] === tag);
      const manifest = descriptor && (await readDocument(path, descriptor));
      if (manifest === undefined) return [];
      return readSignatures(JSON.stringify(manifest), (layer) =>
        readFile(blobPath(path, layer)).catch(() => undefined),
      );
    },

    async list(repository) {
      const index = await readIndex(pathOf(repository));
      return [...new Set(index?.manifests.map((entry) => entry.digest))];
    },

    async push(repository, { layers, config, tags = [], log = () => undefined }) {
      const path = pathOf(repository);
      if (tags.some((tag) => !TAG_PATTERN.test(tag)))
        throw new TypeError('a tag is not one in the terms of OCI');
      return whilePushing(path, async () => {
        const written = [];
        for (const parts of layers)
          written.push(await makeLayer({ temporary, repository: path, parts }, log));
        const document = toOci(
          config,
          written.map((layer) => layer.diffId),
        );
        const descriptors = written.map((layer) => layer.descriptor);
        return register(path, document, descriptors, tags);
      });
    },

    async unpack(repository, digest, targetDirectory) {
      if (!DIGEST_PATTERN.test(digest)) throw unavailable('only a digest says what to run');
      const { image, manifest, document } = await find(repository, digest);
      const { layers } = manifest;
      const request = {
        repository: pathOf(repository),
        layers,
        diffIds: document.rootfs.diff_ids,
        target: targetDirectory,
      };
      await unpackImage(request, image.size).catch(rethrow);
      return image.config;
    },

    async stored(repository, digest) {
      const path = pathOf(repository);
      const { manifest, image } = await find(repository, digest);
      const document = Uint8Array.from(await readFile(blobPath(path, image.digest)));
      const blobs = [manifest.config, ...manifest.layers].map(({ digest: blob }) => ({
        digest: blob,
        open: () => Readable.toWeb(createReadStream(blobPath(path, blob))) as ReadableStream,
      }));
      return { manifest: { mediaType: manifest.mediaType ?? MEDIA_TYPES.manifest, document }, blobs };
    },

    async archive(repository, digest, name) {
      const { manifest, document } = await find(repository, digest);
      const path = pathOf(repository);
      const { writeArchive } = await import('./docker-archive.ts');
      const config = await readFile(blobPath(path, manifest.config.digest));
      const { layers } = manifest;
      const request = { repository: path, config, layers, diffIds: document.rootfs.diff_ids, name };
      return writeArchive(request, await scratchDirectory().catch(rethrow));
    },

    async takeArchive(repository, archive, { labels, tags = [] }) {
      const path = pathOf(repository);
      const scratch = await scratchDirectory().catch(rethrow);
      return whilePushing(path, async () => {
        const { readArchive } = await import('./docker-archive.ts');
        const { config, layers } = await readArchive(archive, path, await storedLayers(path), scratch);
        const own = config.config ?? {};
        const document = { ...config, config: { ...own, Labels: { ...own.Labels, ...labels } } };
        return register(path, document, layers, tags);
      }).finally(() => rm(scratch, { recursive: true, force: true }));
    },
  };
}

/** A process of its own takes 0.2 s to start: it is for images that take longer. */
const LARGE_BYTES = 1024 ** 2;
const LARGE_ENTRIES = 300;

async function makeLayer(request: LayerRequest, log: (line: string) => void): Promise<WrittenLayer> {
  const { isLarge } = await import('./tree.ts');
  const module = new URL('./layer.ts', import.meta.url);
  if (isLarge(request.parts, LARGE_ENTRIES)) return inChild(module, request, log);
  const { task } = await import('./layer.ts');
  return task(request, log);
}

async function unpackImage(request: UnpackRequest, bytes: number): Promise<void> {
  const ignore = () => undefined;
  if (bytes > LARGE_BYTES) return inChild(new URL('./unpack.ts', import.meta.url), request, ignore);
  const { task } = await import('./unpack.ts');
  await task(request, ignore);
}

/** An image is in the index once for each of its tags, or once without. */
function withImage(entries: Descriptor[], image: Descriptor, tags: readonly string[]): Descriptor[] {
  const kept: Descriptor[] = [];
  const untagged = new Map<string, Descriptor>();
  for (const entry of entries) {
    const tag = entry.annotations?.[REF_NAME];
    const { annotations: _, ...bare } = entry;
    if (tag !== undefined && !tags.includes(tag)) kept.push(entry);
    else untagged.set(entry.digest, bare);
  }
  for (const tag of tags) kept.push({ ...image, annotations: { [REF_NAME]: tag } });
  untagged.set(image.digest, image);
  for (const entry of untagged.values())
    if (!kept.some((other) => other.digest === entry.digest)) kept.push(entry);
  return kept;
}

function rethrow(error: unknown): never {
  throw diskProblem(error);
}

function unavailable(why: string): Problem {
  return new Problem('image_unavailable', `The image can not be had: ${why}.`, {
    hint: 'List the versions of the service and name one of them, or build it again.',
  });
}
