/** Finds the load balancer's target groups that belong to an environment, by asking the cluster's controller. */
import {
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroup } from '../../adapters/aws/activity.ts';
import { isAws, sent } from '../../adapters/aws/sdk-errors.ts';
import type { KubernetesClient } from '../../adapters/kubernetes/api/client.ts';
import { namespaceName } from '../../adapters/kubernetes/object-names.ts';
import type { EnvironmentRef } from '../../core/model/index.ts';
import { TransientError } from '../../core/problem.ts';

interface Binding {
  spec: { targetGroupARN?: string; serviceRef: { name: string } };
}

/** The most that one DescribeTargetGroups takes. */
const PAGE = 400;

/** The part of an ARN behind the account: `app/...` of a load balancer, `targetgroup/...` of a target group. */
const dimensionOf = (arn: string): string =>
  arn.slice(arn.lastIndexOf(':') + 1).replace(/^loadbalancer\//, '');

/** @param options.group API group and version of TargetGroupBinding: `eks.amazonaws.com/v1` in Auto Mode */
export function createTargetGroups(options: {
  cluster: KubernetesClient;
  balancing: ElasticLoadBalancingV2Client;
  group: string;
  namespacePrefix: string;
}): (environment: EnvironmentRef) => Promise<TargetGroup[]> {
  const { cluster, balancing, group, namespacePrefix } = options;
  return async (environment) => {
    const namespace = namespaceName(namespacePrefix, environment);
    const path = `/apis/${group}/namespaces/${namespace}/targetgroupbindings`;
    const { items } = await cluster.list<Binding>(path);
    const services = new Map(
      items.flatMap(({ spec }) => (spec.targetGroupARN ? [[spec.targetGroupARN, spec.serviceRef.name]] : [])),
    );
    const arns = [...services.keys()];
    const found: TargetGroup[] = [];
    for (let at = 0; at < arns.length; at += PAGE) {
      const command = new DescribeTargetGroupsCommand({ TargetGroupArns: arns.slice(at, at + PAGE) });
      const { TargetGroups = [] } = await sent(balancing.send(command)).catch((error: unknown) => {
        // The binding will be gone in a moment, or will name the next target group: leaving it out would look like
        // idleness.
        if (isAws(error, 'TargetGroupNotFoundException'))
          throw new TransientError('A target group went while it was looked at.', { cause: error });
        throw error;
      });
      for (const { TargetGroupArn = '', LoadBalancerArns = [] } of TargetGroups) {
        for (const arn of LoadBalancerArns) {
          found.push({
            service: services.get(TargetGroupArn) ?? '',
            loadBalancer: dimensionOf(arn),
            targetGroup: dimensionOf(TargetGroupArn),
          });
        }
      }
    }
    return found;
  };
}
