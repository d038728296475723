/** Pages of a stream of CloudWatch Logs, from either end. */
import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  type OutputLogEvent,
} from '@aws-sdk/client-cloudwatch-logs';
import { unless } from '../sdk-errors.ts';

const PAGE_MAX = 10_000;
const NOT_FOUND = ['ResourceNotFoundException'];

export interface LogGroup {
  client: CloudWatchLogsClient;
  /** Name of the log group, which is there. */
  group: string;
}

/**
 * Pages of a stream, from its end or (`head`) from its beginning; each is oldest first.
 * @param startTime epoch milliseconds; 0 for all
 * @param endTime the last millisecond
 */
export async function* eventPages(
  { client, group }: LogGroup,
  stream: string,
  head: boolean,
  startTime: number,
  endTime = Number.POSITIVE_INFINITY,
): AsyncGenerator<OutputLogEvent[]> {
  let nextToken: string | undefined;
  for (;;) {
    const command = new GetLogEventsCommand({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: head,
      limit: PAGE_MAX,
      ...(startTime > 0 ? { startTime } : {}),
      // CloudWatch Logs does not count the end itself.
      ...(Number.isFinite(endTime) ? { endTime: endTime + 1 } : {}),
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    const page = await unless(NOT_FOUND, client.send(command));
    yield page?.events ?? [];
    const token = head ? page?.nextForwardToken : page?.nextBackwardToken;
    // CloudWatch Logs tells the end by giving the same token again; a page may be empty before that.
    if (token === undefined || token === nextToken) return;
    nextToken = token;
  }
}
