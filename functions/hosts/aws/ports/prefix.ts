import type { RepositoryRef } from '../../../ports/registry.ts';
import type { AwsConfig } from '../aws-config.ts';

export const registryHost = ({ account, region, dnsSuffix }: AwsConfig): string =>
  `${account}.dkr.ecr.${region}.${dnsSuffix}`;

/** An image's name without tag or digest. */
export const repositoryUri =
  (config: AwsConfig) =>
  ({ project, service }: RepositoryRef): string =>
    `${registryHost(config)}/${config.name}/${project}/${service}`;
