/**
 * Shows the platform team that something is wrong, and what it was: three alarms, one topic, and saved queries. An
 * alarm costs $0.10 a month, so faults that call for the same look share one.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  FilterPattern,
  type IFilterPattern,
  type ILogGroup,
  MetricFilter,
  QueryDefinition,
  QueryString,
} from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';
import type { BerthFunction } from '../support/function.ts';

export interface ObservabilityStackProps extends StackProps {
  functions: Record<string, BerthFunction>;
  /** The log of all executions. */
  executions: ILogGroup;
  sweep: BerthFunction;
  dashboard: boolean;
  /** The name of the installation. */
  name: string;
}

const PERIOD = Duration.minutes(5);
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
    // A metric from a filter costs only in hours in which it has a value.
    this.count('OperationsFailed', 'Failed', [props.executions], FAILED);
    this.count('Faults', 'Stuck', [props.sweep.logGroup], STUCK);
    this.count('Faults', 'Error', groups, ERRORS);
    const failed = this.metric('OperationsFailed');
    const faults = this.metric('Faults');
    const alarms = [
      this.alarm('OperationsFailed', {
        metric: failed,
        alarmDescription: 'Five operations or more failed within five minutes.',
        threshold: 5,
      }),
      this.alarm('Faults', {
        metric: faults,
        alarmDescription:
          'The sweep had to end an operation that was stuck, or a function failed for a reason that is no user’s.',
        threshold: 1,
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
    if (props.dashboard) this.dashboard(props, alarms, [failed, faults]);
    new CfnOutput(this, 'AlarmTopic', { value: this.topic.topicArn });
  }

  private count(metricName: string, id: string, groups: ILogGroup[], pattern: IFilterPattern): void {
    groups.forEach((logGroup, index) => {
      const metric = { metricNamespace: this.namespace, metricName, metricValue: '1' };
      new MetricFilter(this, `${id}${index}`, { logGroup, filterPattern: pattern, ...metric });
    });
  }

  private metric(metricName: string): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.namespace, metricName, statistic: 'Sum', period: PERIOD });
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
          graph('Operations and faults', counts),
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
const FAILED_TYPES = ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'];
const FAILED = any('$.type', ...FAILED_TYPES);

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
