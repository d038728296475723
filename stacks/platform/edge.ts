/** One origin for everything: CloudFront before the API, its streams and the console. */
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin, HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct } from 'constructs';
import { accept, because } from '../support/accept.ts';
import { builtConsole } from '../support/bundle.ts';

export interface EdgeStackProps extends StackProps {
  api: HttpApi;
  streamUrl: FunctionUrl;
  /** What the API asks for, so that nobody reaches it but by the edge. */
  edgeKey: string;
  domain?: string;
  /** Host that the console sends source to. */
  uploadHost: string;
  /** ARN, in us-east-1. */
  certificate?: string;
}

const STREAMS = 'streams';

/**
 * CloudFront signs requests to streams in the header that carried the token, so the token moves to another header.
 */
const STREAM_ROUTING = `import cf from 'cloudfront';
function handler(event) {
  var request = event.request;
  var headers = request.headers;
  delete headers['x-berth-authorization'];
  var accept = headers.accept ? headers.accept.value : '';
  if (request.method === 'GET' && accept.indexOf('text/event-stream') !== -1) {
    if (headers.authorization) headers['x-berth-authorization'] = { value: headers.authorization.value };
    delete headers.authorization;
    cf.selectRequestOriginById('${STREAMS}');
  }
  return request;
}
`;

/**
 * The console's files have endings, and `/cli` is the command line as npm takes it; every other address is one of the
 * console's pages, which it reads itself.
 */
const CONSOLE_ROUTING = `function handler(event) {
  var request = event.request;
  var isFile = request.uri === '/cli' || request.uri.slice(request.uri.lastIndexOf('/')).indexOf('.') !== -1;
  if (!isFile) request.uri = '/index.html';
  return request;
}
`;

