/** Keeps the backups of databases that Berth makes. The bucket stays when the stack is removed. */
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';

export interface BackupsStackProps extends StackProps {
  /** The name of a bucket that is used in the place of the one made here. */
  restored?: string | undefined;
}

export class BackupsStack extends Stack {
  readonly bucketName: string;
  /** The ARN in the form in which other stacks refer to it. */
  readonly bucketArn: string;

  constructor(scope: Construct, id: string, props: BackupsStackProps) {
    super(scope, id, props);
    const bucket = new s3.Bucket(this, 'Backups', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Others import these also while they use another bucket.
    const [name, arn] = [this.exportValue(bucket.bucketName), this.exportValue(bucket.bucketArn)];
    const { restored } = props;
    this.bucketName = restored ?? name;
    this.bucketArn =
      restored === undefined
        ? arn
        : this.formatArn({ service: 's3', region: '', account: '', resource: restored });
    const trail = 'The audit trail records who made, downloaded and deleted each.';
    const copies = 'They are copies; those that were deleted shall be gone.';
    accept(bucket, {
      ...because(trail, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'),
      ...because(copies, 'NIST.800.53.R5-S3BucketVersioningEnabled', 'CKV_AWS_21'),
      'NIST.800.53.R5-S3BucketReplicationEnabled': `They are copies; Aurora has backups of its own.`,
      'NIST.800.53.R5-S3DefaultEncryptionKMS': 'A key of its own costs $1 a month.',
    });
  }
}
