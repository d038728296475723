import type { RepositoryRef } from '../../../ports/registry.ts';
import type { AwsConfig } from '../aws-config.ts';

/** The prefix of the names of repositories, secrets and namespaces. */
export const PREFIX = 'berth';

export const registryHost = ({ account, region }: AwsConfig): string =>
  `${account}.dkr.ecr.${region}.amazonaws.com`;

/** An image's name without tag or digest. */
export const repositoryUri =
  (config: AwsConfig) =>
  ({ project, service }: RepositoryRef): string =>
    `${registryHost(config)}/${PREFIX}/${project}/${service}`;
