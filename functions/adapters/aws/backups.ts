/** Backups as objects in a bucket of their own. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { TransientError } from '../../core/problem.ts';
import type { Backups } from '../../ports/backups.ts';
import { uploadObject } from './object-upload.ts';
import { isTransient, sent, unless } from './sdk-errors.ts';

/** What every key starts with; the rights of the functions name it as well. */
const BACKUPS_PREFIX = 'backups/';

/** How long an address is good, seconds. */
const LINK_SECONDS = 300;

export function createBackupObjects({ s3, bucket }: { s3: S3Client; bucket: string }): Required<Backups> {
  const object = (path: string) => ({ Bucket: bucket, Key: `${BACKUPS_PREFIX}${path}` });

  return {
    write: (path, chunks) =>
      uploadObject(s3, object(path), async (write) => {
        let bytes = 0;
        for await (const chunk of chunks) {
          bytes += chunk.byteLength;
          await write(chunk);
        }
        return bytes;
      }),
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
