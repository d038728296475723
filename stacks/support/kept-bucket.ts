/** A stack with one bucket that stays when the stack is removed, and when another bucket is used in its place. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface KeptBucketProps extends StackProps {
  /** The name of a bucket that is used in the place of the one made here. */
  restored?: string | undefined;
}

export abstract class KeptBucketStack extends Stack {
  protected readonly bucket: s3.Bucket;
  /** Of the bucket that is in use. */
  readonly bucketName: string;
  /** The ARN in the form in which other stacks refer to it. */
  readonly bucketArn: string;

  protected constructor(
    scope: Construct,
    id: string,
    props: KeptBucketProps & { bucketId: string; bucket: s3.BucketProps },
  ) {
    super(scope, id, props);
    this.bucket = new s3.Bucket(this, props.bucketId, {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...props.bucket,
    });
    // Others import these also while they use another bucket.
    const [name, arn] = [this.exportValue(this.bucket.bucketName), this.exportValue(this.bucket.bucketArn)];
    const { restored } = props;
    this.bucketName = restored ?? name;
    this.bucketArn =
      restored === undefined
        ? arn
        : this.formatArn({ service: 's3', region: '', account: '', resource: restored });
  }
}
