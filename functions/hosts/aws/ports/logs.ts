import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { createLogArchive } from '../../../adapters/aws/logs/archive.ts';
import { createCloudWatchLogs } from '../../../adapters/aws/logs/logs.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { AwsConfig } from '../aws-config.ts';

export const createLogs = ({ region, logGroup }: AwsConfig) =>
  createCloudWatchLogs({ client: new CloudWatchLogsClient(sdkOptions({ region })), group: logGroup });

/** What the agent in the cluster sends. */
export const createArchive = ({ region, outputLogGroup }: AwsConfig) =>
  createLogArchive({ client: new CloudWatchLogsClient(sdkOptions({ region })), group: outputLogGroup });
