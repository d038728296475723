/** An EKS cluster and ECR images, with the AWS credentials of this machine; loaded only where they are used. */
import { createEksCluster } from '../../../adapters/aws/eks/eks-cluster.ts';
import { createEksToken } from '../../../adapters/aws/eks/eks-token.ts';
import { createEcrRegistry } from '../../../adapters/aws/registry.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { KubernetesClient } from '../../../adapters/kubernetes/api/client.ts';
import { createFoundClient } from '../../../adapters/kubernetes/api/found-client.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Registry } from '../../../ports/registry.ts';
import { ConfigError } from '../config/config.ts';

/** @throws ConfigError where no region is set */
export async function createEksClient(
  name: string,
  { now }: Pick<Effects, 'now'>,
): Promise<KubernetesClient> {
  const { EKSClient } = await import('@aws-sdk/client-eks');
  const { region: _, ...options } = sdkOptions({ region: '' });
  // The SDK finds the region and the credentials as every AWS tool does: in variables, profiles, or a role.
  const client = new EKSClient(options);
  const region = await client.config.region().catch(() => {
    throw new ConfigError('BERTH_EKS_CLUSTER can not be used: no region is set. Set AWS_REGION.');
  });
  const token = createEksToken({
    cluster: name,
    region,
    now,
    credentials: () => client.config.credentials(),
  });
  const describe = createEksCluster({ name, client });
  return createFoundClient({ now, find: async () => ({ ...(await describe()), token }) });
}

export interface RegistryOptions {
  account: string;
  region: string;
  host: string;
  prefix: string;
}

export async function createRegistry({ account, region, host, prefix }: RegistryOptions): Promise<Registry> {
  const { ECRClient } = await import('@aws-sdk/client-ecr');
  return createEcrRegistry({
    client: new ECRClient(sdkOptions({ region })),
    registryId: account,
    prefix,
    host,
  });
}
