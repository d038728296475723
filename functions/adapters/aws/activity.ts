/**
 * Activity from the metrics of an Application Load Balancer, which counts requests by target group and minute.
 * A time is the end of the minute (or, for what is hours ago, of the hour) that had a request, so that nothing
 * is taken for idle too early. Metrics show up a minute or two late; who acts on idleness checks again.
 */
import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import type { EnvironmentRef } from '../../core/model/index.ts';
import type { Activity, RequestSample } from '../../ports/activity.ts';
import { sent } from './sdk-errors.ts';

/** What one service of an environment is in the load balancer's metrics. */
export interface TargetGroup {
  service: string;
  /** Values of the dimensions of the same names: the ends of both ARNs, from `app/` and from `targetgroup/`. */
  loadBalancer: string;
  targetGroup: string;
}

export interface AlbActivityOptions {
  client: CloudWatchClient;
  /**
   * The target groups that are there now. There are none of an environment that is gone, so that a new one of its
   * name starts anew.
   */
  targetGroups(environment: EnvironmentRef): Promise<readonly TargetGroup[]>;
  now(): number;
}

/** The most metrics that GetMetricData takes at once. */
const QUERIES_MAX = 500;
const MINUTE = 60;
const HOUR = 3600;
/** How far back it looks, first by the minute and then by the hour, seconds. */
const LOOKS = [
  { period: MINUTE, window: 3 * HOUR },
  { period: HOUR, window: 15 * 24 * HOUR },
] as const;

interface Metric {
  name: string;
  stat: string;
  group: TargetGroup;
}

interface Point {
  /** When its period begins, epoch milliseconds. */
  at: number;
  value: number;
}

export function createAlbActivity({ client, targetGroups, now }: AlbActivityOptions): Activity {
  /** Points of each metric, in the order asked. */
  async function read(metrics: readonly Metric[], period: number, window: number): Promise<Point[][]> {
    const end = Math.ceil(now() / 1000 / period) * period;
    const times = {
      StartTime: new Date((end - window) * 1000),
      // The period that has begun counts too.
      EndTime: new Date((end + period) * 1000),
    };
    const points: Point[][] = metrics.map(() => []);
    for (let first = 0; first < metrics.length; first += QUERIES_MAX) {
      const queries = metrics
        .slice(first, first + QUERIES_MAX)
        .map((metric, at) => query(metric, at, period));
      let NextToken: string | undefined;
      do {
        const command = new GetMetricDataCommand({
          ...times,
          MetricDataQueries: queries,
          ...(NextToken === undefined ? {} : { NextToken }),
        });
        const page = await sent(client.send(command));
        for (const result of page.MetricDataResults ?? [])
          points[first + Number(result.Id?.slice(1))]?.push(...pointsOf(result));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
    }
    return points;
  }

  return {
    async lastRequests(environments) {
      const groups = await Promise.all(environments.map(targetGroups));
      const last = environments.map((): number | undefined => undefined);
      for (const { period, window } of LOOKS) {
        const asked = groups.flatMap((some, at) =>
          last[at] === undefined ? some.map((group) => ({ at, group })) : [],
        );
        const metrics = asked.map(({ group }) => ({ name: 'RequestCount', stat: 'Sum', group }));
        const found = await read(metrics, period, window);
        for (const [index, { at }] of asked.entries())
          for (const point of found[index] ?? []) {
            if (point.value <= 0) continue;
            last[at] = Math.max(last[at] ?? 0, Math.min(now(), point.at + period * 1000));
          }
      }
      return last;
    },

    async requests(instance, windowSeconds) {
      const group = (await targetGroups(instance)).find(({ service }) => service === instance.service);
      if (!group) return [];
      const [requests = [], ...others] = await read(
        [
          { name: 'RequestCount', stat: 'Sum', group },
          { name: 'HTTPCode_Target_5XX_Count', stat: 'Sum', group },
          { name: 'TargetResponseTime', stat: 'p50', group },
          { name: 'TargetResponseTime', stat: 'p99', group },
        ],
        MINUTE,
        Math.max(MINUTE, windowSeconds),
      );
      const [errors, p50, p99] = others.map((some) => new Map(some.map(({ at, value }) => [at, value])));
      return requests
        .filter(({ value }) => value > 0)
        .sort((a, b) => a.at - b.at)
        .map(
          ({ at, value }): RequestSample => ({
            at: new Date(at).toISOString(),
            requests: value,
            errors: errors?.get(at) ?? 0,
            // CloudWatch has seconds.
            p50Ms: (p50?.get(at) ?? 0) * 1000,
            p99Ms: (p99?.get(at) ?? 0) * 1000,
          }),
        );
    },

    /** Metrics can not be removed; they are no longer looked at, since its target groups are gone. */
    forget: async () => undefined,
  };
}

const query = ({ name, stat, group }: Metric, index: number, period: number): MetricDataQuery => ({
  Id: `q${index}`,
  MetricStat: {
    Metric: {
      Namespace: 'AWS/ApplicationELB',
      MetricName: name,
      Dimensions: [
        { Name: 'LoadBalancer', Value: group.loadBalancer },
        { Name: 'TargetGroup', Value: group.targetGroup },
      ],
    },
    Period: period,
    Stat: stat,
  },
});

const pointsOf = ({ Timestamps = [], Values = [] }: MetricDataResult): Point[] =>
  Timestamps.flatMap((time, index) => {
    const value = Values[index];
    return typeof value === 'number' ? [{ at: time.getTime(), value }] : [];
  });
