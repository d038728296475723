/** Keeps the backups of databases that Berth makes. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';
import { type KeptBucketProps, KeptBucketStack } from '../support/kept-bucket.ts';

export class BackupsStack extends KeptBucketStack {
  constructor(scope: Construct, id: string, props: KeptBucketProps) {
    const lifecycleRules = [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }];
    super(scope, id, { ...props, bucketId: 'Backups', bucket: { lifecycleRules } });
    const trail = 'The audit trail records who made, downloaded and deleted each.';
    const copies = 'They are copies; those that were deleted shall be gone.';
    accept(this.bucket, {
      ...because(trail, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'),
      ...because(copies, 'NIST.800.53.R5-S3BucketVersioningEnabled', 'CKV_AWS_21'),
      'NIST.800.53.R5-S3BucketReplicationEnabled': 'They are copies; Aurora has backups of its own.',
      'NIST.800.53.R5-S3DefaultEncryptionKMS': 'A key of its own costs $1 a month.',
    });
  }
}