export class EdgeStack extends Stack {
  readonly distribution: cloudfront.Distribution;
  /** Where all is reached. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, props);
    const { domain, certificate } = props;
    const logs = this.bucket('Logs', {
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
      lifecycleRules: [{ expiration: Duration.days(90), noncurrentVersionExpiration: Duration.days(1) }],
    });
    const itself = 'It holds the access logs itself.';
    accept(logs, because(itself, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'));
    const files = this.bucket('Console', {
      serverAccessLogsBucket: logs,
      serverAccessLogsPrefix: 'console/',
      lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(30) }],
    });
    const headers = this.securityHeaders(props.uploadHost);
    const dynamic = {
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      responseHeadersPolicy: headers,
    };
    const requests = new HttpOrigin(Fn.select(2, Fn.split('/', props.api.apiEndpoint)), {
      readTimeout: Duration.seconds(30),
      // Also takes the place of a header of that name that a viewer sends.
      customHeaders: { 'x-berth-edge': props.edgeKey },
    });
    const streams = FunctionUrlOrigin.withOriginAccessControl(props.streamUrl, {
      originId: STREAMS,
      // Heartbeats come each 15 seconds.
      readTimeout: Duration.seconds(60),
    });
    this.distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: 'Berth',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      defaultRootObject: 'index.html',
      logBucket: logs,
      logFilePrefix: 'edge/',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(files),
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        responseHeadersPolicy: headers,
        functionAssociations: [this.routing('ConsoleRouting', CONSOLE_ROUTING)],
      },
      additionalBehaviors: {
        '/v1/*': {
          ...dynamic,
          origin: requests,
          functionAssociations: [this.routing('StreamRouting', STREAM_ROUTING)],
        },
        '/healthz': { ...dynamic, origin: requests },
        '/mcp': { ...dynamic, origin: requests },
        // An origin has to belong to a path; the function above decides which requests go there.
        '/v1/streams': {
          ...dynamic,
          origin: streams,
          allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD,
        },
      },
      ...(domain && {
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        domainNames: [domain],
        certificate: Certificate.fromCertificateArn(this, 'Certificate', certificate!),
      }),
    });
    const noFirewall =
      'A web ACL costs $5 a month while idle; the API is throttled and every request needs a token.';
    const noPolicy = 'CloudFront’s own certificate has no other policy; a domain of your own sets TLS 1.2.';
    accept(this.distribution, {
      'AwsSolutions-CFR1': 'Where people may sign in from is a matter of their issuer.',
      ...because(noFirewall, 'AwsSolutions-CFR2', 'CKV_AWS_68'),
      ...(!domain && because(noPolicy, 'AwsSolutions-CFR4', 'CKV_AWS_174')),
    });
    this.deploy(files);
    this.url = `https://${domain ?? this.distribution.distributionDomainName}`;
    // Another stack names it while there is no domain; without it, setting one would take away what is still named there.
    this.exportValue(this.distribution.distributionDomainName);
    new CfnOutput(this, 'Url', { value: this.url });
  }

  private bucket(id: string, props: Partial<s3.BucketProps>): s3.IBucket {
    const bucket = new s3.Bucket(this, id, {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...props,
    });
    accept(bucket, {
      'NIST.800.53.R5-S3BucketReplicationEnabled': 'Its content is made again by a deployment, or is a log.',
      'NIST.800.53.R5-S3DefaultEncryptionKMS':
        'Encrypted with the key of S3: the console is public, and a key of its own costs $1 a month.',
    });
    // Under exactOptionalPropertyTypes the classes of aws-cdk-lib do not meet its own interfaces.
    return bucket as s3.IBucket;
  }

  private routing(id: string, code: string): cloudfront.FunctionAssociation {
    const routing = new cloudfront.Function(this, id, {
      code: cloudfront.FunctionCode.fromInline(code),
      runtime: cloudfront.FunctionRuntime.JS_2_0,
    });
    return { function: routing, eventType: cloudfront.FunctionEventType.VIEWER_REQUEST };
  }

  /** The same headers as on one machine. */
  private securityHeaders(uploadHost: string): cloudfront.ResponseHeadersPolicy {
    return new cloudfront.ResponseHeadersPolicy(this, 'SecurityHeaders', {
      comment: 'Security headers of Berth',
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          contentSecurityPolicy:
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self' " +
            `https://${uploadHost}; ` +
            "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: cloudfront.HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: cloudfront.HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(365),
          includeSubdomains: false,
          override: true,
        },
      },
      customHeadersBehavior: {
        customHeaders: ['opener', 'resource'].map((what) => ({
          header: `cross-origin-${what}-policy`,
          value: 'same-origin',
          override: true,
        })),
      },
    });
  }

  private deploy(files: s3.IBucket): void {
    const built = builtConsole();
    const copy = (id: string, cache: string, filter: { include?: string[]; exclude: string[] }) =>
      new BucketDeployment(this, id, {
        destinationBucket: files,
        sources: [Source.asset(built, { exclude: ['*.gz', '.sources', '.vite'] })],
        cacheControl: [CacheControl.fromString(cache)],
        // A browser that has an older page open still loads parts of it.
        prune: false,
        ...filter,
      });
    // The page names these files by their content: they are copied first, and browsers keep them.
    const assets = copy('Assets', 'public, max-age=31536000, immutable', {
      exclude: ['*'],
      include: ['assets/*'],
    });
    // The page is asked for again each time, so that no edge serves the page of an earlier version.
    const page = copy('Files', 'no-cache', { exclude: ['assets/*'] });
    page.node.addDependency(assets);
    const handler = this.node.children.find(({ node }) => node.id.startsWith('Custom::CDKBucketDeployment'));
    const arn = (name: string) => `arn:<AWS::Partition>:${name}`;
    const copies =
      'The CDK’s own copy of files into a bucket: it runs while deploying only, on the bucket of assets and that of the console.';
    accept(handler!, {
      ...because(
        copies,
        'AwsSolutions-L1',
        'NIST.800.53.R5-IAMNoInlinePolicy',
        'NIST.800.53.R5-LambdaConcurrency',
        'NIST.800.53.R5-LambdaDLQ',
        'NIST.800.53.R5-LambdaInsideVPC',
        'CKV_AWS_115',
        'CKV_AWS_116',
        'CKV_AWS_117',
        'CKV_AWS_173',
        // The resources that the function's policy depends on are named a second time.
        'W3005',
        `AwsSolutions-IAM4[Policy::${arn('iam::aws:policy/service-role/AWSLambdaBasicExecutionRole')}]`,
        ...['GetObject', 'GetBucket', 'List', 'DeleteObject', 'Abort'].map(
          (action) => `AwsSolutions-IAM5[Action::s3:${action}*]`,
        ),
        `AwsSolutions-IAM5[Resource::${arn('s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*')}]`,
        `AwsSolutions-IAM5[Resource::<${this.getLogicalId(files.node.defaultChild as s3.CfnBucket)}.Arn>/*]`,
      ),
    });
  }
}
