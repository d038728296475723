/** Where an EKS cluster is, by its name: what the platform team knows, and all that has to be configured. */
import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import { Problem } from '../../../core/problem.ts';
import { isAws, sent } from '../sdk-errors.ts';

export interface EksClusterOptions {
  client: Pick<EKSClient, 'send'>;
  name: string;
}

export interface EksEndpoint {
  /** `https://….eks.amazonaws.com`. */
  server: string;
  /** PEM. */
  ca: string;
  /** Addresses of Services. */
  services?: string;
}

/** @returns a function that asks EKS. @throws Problem unavailable | TransientError */
export function createEksCluster({ client, name }: EksClusterOptions): () => Promise<EksEndpoint> {
  const fail = (why: string, hint: string, cause?: unknown): never => {
    throw new Problem('unavailable', `The EKS cluster "${name}" can not be used: ${why}.`, { hint, cause });
  };

  return async () => {
    const found = await sent(client.send(new DescribeClusterCommand({ name }))).catch((error: unknown) => {
      if (isAws(error, 'ResourceNotFoundException'))
        return fail('there is none in this account and region', 'Correct its name or the region.', error);
      if (isAws(error, 'AccessDeniedException'))
        return fail('Berth may not describe it', 'Allow eks:DescribeCluster on it.', error);
      if (isAws(error, 'CredentialsProviderError'))
        return fail('there are no AWS credentials', 'Give some, as for the AWS CLI.', error);
      throw error;
    });
    const { endpoint, certificateAuthority, status, kubernetesNetworkConfig } = found.cluster ?? {};
    const services = kubernetesNetworkConfig?.serviceIpv4Cidr;
    if (!endpoint || !certificateAuthority?.data)
      return fail(`it has no endpoint yet (${status ?? 'no status'})`, 'Wait until it is active.');
    return {
      server: endpoint,
      ca: Buffer.from(certificateAuthority.data, 'base64').toString('utf8'),
      ...(services && { services }),
    };
  };
}
