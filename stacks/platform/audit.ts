/**
 * Keeps the heads of audit chains: no role of Berth can change or remove one. The bucket stays when the stack is
 * removed.
 */
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';

/** How long a head can not be removed without s3:BypassGovernanceRetention, which no role of Berth has. */
const LOCKED = Duration.days(365);

export interface AuditStackProps extends StackProps {
  /** The name of a bucket that is used in the place of the one made here. */
  restored?: string | undefined;
}

export class AuditStack extends Stack {
  readonly bucketName: string;
  /** The ARN in the form in which other stacks refer to it. */
  readonly bucketArn: string;

  constructor(scope: Construct, id: string, props: AuditStackProps) {
    super(scope, id, props);
    const bucket = new s3.Bucket(this, 'Anchors', {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: s3.ObjectLockRetention.governance(LOCKED),
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
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
    const hashes = 'It holds empty objects named by numbers, times and hashes.';
    const once = `${hashes} Each is written once, by Berth, and can not be changed.`;
    accept(bucket, {
      ...because(once, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'),
      'NIST.800.53.R5-S3BucketReplicationEnabled': `${hashes} The chain itself has point-in-time recovery.`,
      'NIST.800.53.R5-S3DefaultEncryptionKMS': `${hashes} A key of its own costs $1 a month.`,
    });
  }
}
