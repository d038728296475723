/** Content-addressed files of one repository: written beside, checked, then renamed into place. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { DOCUMENT_MAX_BYTES, digestOf } from '../../oci/image.ts';
import type { Descriptor } from './oci-layout.ts';

export const blobPath = (repository: string, digest: string): string =>
  join(repository, 'blobs', 'sha256', digest.slice('sha256:'.length));

/** Replaces a file so that a crash leaves the old or the new one, never half. */
export async function replaceFile(temporary: string, target: string, data: Uint8Array): Promise<void> {
  const file = join(temporary, randomBytes(12).toString('hex'));
  try {
    const handle = await open(file, 'wx', 0o644);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(file, target);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Stores a JSON document. */
export async function writeDocument(
  temporary: string,
  repository: string,
  mediaType: string,
  document: unknown,
): Promise<Descriptor> {
  const data = Buffer.from(JSON.stringify(document));
  const digest = digestOf(data);
  await replaceFile(temporary, blobPath(repository, digest), data);
  return { mediaType, digest, size: data.byteLength };
}

/**
 * Reads a document and proves that it is what its digest says.
 * @returns undefined when it is missing or is not
 */
export async function readDocument(repository: string, descriptor: Descriptor): Promise<unknown> {
  if (descriptor.size > DOCUMENT_MAX_BYTES) return undefined;
  const path = blobPath(repository, descriptor.digest);
  try {
    if ((await stat(path)).size !== descriptor.size) return undefined;
    const data = await readFile(path);
    return digestOf(data) === descriptor.digest ? JSON.parse(data.toString()) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes what none of the manifests names. A manifest that can not be read might name anything, so that all is kept
 * then.
 */
export async function removeUnused(repository: string, manifests: readonly Descriptor[]): Promise<void> {
  const used = new Set<string>();
  for (const descriptor of manifests) {
    const document = await readDocument(repository, descriptor);
    if (document === undefined) return;
    used.add(descriptor.digest);
    for (const [digest] of JSON.stringify(document).matchAll(/sha256:[0-9a-f]{64}/g)) used.add(digest);
  }
  for (const name of await readdir(join(repository, 'blobs', 'sha256')))
    if (!used.has(`sha256:${name}`)) await rm(blobPath(repository, `sha256:${name}`), { force: true });
}

/** A layer's compressed bytes, which fail at the end if they are not what the descriptor says. */
export function readLayer(
  repository: string,
  descriptor: Descriptor,
): { source: Readable; check: Transform } {
  const { stream, digest, bytes } = meter(() => {
    if (digest() !== descriptor.digest || bytes() !== descriptor.size)
      throw new Error(`layer ${descriptor.digest} is damaged`);
  });
  return { source: createReadStream(blobPath(repository, descriptor.digest)), check: stream };
}

/** Counts and hashes what passes; `atEnd` may refuse it by throwing. */
export function meter(atEnd?: () => void): { stream: Transform; bytes(): number; digest(): string } {
  const hash = createHash('sha256');
  let count = 0;
  let value: string | undefined;
  const digest = (): string => {
    value ??= `sha256:${hash.digest('hex')}`;
    return value;
  };
  const stream = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      count += chunk.byteLength;
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      try {
        atEnd?.();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return { stream, bytes: () => count, digest };
}
