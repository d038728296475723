import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { createCloudWatchLogs } from '../../../adapters/aws/logs/logs.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { AwsConfig } from '../aws-config.ts';

export const createLogs = ({ region, logGroup }: AwsConfig) =>
  createCloudWatchLogs({ client: new CloudWatchLogsClient(sdkOptions({ region })), group: logGroup });
