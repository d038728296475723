/** Uploaded source archives in S3, kept until their build is over (and by the bucket's rules no longer than a day). */
import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { Problem } from '../../../core/problem.ts';
import { sent, unless } from '../sdk-errors.ts';

const ID = /^[0-9a-f]{32}$/;
const GZIP = [0x1f, 0x8b];
/** The size of a part, bytes. S3 takes 10,000 parts, of which all but the last have at least 5 MiB. */
const PART_BYTES = 8 * 1024 ** 2;

const description = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int() });

export const sourceKey = (id: string): string => `sources/${id}.tar.gz`;
/** The key of the description, which is written last: where it is, the upload is whole. */
const descriptionKey = (id: string): string => `sources/${id}.json`;

export function createSources({ s3, bucket, maxBytes }: { s3: S3Client; bucket: string; maxBytes: number }) {
  const Bucket = bucket;

  async function upload(Key: string, body: ReadableStream<Uint8Array>) {
    const hash = createHash('sha256');
    const parts: { ETag: string | undefined; PartNumber: number }[] = [];
    let waiting: Uint8Array[] = [];
    let size = 0;
    let bytes = 0;
    const start: number[] = [];
    const made = await sent(
      s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'application/gzip' })),
    );
    const target = { Bucket, Key, UploadId: made.UploadId };
    const flush = async (): Promise<void> => {
      const PartNumber = parts.length + 1;
      const command = new UploadPartCommand({ ...target, PartNumber, Body: Buffer.concat(waiting) });
      parts.push({ ETag: (await sent(s3.send(command))).ETag, PartNumber });
      waiting = [];
      size = 0;
    };
    try {
      // Leaving the loop by an error cancels the body.
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        if (start.length < GZIP.length) start.push(...chunk.subarray(0, GZIP.length - start.length));
        if (!GZIP.slice(0, start.length).every((byte, at) => byte === start[at])) throw notGzip();
        hash.update(chunk);
        waiting.push(chunk);
        size += chunk.byteLength;
        if (size >= PART_BYTES) await flush();
      }
      if (start.length < GZIP.length) throw notGzip();
      if (size > 0) await flush();
      const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } });
      // A repeated try finds no upload any more where the first one took effect.
      await unless(['NoSuchUpload'], s3.send(command));
    } catch (error) {
      // The rules of the bucket remove what is left of it.
      await s3.send(new AbortMultipartUploadCommand(target)).catch(() => undefined);
      throw error;
    }
    return { sha256: hash.digest('hex'), bytes };
  }

  return {
    async save(body: ReadableStream<Uint8Array>) {
      const id = randomBytes(16).toString('hex');
      const saved = await upload(sourceKey(id), body);
      const Body = JSON.stringify(saved);
      await sent(s3.send(new PutObjectCommand({ Bucket, Key: descriptionKey(id), Body })));
      return { id, ...saved };
    },

    async remove(id: string): Promise<void> {
      if (!ID.test(id)) return;
      const Objects = [{ Key: descriptionKey(id) }, { Key: sourceKey(id) }];
      await sent(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })));
    },

    /** Hash and size of what was uploaded; undefined when there is no such upload. */
    async describe(id: string): Promise<{ sha256: string; bytes: number } | undefined> {
      if (!ID.test(id)) return undefined;
      const command = new GetObjectCommand({ Bucket, Key: descriptionKey(id) });
      const found = await unless(['NoSuchKey'], s3.send(command));
      return found?.Body && description.parse(JSON.parse(await found.Body.transformToString()));
    },
  };
}

const tooLarge = (maxBytes: number) =>
  new Problem('payload_too_large', `The archive is refused: it is larger than ${maxBytes} bytes.`, {
    hint: 'Leave out node_modules, build output and data, or build from git.',
  });

const notGzip = () =>
  new Problem('invalid_archive', 'The archive is refused: it is not a gzip file.', {
    hint: 'Send a tar.gz: tar --exclude node_modules -czf source.tgz . , or git archive --format=tar.gz HEAD.',
  });
