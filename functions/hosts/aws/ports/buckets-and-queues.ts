/** Buckets and queues of programs, in the account and region of the installation. Requests to IAM cost nothing. */
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createAwsBucketsAndQueues } from '../../../adapters/aws/keyed/buckets-and-queues.ts';
import { countRequests, s3Pricing, sqsPricing } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { AccessKey, BucketsAndQueues } from '../../../ports/buckets-and-queues.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { AwsConfig } from '../aws-config.ts';

const credentialsOf = ({ id: accessKeyId, secret: secretAccessKey }: AccessKey) => ({
  credentials: { accessKeyId, secretAccessKey },
});

/** @param boundary ARN of the policy that bounds the users of keys */
export function createBucketsAndQueues(
  { name, account, region, dnsSuffix }: AwsConfig,
  boundary: string,
  { now }: Pick<Effects, 'now'>,
): BucketsAndQueues {
  const sdk = sdkOptions({ region });
  const s3 = (as: object) => countRequests(new S3Client({ ...sdk, ...as }), s3Pricing);
  const sqs = (as: object) => countRequests(new SQSClient({ ...sdk, ...as }), sqsPricing);
  const using = async <Client extends { destroy(): void }, T>(
    client: Client,
    work: (client: Client) => Promise<T>,
  ): Promise<T> => work(client).finally(() => client.destroy());
  return createAwsBucketsAndQueues({
    name,
    account,
    region,
    boundary,
    iam: new IAMClient(sdk),
    s3: s3({}),
    sqs: sqs({}),
    withKey: {
      s3: (key, work) => using(s3(credentialsOf(key)), work),
      sqs: (key, work) => using(sqs(credentialsOf(key)), work),
    },
    endpoints: { s3: `https://s3.${region}.${dnsSuffix}`, sqs: `https://sqs.${region}.${dnsSuffix}` },
    now,
  });
}
