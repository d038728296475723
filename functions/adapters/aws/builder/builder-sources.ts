/** Uploaded source archives in S3, kept until their build is over (and by the bucket's rules no longer than a day). */
import { randomBytes } from 'node:crypto';
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
import { type ArchiveFacts, receiveArchive } from '../../source/archive-upload.ts';
import { sent, unless } from '../sdk-errors.ts';

const ID = /^[0-9a-f]{32}$/;
/** The size of a part, bytes. S3 takes 10,000 parts, of which all but the last have at least 5 MiB. */
const PART_BYTES = 8 * 1024 ** 2;

const description = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int() });

export const sourceKey = (id: string): string => `sources/${id}.tar.gz`;
/** The key of the description, which is written last: where it is, the upload is whole. */
const descriptionKey = (id: string): string => `sources/${id}.json`;

export function createSources({ s3, bucket, maxBytes }: { s3: S3Client; bucket: string; maxBytes: number }) {
  const Bucket = bucket;

  async function upload(Key: string, body: ReadableStream<Uint8Array>): Promise<ArchiveFacts> {
    const parts: { ETag: string | undefined; PartNumber: number }[] = [];
    let waiting: Uint8Array[] = [];
    let size = 0;
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
      const facts = await receiveArchive(body, maxBytes, async (chunk) => {
        waiting.push(chunk);
        size += chunk.byteLength;
        if (size >= PART_BYTES) await flush();
      });
      if (size > 0) await flush();
      const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } });
      // A repeated try finds no upload any more where the first one took effect.
      await unless(['NoSuchUpload'], s3.send(command));
      return facts;
    } catch (error) {
      // The rules of the bucket remove what is left of it.
      await s3.send(new AbortMultipartUploadCommand(target)).catch(() => undefined);
      throw error;
    }
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
    async describe(id: string): Promise<ArchiveFacts | undefined> {
      if (!ID.test(id)) return undefined;
      const command = new GetObjectCommand({ Bucket, Key: descriptionKey(id) });
      const found = await unless(['NoSuchKey'], s3.send(command));
      return found?.Body && description.parse(JSON.parse(await found.Body.transformToString()));
    },
  };
}
