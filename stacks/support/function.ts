/** A Lambda function of Berth: arm64, Node 24, a role and a log group of its own. */
import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { accept, because, logEncryption } from './accept.ts';
import { bundle } from './bundle.ts';
import { createRole, type Grant } from './role.ts';

export interface BerthFunctionProps {
  /** Name of the entry file in functions/hosts/aws/entries, without `.lambda.ts`. */
  entry: string;
  description: string;
  environment: Record<string, string>;
  statements: Grant[];
  /** Absent where one boundary bounds all roles of the app. */
  boundary?: iam.IManagedPolicy;
  timeout: Duration;
  /** MB; CPU grows with it. */
  memory: number;
  /** X-Ray: each trace costs money, so functions that run each minute have none. */
  traced: boolean;
  /** Given where the function has to reach something private; its way out to AWS is the network's. */
  vpc?: IVpc;
  /** TCP ports that it has to reach out there beside 443, of a database or a Vault of others. */
  ports?: readonly number[];
  /** Concurrent runs that only this function has. */
  reserved?: number;
}

/** Lambda takes 4 KB of variables. What is empty is read as what is not there. */
const given = (environment: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));

export class BerthFunction extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: LogGroup;
  readonly role: iam.IRole;
  /** Its name, for other stacks. */
  readonly importedName: string;

  constructor(scope: Construct, id: string, props: BerthFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.logGroup, logEncryption);
    this.role = createRole(this, 'Function', {
      takenBy: 'lambda.amazonaws.com',
      description: props.description,
      ...(props.boundary && { boundary: props.boundary }),
      statements: [...props.statements, ...this.ownStatements(props.traced)],
    });
    const { directory, handler } = bundle(props.entry);
    this.function = new lambda.Function(this, 'Function', {
      description: props.description,
      code: lambda.Code.fromAsset(directory),
      handler,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memory,
      timeout: props.timeout,
      role: this.role,
      environment: given(props.environment),
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      ...(props.vpc && this.inside(props.vpc, props.ports)),
      ...(props.reserved && { reservedConcurrentExecutions: props.reserved }),
      tracing: props.traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
    });
    // Also while no other stack refers to it: an export that comes and goes with a setting could not go.
    this.importedName = Stack.of(this).exportValue(this.function.functionName);
    // The function refers to its role, which refers to its policy: CloudFormation needs no more to order them.
    (this.function.node.defaultChild as lambda.CfnFunction).addDeletionOverride('DependsOn');
    this.accept(props);
  }

  private accept({ vpc, reserved }: BerthFunctionProps): void {
    const noDeadLetters =
      'Its callers wait for the answer and handle the error: API Gateway, Step Functions, or a schedule that has a dead-letter queue.';
    const noReservation =
      'A reservation takes from the account’s limit, which is 10 in new accounts: a setting, which is off. The API is throttled instead.';
    const noNetwork =
      'It calls AWS and the cluster by their public endpoints with IAM; in a network that takes a NAT gateway, which costs while idle.';
    accept(this.function, {
      ...because(noDeadLetters, 'NIST.800.53.R5-LambdaDLQ', 'CKV_AWS_116'),
      ...(!reserved && because(noReservation, 'NIST.800.53.R5-LambdaConcurrency', 'CKV_AWS_115')),
      ...(!vpc && because(noNetwork, 'NIST.800.53.R5-LambdaInsideVPC', 'CKV_AWS_117')),
      CKV_AWS_173:
        'Encrypted with the key of Lambda. Its variables are names and addresses, no secret; a key of its own costs $1 a month.',
    });
  }

  /** The nodes' subnets, which have a way out, and a group that takes nothing in. */
  private inside(vpc: IVpc, ports: readonly number[] = []): Partial<lambda.FunctionProps> {
    const group = new SecurityGroup(this, 'Group', {
      vpc,
      description: 'Out alone',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS and the cluster');
    group.addEgressRule(Peer.ipv4(vpc.vpcCidrBlock), Port.tcp(5433), 'The database');
    for (const port of ports) group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), 'As the settings name it');
    return { vpc, vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS }, securityGroups: [group] };
  }

  private ownStatements(traced: boolean): Grant[] {
    const write: Grant = {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    };
    if (!traced) return [write];
    const trace: Grant = {
      actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      resources: ['*'],
      wildcard: 'X-Ray has no resource-level permissions for sending traces.',
    };
    return [write, trace];
  }
}
