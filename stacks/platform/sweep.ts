/** The sweep: a function that a schedule calls each minute. */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { accept } from '../support/accept.ts';
import { BerthFunction } from '../support/function.ts';
import { createRole, type Grant } from '../support/role.ts';

export interface SweepStackProps extends StackProps {
  environment: Record<string, string>;
  statements: Grant[];
  boundary?: IManagedPolicy;
  /** The name of the installation. */
  name: string;
  /** The network of a private cluster. */
  vpc?: IVpc;
  /** TCP ports beside 443 that are reached from it. */
  ports?: readonly number[];
  /** Concurrent runs that only the sweep has. */
  reserved?: number;
}

export class SweepStack extends Stack {
  readonly sweep: BerthFunction;

  constructor(scope: Construct, id: string, props: SweepStackProps) {
    super(scope, id, props);
    const { boundary, vpc, ports, reserved } = props;
    this.sweep = new BerthFunction(this, 'Sweep', {
      entry: 'sweep',
      description: 'Starts, ends, hibernates and destroys what is due.',
      environment: props.environment,
      ...(boundary && { boundary }),
      ...(vpc && { vpc }),
      ...(ports && { ports }),
      ...(reserved && { reserved }),
      statements: props.statements,
      timeout: Duration.minutes(5),
      memory: 512,
      // A trace a minute costs more than the sweep itself.
      traced: false,
    });
    const deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    accept(deadLetters, {
      'AwsSolutions-SQS3': 'It is the dead-letter queue, of a schedule.',
      CKV_AWS_27:
        'Encrypted with the key of SQS, which the check does not know; a key of its own costs $1 a month.',
    });
    const group = new CfnScheduleGroup(this, 'Group', { name: props.name });
    const role = createRole(this, 'Schedule', {
      takenBy: 'scheduler.amazonaws.com',
      description: 'Calls the sweep.',
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      statements: [
        { actions: ['lambda:InvokeFunction'], resources: [this.sweep.function.functionArn] },
        { actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] },
      ],
    });
    new CfnSchedule(this, 'EachMinute', {
      description: 'The sweep of Berth',
      groupName: group.ref,
      scheduleExpression: 'rate(1 minute)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: this.sweep.function.functionArn,
        roleArn: role.roleArn,
        input: '{}',
        // The next minute brings another pass; a pass that fails twice is worth a look.
        retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 60 },
        deadLetterConfig: { arn: deadLetters.queueArn },
      },
    });
  }
}
