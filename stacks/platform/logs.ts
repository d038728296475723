/** The log groups for what workloads print, and for what operations say. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accept, logEncryption } from '../support/accept.ts';

export class LogsStack extends Stack {
  /** Of operations. */
  readonly logGroup: LogGroup;
  /** Of workloads: the cluster's agent writes to it, and to no other. */
  readonly workloads: LogGroup;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.logGroup = this.group('Output');
    this.workloads = this.group('Workloads');
  }

  private group(id: string): LogGroup {
    const group = new LogGroup(this, id, {
      // As long as Berth says that output is kept.
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(group, logEncryption);
    return group;
  }
}
