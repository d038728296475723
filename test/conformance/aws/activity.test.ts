/**
 * Activity over CloudWatch, as moto has it. The load balancer is played by PutMetricData. Moto knows no
 * percentiles: on their way out the median becomes the average and the 99th percentile the maximum.
 */
import { CloudWatchClient, type GetMetricDataInput, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { createAlbActivity, type TargetGroup } from '../../../functions/adapters/aws/activity.ts';
import type { EnvironmentRef } from '../../../functions/core/model/index.ts';
import { activityContract } from '../../contracts/activity.ts';
import { clientOptions, withMoto } from './support.ts';

const STATS: Record<string, string> = { p50: 'Average', p99: 'Maximum' };
const keyOf = ({ project, environment }: EnvironmentRef): string => `${project}/${environment}`;

await withMoto((url) => {
  function makeSubject(now = Date.now) {
    const client = new CloudWatchClient(clientOptions(url()));
    let calls = 0;
    client.middlewareStack.add(
      (next) => (args) => {
        const input = args.input as GetMetricDataInput;
        for (const { MetricStat: stat } of input.MetricDataQueries ?? [])
          if (stat?.Stat !== undefined) stat.Stat = STATS[stat.Stat] ?? stat.Stat;
        if (input.MetricDataQueries) calls++;
        return next(args);
      },
      { step: 'initialize' },
    );
    const groups = new Map<string, TargetGroup[]>();
    const activity = createAlbActivity({
      client,
      now,
      targetGroups: async (environment) => groups.get(keyOf(environment)) ?? [],
    });
    return {
      client,
      groups,
      calls: () => calls,
      // An environment's target groups go when it is destroyed.
      activity: {
        ...activity,
        forget: async (environment: EnvironmentRef) => {
          await activity.forget(environment);
          groups.delete(keyOf(environment));
        },
      },
    };
  }

  async function request(
    { client, groups }: ReturnType<typeof makeSubject>,
    instance: EnvironmentRef & { service: string },
    status: number,
    durationMs: number,
    time = new Date(),
  ): Promise<void> {
    const some = groups.get(keyOf(instance)) ?? [];
    groups.set(keyOf(instance), some);
    let group = some.find(({ service }) => service === instance.service);
    if (!group) {
      const targetGroup = `targetgroup/${keyOf(instance)}-${instance.service}/${some.length}`;
      group = { service: instance.service, loadBalancer: 'app/berth/1', targetGroup };
      some.push(group);
    }
    const Dimensions = [
      { Name: 'LoadBalancer', Value: group.loadBalancer },
      { Name: 'TargetGroup', Value: group.targetGroup },
    ];
    const data = (MetricName: string, Value: number) => ({ MetricName, Value, Dimensions, Timestamp: time });
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'AWS/ApplicationELB',
        MetricData: [
          data('RequestCount', 1),
          data('TargetResponseTime', durationMs / 1000),
          ...(status >= 500 ? [data('HTTPCode_Target_5XX_Count', 1)] : []),
        ],
      }),
    );
  }

  activityContract('ALB metrics in CloudWatch', async () => {
    const subject = makeSubject();
    return {
      activity: subject.activity,
      request: (...args) => request(subject, ...args),
      now: Date.now,
      dispose: async () => subject.client.destroy(),
    };
  });

  it('finds what is hours and days ago, by the hour', async () => {
    const subject = makeSubject();
    const instance = { project: 'demo', environment: 'old', service: 'web' };
    const time = new Date(Date.now() - 30 * 3600_000);
    await request(subject, instance, 200, 5, time);
    const [last = 0] = await subject.activity.lastRequests([instance]);
    expect(last).toBeGreaterThanOrEqual(time.getTime());
    expect(last).toBeLessThan(time.getTime() + 3600_000);
    subject.client.destroy();
  });

  it('asks for 500 metrics at a time', async () => {
    const subject = makeSubject();
    const many = Array.from({ length: 600 }, (_, index) => ({ project: 'demo', environment: `e${index}` }));
    for (const environment of many)
      subject.groups.set(keyOf(environment), [
        { service: 'web', loadBalancer: 'app/berth/1', targetGroup: keyOf(environment) },
      ]);
    const before = new Date();
    await request(subject, { project: 'demo', environment: 'e599', service: 'web' }, 200, 5, before);
    const last = await subject.activity.lastRequests(many);
    expect(last.findIndex((time) => time !== undefined)).toBe(599);
    expect(subject.calls()).toBe(4);
    subject.client.destroy();
  });
});
