import { S3Client } from '@aws-sdk/client-s3';
import { createBackupObjects } from '../../../adapters/aws/backups.ts';
import { countRequests, s3Pricing } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { Backups } from '../../../ports/backups.ts';
import type { AwsConfig } from '../aws-config.ts';

export function createBackups({ region }: AwsConfig, bucket: string): Required<Backups> {
  const s3 = countRequests(new S3Client(sdkOptions({ region })), s3Pricing);
  return createBackupObjects({ s3, bucket });
}
