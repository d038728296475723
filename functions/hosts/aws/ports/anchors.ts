import { S3Client } from '@aws-sdk/client-s3';
import { createS3Anchors } from '../../../adapters/aws/anchors.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { Anchors } from '../../../ports/anchors.ts';
import type { AwsConfig } from '../aws-config.ts';
import { logFault } from '../fault-log.ts';

export function createAnchors({ region, auditBucket }: AwsConfig): Anchors {
  const client = new S3Client(sdkOptions({ region }));
  return createS3Anchors({
    client: () => client,
    bucket: auditBucket,
    onError: (error) => logFault('anchor', error),
  });
}
