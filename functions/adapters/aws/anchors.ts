/** Anchors as empty objects in a bucket with Object Lock: nobody can change or remove one before its time. */
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type ChainHead, headOfName, nameOfHead } from '../../core/events/audit-chain.ts';
import type { Anchors } from '../../ports/anchors.ts';
import { sent } from './sdk-errors.ts';

const PREFIX = 'anchors';

/**
 * @param options.bucket has Object Lock with a default retention
 * @param options.onError is told of what could not be kept
 */
export function createS3Anchors(options: {
  client: () => S3Client | Promise<S3Client>;
  bucket: string;
  onError: (error: unknown) => void;
}): Anchors {
  const { bucket, onError } = options;
  let noted = new Map<string, ChainHead>();

  return {
    note(project, head) {
      noted.set(project, head);
    },
    async flush() {
      const heads = [...noted];
      noted = new Map();
      if (heads.length === 0) return;
      const client = await options.client();
      await Promise.all(
        heads.map(([project, head]) =>
          // Object Lock wants a checksum; the SDK adds one. The same head twice is the same object.
          sent(
            client.send(
              new PutObjectCommand({
                Bucket: bucket,
                Key: `${PREFIX}/${project}/${nameOfHead(head)}`,
                Body: '',
                // The SDK takes a body without a length for a stream, and warns of it each time.
                ContentLength: 0,
              }),
            ),
          ).catch(onError),
        ),
      );
    },
    async heads(project) {
      await this.flush();
      const client = await options.client();
      const heads: ChainHead[] = [];
      let token: string | undefined;
      do {
        const command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: `${PREFIX}/${project}/`,
          ...(token !== undefined && { ContinuationToken: token }),
        });
        const page = await sent(client.send(command));
        for (const { Key = '' } of page.Contents ?? []) heads.push(headOfName(Key));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return heads;
    },
  };
}
