/** The ports that need the cluster: what runs on it, and what its gateway knows of the traffic. */
import { createEksToken } from '../../../adapters/aws/eks/eks-token.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createTokenReview } from '../../../adapters/kubernetes/activator/token-review.ts';
import { createGatewayActivity } from '../../../adapters/kubernetes/activity/gateway-activity.ts';
import { createFoundClient } from '../../../adapters/kubernetes/api/found-client.ts';
import { createKubernetesCaches } from '../../../adapters/kubernetes/caches/caches.ts';
import { createKubernetesIsolation } from '../../../adapters/kubernetes/isolation/isolation.ts';
import { createKubernetesLogs } from '../../../adapters/kubernetes/logs/logs.ts';
import { defaultRenderOptions } from '../../../adapters/kubernetes/manifests/index.ts';
import { ACTIVATOR, gatewayMetrics, gatewayNamespace } from '../../../adapters/kubernetes/object-names.ts';
import { createManifests } from '../../../adapters/kubernetes/plain/manifests.ts';
import type { ImageReference } from '../../../adapters/kubernetes/resolved-images.ts';
import { createKubernetesWorkloads } from '../../../adapters/kubernetes/workloads.ts';
import { limits } from '../../../core/limits.ts';
import type { Caches } from '../../../ports/caches.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Ports } from '../../../ports/index.ts';
import type { Isolation } from '../../../ports/isolation.ts';
import type { LogArchive } from '../../../ports/log-archive.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { Manifests } from '../../../ports/manifests.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { Wakers } from '../../../ports/wakers.ts';
import type { AwsConfig } from '../aws-config.ts';
import { defaultProvider } from '../credentials.ts';
import { once } from '../lazy.ts';
import { repositoryUri } from './prefix.ts';

export function createCluster(
  config: AwsConfig,
  { effects, registry }: { effects: Effects; registry: Registry },
): Pick<Ports, 'workloads' | 'activity'> & {
  caches: Caches;
  wakers: Wakers;
  isolation: Isolation;
  manifests: Manifests;
  logs(rest: Logs, archive: LogArchive): Logs;
} {
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
  const { redisImage: image } = config;
  const activator = { namespace: gatewayNamespace(name), name: ACTIVATOR, port: 80 };
  const render = {
    ...defaultRenderOptions,
    namespacePrefix: name,
    activator,
    mixedNodes: config.architectures.length > 1,
    // The stacks make it, behind the load balancer that has the certificate of workloads.
    gateway: { namespace: gatewayNamespace(name), name },
    network: {
      ...defaultRenderOptions.network,
      ...config.network,
      gatewayNamespaces: [gatewayNamespace(name)],
    },
    quota: {
      ...defaultRenderOptions.quota,
      ...config.quota,
      ephemeralBytes: config.quota.pods * limits.ephemeralStorage.value,
    },
  };
  const imageReference: ImageReference = (repository, digest) => `${uri(repository)}@${digest}`;
  return {
    logs: (rest, archive) => createKubernetesLogs({ client, rest, archive, render }),
    workloads: createKubernetesWorkloads({
      client,
      registry,
      effects,
      imageReference,
      ...config.apps,
      render,
      metrics: gatewayMetrics,
    }),
    caches: createKubernetesCaches({ client, render, ...(image !== undefined && { image }) }),
    wakers: createTokenReview({ client, activator, now: effects.now }),
    manifests: createManifests({ registry, imageReference, render }),
    isolation: createKubernetesIsolation({ client, render, gateway: gatewayMetrics, now: effects.now }),
    activity: createGatewayActivity({ client, render, metrics: gatewayMetrics, now: effects.now }),
  };
}
