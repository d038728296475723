/** The ports behind Secrets Manager: secret values, and the administrator of the database. */
import { readFile } from 'node:fs/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRdsDatabases } from '../../../adapters/aws/databases.ts';
import { rdsAuthority } from '../../../adapters/aws/rds-authority.ts';
import { countRequests, secretsManagerPricing } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createSecretsManager } from '../../../adapters/aws/secrets/secrets.ts';
import type { Databases } from '../../../ports/databases.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import type { AwsConfig } from '../aws-config.ts';

const createClient = ({ region }: AwsConfig) =>
  countRequests(new SecretsManagerClient(sdkOptions({ region })), secretsManagerPricing);

export const createSecrets = (config: AwsConfig): Secrets =>
  createSecretsManager({ client: createClient(config), prefix: config.name });

export async function createDatabases(config: AwsConfig): Promise<Databases> {
  const { host, port, secret, dedicated } = config.database;
  return createRdsDatabases({
    host,
    port,
    secret: { client: createClient(config), id: secret },
    ...(isRds(config) && { ca: await authority(config) }),
    ...(dedicated && { instances: await createInstances(config, dedicated) }),
  });
}

/** Another server's authority is one that systems know. */
const isRds = ({ database: { host }, dnsSuffix }: AwsConfig): boolean => host.endsWith(`.rds.${dnsSuffix}`);

/** @throws Error where Lambda does not keep its authorities any more where it did */
const authority = async ({ region, authorities }: AwsConfig): Promise<string> =>
  rdsAuthority(await readFile(authorities, 'utf8'), region);

/** Loaded only where databases are made, not where a secret is read. Requests to RDS cost nothing. */
async function createInstances(
  { region, name, database }: AwsConfig,
  { subnetGroup, securityGroup }: NonNullable<AwsConfig['database']['dedicated']>,
) {
  const [{ RDSClient }, { createRdsInstances }] = await Promise.all([
    import('@aws-sdk/client-rds'),
    import('../../../adapters/aws/rds-instances.ts'),
  ]);
  return createRdsInstances({
    client: new RDSClient(sdkOptions({ region })),
    prefix: name,
    subnetGroup,
    securityGroupIds: [securityGroup],
    // The port that nodes and functions may reach.
    port: database.port,
  });
}

/** Reads a secret of the installation itself, by its name or ARN. */
export async function readSecret({ region }: AwsConfig, id: string): Promise<string> {
  const client = new SecretsManagerClient(sdkOptions({ region }));
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  if (SecretString === undefined) throw new Error(`The secret ${id} holds no text`);
  return SecretString;
}
