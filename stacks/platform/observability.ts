/**
 * Shows the platform team that something is wrong, and what it was: two alarms, one topic, and saved queries. An
 * alarm costs $0.10 a month, so all that a query tells of shares one.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  FilterPattern,
  type IFilterPattern,
  type ILogGroup,
  type JsonPattern,
  MetricFilter,
  QueryDefinition,
  QueryString,
} from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';
import type { BerthFunction } from '../support/function.ts';

export interface ObservabilityStackProps extends StackProps {
  functions: Record<string, BerthFunction>;
  /** The log of all executions. */
  executions: ILogGroup;
  sweep: BerthFunction;
  dashboard: boolean;
  /** Who is told of alarms. */
  email: string | undefined;
  /** The name of the installation. */
  name: string;
}

const PERIOD = Duration.minutes(5);
const TROUBLE = 'Trouble';
/** So many operations that fail in a period are worth a look, and one fault is worth as much. */
const MANY = 5;
const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_THRESHOLD } = cloudwatch.ComparisonOperator;

export class ObservabilityStack extends Stack {
  private readonly topic: Topic;
  /** Of metrics and saved queries; two installations in an account have one each. */
  private readonly namespace: string;

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    this.namespace = props.name === 'berth' ? 'Berth' : props.name;
    this.topic = new Topic(this, 'Alarms', { displayName: 'Alarms of Berth', enforceSSL: true });
    const plain =
      'CloudWatch can not send to a topic with the key of SNS, and a key of its own costs $1 a month; an alarm is a name and a number.';
    accept(this.topic, because(plain, 'NIST.800.53.R5-SNSEncryptedKMS', 'CKV_AWS_26'));
    const groups = Object.values(props.functions).map(({ logGroup }) => logGroup);
    if (props.email !== undefined) this.topic.addSubscription(new EmailSubscription(props.email));
    // A metric from a filter costs only in hours in which it has a value.
    this.count('Failed', [props.executions], FAILED, 1);
    this.count('Stuck', [props.sweep.logGroup], STUCK, MANY);
    this.count('Error', groups, ERRORS, MANY);
    const trouble = this.metric();
    const alarms = [
      this.alarm('Trouble', {
        metric: trouble,
        alarmDescription:
          'Five operations or more failed within five minutes, the sweep had to end an operation that was stuck, or a function failed for a reason that is no user’s: the saved queries tell which.',
        threshold: MANY,
      }),
      this.alarm('SweepMissed', {
        metric: props.sweep.function.metricInvocations({ statistic: 'Sum', period: PERIOD }),
        alarmDescription:
          'The sweep has not run for ten minutes: nothing is started anew, ended or cleaned up.',
        threshold: 1,
        evaluationPeriods: 2,
        comparisonOperator: LESS_THAN_THRESHOLD,
        // A function that is not called has no metric.
        treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      }),
    ];
    this.queries(props.executions, groups);
    if (props.dashboard) this.dashboard(props, alarms, [trouble]);
    new CfnOutput(this, 'AlarmTopic', { value: this.topic.topicArn });
  }

  private count(id: string, groups: ILogGroup[], pattern: IFilterPattern, weight: number): void {
    groups.forEach((logGroup, index) => {
      const metric = {
        metricNamespace: this.namespace,
        metricName: TROUBLE,
        metricValue: String(weight),
      };
      new MetricFilter(this, `${id}${index}`, { logGroup, filterPattern: pattern, ...metric });
    });
  }

  private metric(): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: this.namespace,
      metricName: TROUBLE,
      statistic: 'Sum',
      period: PERIOD,
    });
  }

  private alarm(
    id: string,
    props: Omit<cloudwatch.AlarmProps, 'evaluationPeriods'> & { evaluationPeriods?: number },
  ): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, `${id}Alarm`, {
      evaluationPeriods: 1,
      comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      ...props,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  /** Queries to run when an alarm rings, in the console under Logs Insights. They cost when they are run. */
  private queries(executions: ILogGroup, functions: ILogGroup[]): void {
    const failed = FAILED_TYPES.map((type) => `"${type}"`).join(', ');
    new QueryDefinition(this, 'FailedOperations', {
      queryDefinitionName: `${this.namespace}/Failed operations`,
      logGroups: [executions],
      queryString: new QueryString({
        fields: ['@timestamp', 'type', 'execution_arn', 'details.error'],
        filterStatements: [`type in [${failed}]`],
        sort: '@timestamp desc',
        limit: 100,
      }),
    });
    new QueryDefinition(this, 'AllFaults', {
      queryDefinitionName: `${this.namespace}/Faults`,
      logGroups: functions,
      queryString: new QueryString({
        fields: ['@timestamp', 'message.fault', 'message.error', 'message.ended', 'record.status', '@log'],
        filterStatements: [
          'ispresent(message.fault) or message.ended > 0 or record.status in ["timeout", "failure", "error"]',
        ],
        sort: '@timestamp desc',
        limit: 100,
      }),
    });
  }

  private dashboard(
    { functions, name }: ObservabilityStackProps,
    alarms: cloudwatch.Alarm[],
    counts: cloudwatch.Metric[],
  ): void {
    const of = (pick: (f: BerthFunction) => cloudwatch.Metric) => Object.values(functions).map(pick);
    const graph = (title: string, left: cloudwatch.IMetric[]) =>
      new cloudwatch.GraphWidget({ title, left, width: 8 });
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: name,
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 })],
        [
          graph('Trouble: failed operations, and faults as five', counts),
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

const any = (field: string, ...values: string[]): JsonPattern =>
  FilterPattern.any(...values.map((value) => FilterPattern.stringValue(field, '=', value)));

/** Step Functions’ own log lines. */
const FAILED_TYPES = ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'];
/** A run that only tells another one of a cancellation fails by being canceled. */
const FAILED = FilterPattern.all(
  any('$.type', ...FAILED_TYPES),
  FilterPattern.stringValue('$.execution_arn', '!=', '*-canceled'),
);

/** The sweep’s report. */
const STUCK = FilterPattern.numberValue('$.message.ended', '>', 0);

/**
 * Faults that Berth logged (an error that a step hands to its workflow is none), and runs that Lambda ended: out
 * of time, out of memory, crashed, or not even begun.
 */
const ERRORS = FilterPattern.any(
  FilterPattern.exists('$.message.fault'),
  FilterPattern.stringValue('$.record.status', '=', 'timeout'),
  FilterPattern.stringValue('$.record.status', '=', 'failure'),
  FilterPattern.all(
    FilterPattern.stringValue('$.type', '=', 'platform.initReport'),
    FilterPattern.stringValue('$.record.status', '=', 'error'),
  ),
);
