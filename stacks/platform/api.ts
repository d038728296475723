/** The API: HTTP API for requests, a Function URL for event streams; both behind the edge. */
import { Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { type CfnStage, HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { FUNCTION_MB } from '../../functions/core/function-memory.ts';
import { accept, logEncryption } from '../support/accept.ts';
import { BerthFunction } from '../support/function.ts';
import type { Grant } from '../support/role.ts';

export interface ApiStackProps extends StackProps {
  environment: Record<string, string>;
  /** The rights of requests. */
  statements: Grant[];
  /** The rights of streams: they only read. */
  streamStatements: Grant[];
  boundary?: IManagedPolicy;
  /** The stack of what is kept. */
  data: Stack;
  /** The network of a private cluster. */
  vpc?: IVpc;
  /** TCP ports beside 443 that are reached from it. */
  ports?: readonly number[];
  /** Concurrent runs that only requests have. */
  reserved?: number;
}

export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly requests: BerthFunction;
  readonly streams: BerthFunction;
  readonly streamUrl: lambda.FunctionUrl;
  /**
   * What the edge adds to each request. The ids of two stacks are known in the account alone and too many to try, they
   * stay as long as the stacks do, and unlike a secret of Secrets Manager they cost nothing.
   */
  readonly edgeKey: string;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const { environment, boundary, vpc, ports, reserved } = props;
    const common = { ...(boundary && { boundary }), ...(vpc && { vpc }), ...(ports && { ports }) };
    const idOf = (stack: string) => Fn.select(2, Fn.split('/', stack));
    this.edgeKey = Fn.join('.', [idOf(props.data.stackId), idOf(this.stackId)]);
    this.requests = new BerthFunction(this, 'Requests', {
      entry: 'api',
      description: 'Answers the requests of the API.',
      environment: { ...environment, BERTH_EDGE_KEY: this.edgeKey },
      ...common,
      ...(reserved && { reserved }),
      statements: props.statements,
      // API Gateway waits for 30 seconds.
      timeout: Duration.seconds(29),
      memory: FUNCTION_MB.requests,
      traced: true,
    });
    this.streams = new BerthFunction(this, 'Streams', {
      entry: 'stream',
      description: 'Sends the event streams of the API.',
      environment,
      ...common,
      statements: props.streamStatements,
      // Lambda does not say that a client has left: a stream that nobody reads is paid for until this time.
      timeout: Duration.minutes(2),
      // The function mostly waits, and waiting is priced by memory.
      memory: 256,
      traced: true,
    });
    this.streamUrl = this.streams.function.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    });
    this.api = new HttpApi(this, 'Api', { description: 'Berth', createDefaultStage: false });
    const [route] = this.api.addRoutes({
      path: '/{path+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('Requests', this.requests.function),
      authorizer: new HttpNoneAuthorizer(),
    });
    accept(route!, {
      'AwsSolutions-APIG4':
        'The function verifies the token of every request itself, by the same code that streams use, and refuses with a problem document.',
    });
    this.stage();
  }

  private stage(): void {
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    const stage = this.api.addStage('Stage', {
      stageName: '$default',
      autoDeploy: true,
      // A flood costs no more than this many requests.
      throttle: { rateLimit: 200, burstLimit: 400 },
    });
    const fields = [
      'requestId',
      'requestTime',
      'httpMethod',
      'path',
      'status',
      'responseLatency',
      'identity.sourceIp',
    ];
    const format = Object.fromEntries(fields.map((field) => [field, `$context.${field}`]));
    (stage.node.defaultChild as CfnStage).accessLogSettings = {
      destinationArn: logGroup.logGroupArn,
      format: JSON.stringify(format),
    };
  }
}
