/** The log group for the output of workloads and operations. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accept, logEncryption } from '../support/accept.ts';

export class LogsStack extends Stack {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.logGroup = new LogGroup(this, 'Output', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.logGroup, logEncryption);
  }
}
