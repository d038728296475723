/** Keeps the heads of audit chains: no role of Berth can change or remove one. */
import { Duration } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';
import { type KeptBucketProps, KeptBucketStack } from '../support/kept-bucket.ts';

/** How long a head can not be removed without s3:BypassGovernanceRetention, which no role of Berth has. */
const LOCKED = Duration.days(365);

export class AuditStack extends KeptBucketStack {
  constructor(scope: Construct, id: string, props: KeptBucketProps) {
    const bucket = {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: s3.ObjectLockRetention.governance(LOCKED),
    };
    super(scope, id, { ...props, bucketId: 'Anchors', bucket });
    const hashes = 'It holds empty objects named by numbers, times and hashes.';
    const once = `${hashes} Each is written once, by Berth, and can not be changed.`;
    accept(this.bucket, {
      ...because(once, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'),
      'NIST.800.53.R5-S3BucketReplicationEnabled': `${hashes} The chain itself has point-in-time recovery.`,
      'NIST.800.53.R5-S3DefaultEncryptionKMS': `${hashes} A key of its own costs $1 a month.`,
    });
  }
}
