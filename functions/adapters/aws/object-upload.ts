/** Objects that are sent to S3 while they come in, of which it is not known how large they will be. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { sent, unless } from './sdk-errors.ts';

/** The size of a part, bytes. S3 takes 10,000 parts, of which all but the last have at least 5 MiB. */
const PART_BYTES = 8 * 1024 ** 2;

/**
 * Sends what `work` writes; what is smaller than a part in one request. S3 has nothing new under the key before all of it is
 * there, and nothing at all where `work` throws.
 */
export async function uploadObject<T>(
  s3: S3Client,
  object: { Bucket: string; Key: string; ContentType?: string },
  work: (write: (chunk: Uint8Array) => Promise<void>) => Promise<T>,
): Promise<T> {
  const { Bucket, Key } = object;
  const parts: { ETag: string | undefined; PartNumber: number }[] = [];
  let UploadId: string | undefined;
  let waiting: Uint8Array[] = [];
  let size = 0;
  const sendPart = async (): Promise<void> => {
    UploadId ??= (await sent(s3.send(new CreateMultipartUploadCommand(object)))).UploadId;
    const PartNumber = parts.length + 1;
    const Body = Buffer.concat(waiting);
    const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
    parts.push({ ETag: (await sent(s3.send(command))).ETag, PartNumber });
    waiting = [];
    size = 0;
  };
  try {
    const result = await work(async (chunk) => {
      waiting.push(chunk);
      size += chunk.byteLength;
      if (size >= PART_BYTES) await sendPart();
    });
    if (UploadId === undefined) {
      await sent(s3.send(new PutObjectCommand({ ...object, Body: Buffer.concat(waiting) })));
      return result;
    }
    if (size > 0) await sendPart();
    const MultipartUpload = { Parts: parts };
    const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload });
    // A repeated try finds no upload any more where the first one took effect.
    await unless(['NoSuchUpload'], s3.send(command));
    return result;
  } catch (error) {
    // The rules of the bucket remove what is left of it.
    if (UploadId !== undefined)
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
    throw error;
  }
}
