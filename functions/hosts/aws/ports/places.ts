/** EKS clusters beside the installation's own, each as a role of its account. Loaded where one is used. */
import { EKSClient } from '@aws-sdk/client-eks';
import { assumedRole } from '../../../adapters/aws/assumed-role.ts';
import { createEksCluster } from '../../../adapters/aws/eks/eks-cluster.ts';
import { createEksToken } from '../../../adapters/aws/eks/eks-token.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createFoundClient } from '../../../adapters/kubernetes/api/found-client.ts';
import { defaultRenderOptions } from '../../../adapters/kubernetes/manifests/index.ts';
import type { InPlace } from '../../../adapters/placement/by-place.ts';
import { limits } from '../../../core/limits.ts';
import type { Place } from '../../../core/model/index.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { Registry } from '../../../ports/registry.ts';
import { openPlace, PLACE_CALL_MS, type PlaceOptions } from '../../open-place.ts';
import { clusterOf, wrongKind } from '../../place-access.ts';
import type { AwsConfig } from '../aws-config.ts';
import { defaultProvider } from '../credentials.ts';
import { repositoryUri } from './prefix.ts';

/** Under Auto Mode the resolver is no pod: it has the tenth address of the Services. */
const resolverOf = (services: string | undefined): string[] => {
  const [, net] = /^(\d+\.\d+\.\d+)\.0\/\d+$/.exec(services ?? '') ?? [];
  return net === undefined ? [] : [`${net}.10/32`];
};

/** @throws Problem unavailable where the role or the cluster can not be used */
export async function openEksPlace(
  config: AwsConfig,
  {
    effects,
    registry,
    logs,
    output,
  }: { effects: Effects; registry: Registry; logs: Logs } & Required<Pick<PlaceOptions, 'output'>>,
  place: Place,
): Promise<InPlace> {
  const { access } = clusterOf(place);
  if (access.kind !== 'eks') throw wrongKind(access.kind, 'an EKS cluster');
  const { cluster, region, role } = access;
  const credentials = assumedRole({ role, region, credentials: defaultProvider() });
  const describe = createEksCluster({
    name: cluster,
    client: new EKSClient({ ...sdkOptions({ region }), maxAttempts: 2, credentials }),
  });
  const { now } = effects;
  const token = createEksToken({ cluster, region, dnsSuffix: config.dnsSuffix, credentials, now });
  // The first answer tells the network too, which its policies are made with.
  let first: Awaited<ReturnType<typeof describe>> | undefined = await describe();
  const resolverCidrs = resolverOf(first.services);
  const client = createFoundClient({
    now,
    timeoutMs: PLACE_CALL_MS,
    async find() {
      const at = first ?? (await describe());
      first = undefined;
      return { ...at, token };
    },
  });
  const uri = repositoryUri(config);
  return openPlace(place, {
    client,
    registry,
    imageReference: (repository, digest) => `${uri(repository)}@${digest}`,
    logs,
    output,
    effects,
    redisImage: config.redisImage,
    render: {
      namespacePrefix: config.name,
      mixedNodes: config.architectures.length > 1,
      network: { resolverCidrs },
      quota: {
        ...defaultRenderOptions.quota,
        ...config.quota,
        ephemeralBytes: config.quota.pods * limits.ephemeralStorage.value,
      },
    },
  });
}
