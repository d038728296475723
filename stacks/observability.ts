/** What tells the platform team that something is wrong: four alarms, one topic, one dashboard. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { accept, because } from './accept.ts';
import type { BerthFunction } from './function.ts';

export interface ObservabilityStackProps extends StackProps {
  functions: Record<string, BerthFunction>;
  /** The log of all executions. */
  executions: ILogGroup;
  sweep: BerthFunction;
  deadLetters: Queue;
}

const NAMESPACE = 'Berth';

export class ObservabilityStack extends Stack {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    this.topic = new Topic(this, 'Alarms', { displayName: 'Alarms of Berth', enforceSSL: true });
    const plain =
      'CloudWatch can not send to a topic with the key of SNS, and a key of its own costs $1 a month; an alarm is a name and a number.';
    accept(this.topic, because(plain, 'NIST.800.53.R5-SNSEncryptedKMS', 'CKV_AWS_26'));
    // A metric from a filter costs only in hours in which it has a value.
    const failed = this.count('OperationsFailed', [props.executions], FAILED);
    const stuck = this.count('OperationsStuck', [props.sweep.logGroup], STUCK);
    const groups = Object.values(props.functions).map(({ logGroup }) => logGroup);
    const errors = this.count('FunctionErrors', groups, ERRORS);
    const dead = props.deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) });
    const alarms = [
      this.alarm('OperationsFailed', failed, 'Five operations or more failed within five minutes.', 5),
      this.alarm('OperationsStuck', stuck, 'The sweep had to end an operation that nothing else ended.', 1),
      this.alarm('FunctionErrors', errors, 'A function failed for a reason that is no user’s.', 1),
      this.alarm('SweepMissed', dead, 'A call of the sweep failed twice.', 1),
    ];
    this.dashboard(props, alarms, [failed, stuck, errors]);
    new CfnOutput(this, 'AlarmTopic', { value: this.topic.topicArn });
  }

  private count(name: string, groups: ILogGroup[], pattern: IFilterPattern): cloudwatch.Metric {
    groups.forEach((logGroup, index) => {
      const metric = { metricNamespace: NAMESPACE, metricName: name, metricValue: '1' };
      new MetricFilter(this, `${name}${index}`, { logGroup, filterPattern: pattern, ...metric });
    });
    return new cloudwatch.Metric({
      namespace: NAMESPACE,
      metricName: name,
      statistic: 'Sum',
      period: Duration.minutes(5),
    });
  }

  private alarm(id: string, metric: cloudwatch.Metric, alarmDescription: string, threshold: number) {
    const alarm = new cloudwatch.Alarm(this, `${id}Alarm`, {
      metric,
      alarmDescription,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  private dashboard(
    { functions }: ObservabilityStackProps,
    alarms: cloudwatch.Alarm[],
    counts: cloudwatch.Metric[],
  ): void {
    const of = (pick: (f: BerthFunction) => cloudwatch.Metric) => Object.values(functions).map(pick);
    const graph = (title: string, left: cloudwatch.IMetric[]) =>
      new cloudwatch.GraphWidget({ title, left, width: 8 });
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: 'berth',
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 })],
        [
          graph('Operations and errors', counts),
          graph(
            'Calls',
            of((f) => f.function.metricInvocations()),
          ),
          graph(
            'Duration, p99',
            of((f) => f.function.metricDuration({ statistic: 'p99' })),
          ),
        ],
      ],
    });
  }
}

const any = (field: string, ...values: string[]): IFilterPattern =>
  FilterPattern.any(...values.map((value) => FilterPattern.stringValue(field, '=', value)));

/** Step Functions’ own log lines. */
const FAILED = any('$.type', 'ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted');

/** The sweep’s report. */
const STUCK = FilterPattern.numberValue('$.message.ended', '>', 0);

/**
 * Faults that Berth logged (an error that a step hands to its workflow is none), and runs that Lambda ended: out
 * of time, out of memory, crashed.
 */
const ERRORS = FilterPattern.any(
  FilterPattern.exists('$.message.fault'),
  FilterPattern.stringValue('$.record.status', '=', 'timeout'),
  FilterPattern.stringValue('$.record.status', '=', 'failure'),
);
