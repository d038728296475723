/**
 * The state machines, from the same files and by the same loader as on one machine, with the functions of their steps:
 * in one stack, a new version of a function, the names of its steps and what calls them change in one go.
 */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import {
  loadStateMachine,
  type StateMachineDefinition,
  stepsOf,
  workflowNames,
} from '../../state-machines/load.ts';
import { accept, logEncryption } from '../support/accept.ts';
import { createRole, type Grant } from '../support/role.ts';
import { Steps, type StepsProps } from './steps.ts';

export interface WorkflowsStackProps extends StackProps, StepsProps {
  /** The name of the installation. */
  name: string;
}

export class WorkflowsStack extends Stack {
  readonly logGroup: LogGroup;
  readonly steps: Steps;
  /** State machines by the name of the workflow. */
  readonly stateMachines: ReadonlyMap<string, CfnStateMachine>;

  constructor(scope: Construct, id: string, props: WorkflowsStackProps) {
    super(scope, id, props);
    this.logGroup = new LogGroup(this, 'Log', {
      // Step Functions' resource policy grows with each log group unless the name starts like this.
      logGroupName: `/aws/vendedlogs/states/${props.name}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.logGroup, logEncryption);
    // An id that the CDK leaves out of names: the functions have those that are theirs alone.
    this.steps = new Steps(this, 'Default', props);
    const aliases = this.stepAliases();
    const prefix = `${props.name}-`;
    this.stateMachines = new Map(
      workflowNames().map((name) => [name, this.stateMachine(prefix, name, aliases)]),
    );
  }

  /** One alias for each step: the function sees by which of its names it was called. */
  private stepAliases(): Map<string, lambda.Alias> {
    const aliases = new Map<string, lambda.Alias>();
    for (const workflow of workflowNames()) {
      for (const step of stepsOf(workflow)) {
        if (aliases.has(step)) continue;
        // Under exactOptionalPropertyTypes the classes of aws-cdk-lib do not meet its own interfaces.
        const version = this.steps.functionOf(step).function.currentVersion as lambda.IVersion;
        aliases.set(step, new lambda.Alias(this, step, { aliasName: step, version }));
      }
    }
    return aliases;
  }

  private stateMachine(
    prefix: string,
    name: string,
    aliases: ReadonlyMap<string, lambda.Alias>,
  ): CfnStateMachine {
    const arns = Object.fromEntries(stepsOf(name).map((step) => [step, aliases.get(step)!.functionArn]));
    const invoke: Grant = { actions: ['lambda:InvokeFunction'], resources: Object.values(arns) };
    const role = createRole(this, name, {
      takenBy: 'states.amazonaws.com',
      description: `Runs the workflow ${name}.`,
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      statements: [invoke, ...observation],
    });
    return new CfnStateMachine(this, `${name}-machine`, {
      stateMachineName: `${prefix}${name}`,
      stateMachineType: 'STANDARD',
      definitionString: this.toJsonString(definitionOf(name, arns)),
      roleArn: role.roleArn,
      tracingConfiguration: { enabled: true },
      loggingConfiguration: {
        level: 'ALL',
        // Input and output are references, but an error's cause is text from outside.
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: this.logGroup.logGroupArn } }],
      },
    });
  }
}

/**
 * Names stand in for the ARNs until the loader has checked everything: a token would look like a placeholder to it.
 */
function definitionOf(name: string, arns: Record<string, string>): StateMachineDefinition {
  const names = Object.fromEntries(Object.keys(arns).map((step) => [step, step]));
  const { definition, tasks } = loadStateMachine(name, names);
  for (const [state, step] of Object.entries(tasks)) {
    Object.assign(definition.States[state]!, { Resource: arns[step] });
  }
  return definition;
}

const observation: Grant[] = [
  {
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    resources: ['*'],
    wildcard: 'Log deliveries have no resource-level permissions.',
  },
  {
    actions: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ],
    resources: ['*'],
    wildcard: 'X-Ray has no resource-level permissions for sending traces.',
  },
];
