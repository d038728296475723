/** Uploaded source archives in S3, kept until their build is over (and by the bucket's rules no longer than a day). */
import { randomBytes } from 'node:crypto';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import * as z from 'zod';
import { UPLOAD_TYPE, type UploadTarget } from '../../../ports/builder.ts';
import { type ArchiveFacts, receiveArchive, tooLarge } from '../../source/archive-upload.ts';
import { uploadObject } from '../object-upload.ts';
import { sent, unless } from '../sdk-errors.ts';

/** How long an address for an upload is good. */
const OPEN_SECONDS = 3600;
const ID = /^[0-9a-f]{32}$/;
/**
 * For the client: what signs an address would put the checksum of an empty body into it, and S3 would refuse whatever
 * is sent there.
 */
export const uploadOptions = { requestChecksumCalculation: 'WHEN_REQUIRED' } as const;

const description = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int() });

export const sourceKey = (id: string): string => `sources/${id}.tar.gz`;
/** The key of the description, which is written last: where it is, the upload is whole. */
const descriptionKey = (id: string): string => `sources/${id}.json`;

export function createSources({ s3, bucket, maxBytes }: { s3: S3Client; bucket: string; maxBytes: number }) {
  const Bucket = bucket;

  const upload = (Key: string, body: ReadableStream<Uint8Array>): Promise<ArchiveFacts> =>
    uploadObject(s3, { Bucket, Key, ContentType: 'application/gzip' }, (write) =>
      receiveArchive(body, maxBytes, write),
    );

  async function sizeOf(id: string): Promise<number | undefined> {
    if (!ID.test(id)) return undefined;
    const command = new HeadObjectCommand({ Bucket, Key: sourceKey(id) });
    return (await unless(['NotFound', 'NoSuchKey'], s3.send(command)))?.ContentLength;
  }

  return {
    async save(body: ReadableStream<Uint8Array>) {
      const id = randomBytes(16).toString('hex');
      const saved = await upload(sourceKey(id), body);
      const Body = JSON.stringify(saved);
      await sent(s3.send(new PutObjectCommand({ Bucket, Key: descriptionKey(id), Body })));
      return { id, ...saved };
    },

    /** Size and type are part of the address: S3 takes nothing else. */
    async open(bytes: number): Promise<UploadTarget> {
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      const id = randomBytes(16).toString('hex');
      const command = new PutObjectCommand({
        Bucket,
        Key: sourceKey(id),
        ContentType: UPLOAD_TYPE,
        ContentLength: bytes,
      });
      const url = await getSignedUrl(s3, command, {
        expiresIn: OPEN_SECONDS,
        signableHeaders: new Set(['host', 'content-type', 'content-length']),
      });
      return { id, url, expiresAt: new Date(Date.now() + OPEN_SECONDS * 1000).toISOString() };
    },

    has: async (id: string): Promise<boolean> => (await sizeOf(id)) !== undefined,

    async remove(id: string): Promise<void> {
      if (!ID.test(id)) return;
      const Objects = [{ Key: descriptionKey(id) }, { Key: sourceKey(id) }];
      await sent(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })));
    },

    /** Size of what was uploaded, and its hash where it came through here; undefined when there is no such upload. */
    async describe(id: string): Promise<{ bytes: number; sha256?: string } | undefined> {
      if (!ID.test(id)) return undefined;
      const command = new GetObjectCommand({ Bucket, Key: descriptionKey(id) });
      const found = await unless(['NoSuchKey'], s3.send(command));
      if (found?.Body) return description.parse(JSON.parse(await found.Body.transformToString()));
      const bytes = await sizeOf(id);
      return bytes === undefined ? undefined : { bytes };
    },
  };
}
