/** Backups as objects in a bucket of their own. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { TransientError } from '../../core/problem.ts';
import type { Backups } from '../../ports/backups.ts';
import { isTransient, sent, unless } from './sdk-errors.ts';

/** What every key starts with; the rights of the functions name it as well. */
const BACKUPS_PREFIX = 'backups/';

/** The size of a part, bytes. S3 takes 10,000 parts, of which all but the last have at least 5 MiB. */
const PART_BYTES = 8 * 1024 ** 2;
/** How long an address is good, seconds. */
const LINK_SECONDS = 300;

export function createBackupObjects({ s3, bucket }: { s3: S3Client; bucket: string }): Required<Backups> {
  const object = (path: string) => ({ Bucket: bucket, Key: `${BACKUPS_PREFIX}${path}` });

  /** Sends what is larger than a part; S3 keeps nothing of it under its key before all of it is there. */
  async function sendParts(path: string, parts: AsyncIterable<Buffer>): Promise<void> {
    const made = await sent(s3.send(new CreateMultipartUploadCommand(object(path))));
    const target = { ...object(path), UploadId: made.UploadId };
    const done: { ETag: string | undefined; PartNumber: number }[] = [];
    try {
      for await (const Body of parts) {
        const PartNumber = done.length + 1;
        const { ETag } = await sent(s3.send(new UploadPartCommand({ ...target, PartNumber, Body })));
        done.push({ ETag, PartNumber });
      }
      const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: done } });
      // A repeated try finds no upload any more where the first one took effect.
      await unless(['NoSuchUpload'], s3.send(command));
    } catch (error) {
      // The rules of the bucket remove what is left of it.
      await s3.send(new AbortMultipartUploadCommand(target)).catch(() => undefined);
      throw error;
    }
  }

  return {
    async write(path, chunks) {
      let bytes = 0;
      const parts = partsOf(chunks, (size) => (bytes += size));
      const { value: first = Buffer.alloc(0) } = await parts.next();
      if (first.length < PART_BYTES)
        await sent(s3.send(new PutObjectCommand({ ...object(path), Body: first })));
      else await sendParts(path, startingWith(first, parts));
      return bytes;
    },
    async read(path) {
      const found = await unless(['NoSuchKey'], s3.send(new GetObjectCommand(object(path))));
      return found && contentOf(found.Body as AsyncIterable<Uint8Array>);
    },
    async link(path) {
      const found = await unless(['NotFound', 'NoSuchKey'], s3.send(new HeadObjectCommand(object(path))));
      return found && getSignedUrl(s3, new GetObjectCommand(object(path)), { expiresIn: LINK_SECONDS });
    },
    async remove(path) {
      await sent(s3.send(new DeleteObjectCommand(object(path))));
    },
    async list(prefix) {
      const paths: string[] = [];
      let token: string | undefined;
      do {
        const command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: `${BACKUPS_PREFIX}${prefix}`,
          ...(token !== undefined && { ContinuationToken: token }),
        });
        const page = await sent(s3.send(command));
        for (const { Key = '' } of page.Contents ?? []) paths.push(Key.slice(BACKUPS_PREFIX.length));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return paths.sort();
    },
  };
}

/** A connection that breaks while it is read is worth another try. */
async function* contentOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    const isBroken = error instanceof Error && /aborted|premature|socket/i.test(error.message);
    if (!isTransient(error) && !isBroken) throw error;
    throw new TransientError('AWS: the connection to the bucket broke.', { cause: error });
  }
}

/** Chunks put together to parts; all but the last have the size of a part or more. */
async function* partsOf(
  chunks: AsyncIterable<Uint8Array>,
  count: (size: number) => void,
): AsyncGenerator<Buffer, undefined> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.byteLength;
    count(chunk.byteLength);
    if (size < PART_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
