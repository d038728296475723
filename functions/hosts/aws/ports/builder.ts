import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { S3Client } from '@aws-sdk/client-s3';
import { createCodeBuilder } from '../../../adapters/aws/builder/builder.ts';
import { countRequests, s3Pricing } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { Builder } from '../../../ports/builder.ts';
import type { AwsConfig } from '../aws-config.ts';
import { repositoryUri } from './prefix.ts';

export function createBuilder(config: AwsConfig): Builder {
  const { project, bucket, logGroup } = config.builds;
  const sdk = sdkOptions({ region: config.region });
  return createCodeBuilder({
    codebuild: new CodeBuildClient(sdk),
    project,
    s3: countRequests(new S3Client(sdk), s3Pricing),
    bucket,
    logs: { client: new CloudWatchLogsClient(sdk), group: logGroup },
    repositoryUri: repositoryUri(config),
    secretsPrefix: config.name,
  });
}
