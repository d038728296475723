/** Builds images from source: a CodeBuild project, and a bucket for uploads and outcomes. */
import { ArnFormat, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { buildspec } from '../../functions/adapters/aws/builder/buildspec.ts';
import { BUILD_MACHINE_SECONDS, BUILD_RUN_SECONDS } from '../../functions/core/operations/kinds/build.ts';
import { accept, because, logEncryption } from '../support/accept.ts';
import { bundleProgram } from '../support/bundle.ts';
import { createRole } from '../support/role.ts';

const PACK_VERSION = 'v0.38.2';
/** Of the release's archives, SHA-256: what was downloaded is run only if it is what was looked at. */
const PACK_ARCHIVES = {
  arm64: {
    file: `pack-${PACK_VERSION}-linux-arm64.tgz`,
    sha256: '27bdf0d2f2f0ad4212f0f2277fa3a4970d86d5848ad3deb5bc658281de2b6b26',
  },
  amd64: {
    file: `pack-${PACK_VERSION}-linux.tgz`,
    sha256: 'a00765572b7d464b1691d64fd264d9a807b066a7e7805db32b9918d9be16e228',
  },
};

/** CodeBuild's image has Docker, git and Node.js, but not the tool that runs buildpacks. */
function withTools({ architecture, imageMirror }: Pick<BuildsStackProps, 'architecture' | 'imageMirror'>) {
  const { file, sha256 } = PACK_ARCHIVES[architecture];
  return {
    ...buildspec,
    phases: {
      install: {
        'on-failure': 'ABORT',
        'runtime-versions': { nodejs: 22 },
        commands: [
          `curl -fsSL --retry 3 -o /tmp/pack.tgz https://github.com/buildpacks/pack/releases/download/${PACK_VERSION}/${file}`,
          `echo "${sha256}  /tmp/pack.tgz" | sha256sum --check`,
          'tar -xzf /tmp/pack.tgz -C /usr/local/bin pack',
          ...(imageMirror === undefined ? [] : mirrorCommands(imageMirror)),
        ],
      },
      ...buildspec.phases,
    },
  };
}

/** Docker asks the mirror for what is on Docker Hub, also for buildpacks; it reads the file again on SIGHUP. */
const mirrorCommands = (mirror: string): string[] => [
  `mkdir -p /etc/docker && echo '${JSON.stringify({ 'registry-mirrors': [mirror] })}' > /etc/docker/daemon.json`,
  'kill -HUP "$(pidof dockerd)"',
];

/** CodeBuild reads them itself, by the secret's keys. */
const hubVariables = (secret: string) => {
  const of = (key: string) => ({
    type: codebuild.BuildEnvironmentVariableType.SECRETS_MANAGER,
    value: `${secret}:${key}`,
  });
  return { BERTH_HUB_USERNAME: of('username'), BERTH_HUB_PASSWORD: of('password') };
};

/** What images are built for: by a machine of that kind. */
export type Architecture = 'arm64' | 'amd64';

export interface BuildsStackProps extends StackProps {
  /** The name of the installation, which every secret's name starts with. */
  name: string;
  /** ARN, with a wildcard, of the repositories of services. */
  repositories: string;
  architecture: Architecture;
  /** The image that holds the buildpacks. */
  packBuilder: string;
  /** https address of a registry that has what Docker Hub has. */
  imageMirror?: string | undefined;
  /** ARN of the secret with `username` and `password` of Docker Hub. */
  dockerHubSecret?: string | undefined;
}

export class BuildsStack extends Stack {
  readonly bucket: s3.Bucket;
  /** The ARN in the form in which other stacks refer to it. */
  readonly bucketArn: string;
  /** Host of the addresses that uploads go to. */
  readonly bucketHost: string;
  readonly project: codebuild.Project;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BuildsStackProps) {
    super(scope, id, props);
    this.bucket = this.sources();
    this.bucketArn = this.exportValue(this.bucket.bucketArn);
    this.bucketHost = this.exportValue(this.bucket.bucketRegionalDomainName);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.logGroup, logEncryption);
    const program = new Asset(this, 'Program', { path: bundleProgram('build') });
    const role = createRole(this, 'Build', {
      takenBy: 'codebuild.amazonaws.com',
      description: 'Builds images and pushes them.',
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      statements: [
        {
          actions: ['ecr:GetAuthorizationToken'],
          resources: ['*'],
          wildcard: 'The service has no resource-level permission for it.',
        },
        {
          actions: [
            'ecr:BatchCheckLayerAvailability',
            'ecr:BatchGetImage',
            'ecr:GetDownloadUrlForLayer',
            'ecr:InitiateLayerUpload',
            'ecr:UploadLayerPart',
            'ecr:CompleteLayerUpload',
            'ecr:PutImage',
          ],
          resources: [props.repositories],
          wildcard: 'One a service, made at runtime; all of them are Berth’s own, by their prefix.',
        },
        {
          actions: ['secretsmanager:GetSecretValue'],
          resources: [
            this.formatArn({
              service: 'secretsmanager',
              resource: 'secret',
              // As `buildSecretPath` names them, behind the prefix of all secrets.
              resourceName: `${props.name}/-builds/*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ],
          wildcard: 'One a secret for builds, made at runtime; it names those of the build’s own project.',
        },
        ...(props.dockerHubSecret === undefined
          ? []
          : [{ actions: ['secretsmanager:GetSecretValue'], resources: [props.dockerHubSecret] }]),
        { actions: ['s3:GetObject'], resources: [program.bucket.arnForObjects(program.s3ObjectKey)] },
        {
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        },
      ],
    });
    this.project = new codebuild.Project(this, 'Project', {
      description: 'Builds the images of services',
      source: codebuild.Source.s3({ bucket: program.bucket, path: program.s3ObjectKey }),
      buildSpec: codebuild.BuildSpec.fromObject(withTools(props)),
      role,
      environment: {
        buildImage:
          props.architecture === 'arm64'
            ? codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0
            : codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5,
        computeType: codebuild.ComputeType.SMALL,
        // Docker runs inside the build, which is a machine of its own.
        privileged: true,
        environmentVariables: {
          BERTH_PACK_BUILDER: { value: props.packBuilder },
          ...(props.dockerHubSecret !== undefined && hubVariables(props.dockerHubSecret)),
        },
      },
      // Both together end before the operation does that waits for them.
      timeout: Duration.seconds(BUILD_RUN_SECONDS),
      queuedTimeout: Duration.seconds(BUILD_MACHINE_SECONDS),
      logging: { cloudWatch: { logGroup: this.logGroup } },
      grantReportGroupPermissions: false,
    });
    accept(this.project, {
      'AwsSolutions-CB3': 'Images are built with Docker, which needs it; each build is a machine of its own.',
      'AwsSolutions-CB4': 'It has no artifacts that a key could encrypt: what it makes goes to ECR.',
    });
  }

  private sources(): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Sources', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // The console sends archives to signed addresses, from wherever it is.
      cors: [
        { allowedMethods: [s3.HttpMethods.PUT], allowedOrigins: ['*'], allowedHeaders: ['content-type'] },
      ],
      removalPolicy: RemovalPolicy.DESTROY,
      // No object is needed after its build.
      lifecycleRules: [
        { expiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    const short = 'Uploads and outcomes live until their build is over, a day at most.';
    const events = `${short} Who started which build is in Berth’s events.`;
    const versions = `${short} Kept versions would keep what has to go.`;
    accept(bucket, {
      ...because(events, 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled', 'CKV_AWS_18'),
      'NIST.800.53.R5-S3BucketReplicationEnabled': short,
      ...because(versions, 'NIST.800.53.R5-S3BucketVersioningEnabled', 'CKV_AWS_21'),
      'NIST.800.53.R5-S3DefaultEncryptionKMS': `${short} A key of its own costs $1 a month.`,
    });
    return bucket;
  }
}
