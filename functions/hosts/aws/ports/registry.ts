import { ECRClient } from '@aws-sdk/client-ecr';
import { createEcrRegistry } from '../../../adapters/aws/registry.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { AwsConfig } from '../aws-config.ts';
import { registryHost } from './prefix.ts';

export function createRegistry(config: AwsConfig): Registry {
  const { region, account, name, architectures } = config;
  const client = new ECRClient(sdkOptions({ region }));
  const host = registryHost(config);
  return createEcrRegistry({ client, registryId: account, prefix: name, host, architectures });
}
