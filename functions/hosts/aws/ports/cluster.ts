/** The ports that need the cluster: what runs on it, and what its load balancer knows of the traffic. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createAlbActivity } from '../../../adapters/aws/activity.ts';
import { createEksToken } from '../../../adapters/aws/eks/eks-token.ts';
import { cloudWatchPricing, countRequests } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createFoundClient } from '../../../adapters/kubernetes/api/found-client.ts';
import { createKubernetesLogs } from '../../../adapters/kubernetes/logs.ts';
import { defaultRenderOptions } from '../../../adapters/kubernetes/manifests/index.ts';
import { createKubernetesWorkloads } from '../../../adapters/kubernetes/workloads.ts';
import { limits } from '../../../core/limits.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Ports } from '../../../ports/index.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { AwsConfig } from '../aws-config.ts';
import { defaultProvider } from '../credentials.ts';
import { once } from '../lazy.ts';
import { createTargetGroups } from '../target-groups.ts';
import { repositoryUri } from './prefix.ts';

export function createCluster(
  config: AwsConfig,
  { effects, registry }: { effects: Effects; registry: Registry },
): Pick<Ports, 'workloads' | 'activity'> & { logs(rest: Logs): Logs } {
  const { cluster, region, name, dnsSuffix } = config;
  const sdk = sdkOptions({ region });
  const credentials = defaultProvider();
  const token = createEksToken({ cluster: cluster.name, region, dnsSuffix, credentials, now: effects.now });
  // Called where the stacks do not tell the cluster's address, or where that address is no longer right.
  const describe = once(async () => {
    const [{ EKSClient }, { createEksCluster }] = await Promise.all([
      import('@aws-sdk/client-eks'),
      import('../../../adapters/aws/eks/eks-cluster.ts'),
    ]);
    return createEksCluster({ name: cluster.name, client: new EKSClient(sdk) });
  });
  let { known } = cluster;
  const client = createFoundClient({
    now: effects.now,
    async find() {
      // The address from the stacks is used once: the client asks again only when an address has failed.
      const at = known ?? (await (await describe())());
      known = undefined;
      return { ...at, token };
    },
  });
  const uri = repositoryUri(config);
  const render = {
    namespacePrefix: name,
    mixedNodes: config.architectures.length > 1,
    // The stacks make this class, with the certificate of workloads.
    ingressClass: name,
    // Requests go straight to the pods, since Services of ours have no port on the nodes.
    ingressAnnotations: { 'alb.ingress.kubernetes.io/target-type': 'ip' },
    network: { ...defaultRenderOptions.network, ...config.network },
    quota: {
      ...defaultRenderOptions.quota,
      ...config.quota,
      ephemeralBytes: config.quota.pods * limits.ephemeralStorage.value,
    },
  };
  return {
    logs: (rest) => createKubernetesLogs({ client, rest, render }),
    workloads: createKubernetesWorkloads({
      client,
      registry,
      effects,
      imageReference: (repository, digest) => `${uri(repository)}@${digest}`,
      domain: config.appsDomain,
      render,
    }),
    activity: createAlbActivity({
      client: countRequests(new CloudWatchClient(sdk), cloudWatchPricing),
      now: effects.now,
      targetGroups: createTargetGroups({
        cluster: client,
        balancing: new ElasticLoadBalancingV2Client(sdk),
        group: 'eks.amazonaws.com/v1',
        namespacePrefix: name,
      }),
    }),
  };
}
