/** The clients that AWS gives, for what a resource or the port gave. */
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AccessKey, BucketOrQueueEndpoint } from '../../../functions/ports/buckets-and-queues.ts';

type At = Pick<BucketOrQueueEndpoint, 'endpoint' | 'region'>;

const options = ({ endpoint, region }: At, { id, secret }: AccessKey) => ({
  endpoint,
  region,
  credentials: { accessKeyId: id, secretAccessKey: secret },
  maxAttempts: 1,
});
export const s3Client = (at: At, key: AccessKey): S3Client => new S3Client(options(at, key));
export const sqsClient = (at: At, key: AccessKey): SQSClient => new SQSClient(options(at, key));

/** What AWS calls the refusal that the work ends in; undefined where it ends well. */
export const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: Error & { $response?: { statusCode?: number } }) =>
      // Moto refuses in XML, which clients of SQS do not read.
      error instanceof SyntaxError && error.$response?.statusCode === 403 ? 'AccessDenied' : error.name,
  );

/** What a key is answered with that is not good. */
export const REFUSED =
  /InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|AccessDenied|ECONNREFUSED|TimeoutError/;
