/** Makes a layer of files and stores it as a blob, compressing as it goes. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import type { Task } from '../child-task.ts';
import { blobPath, meter } from './blobs.ts';
import type { Descriptor } from './oci-layout.ts';
import { MEDIA_TYPES } from './oci-layout.ts';
import { type LayerPart, tarOf } from './tree.ts';

export interface LayerRequest {
  temporary: string;
  repository: string;
  parts: readonly LayerPart[];
}

export interface WrittenLayer {
  descriptor: Descriptor;
  /** Digest of the uncompressed tar. */
  diffId: string;
}

/** The level is low: most of a layer is JavaScript that shrinks well at any level, and people wait for it. */
const LEVEL = 2;

export const task: Task<LayerRequest, WrittenLayer> = async ({ temporary, repository, parts }, log) => {
  const file = join(temporary, randomBytes(12).toString('hex'));
  const plain = meter();
  const compressed = meter();
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const target = createWriteStream(file, { flags: 'wx', flush: true });
  try {
    await pipeline(tarOf(parts, log), plain.stream, compress, compressed.stream, target);
    const digest = compressed.digest();
    await rename(file, blobPath(repository, digest));
    const descriptor = { mediaType: MEDIA_TYPES.layerZstd, digest, size: compressed.bytes() };
    return { descriptor, diffId: plain.digest() };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
};
