/** The ports behind Secrets Manager: secret values, and the administrator of the database. */
import { readFile } from 'node:fs/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRdsDatabases } from '../../../adapters/aws/databases.ts';
import { rdsAuthority } from '../../../adapters/aws/rds-authority.ts';
import { countRequests, secretsManagerPricing } from '../../../adapters/aws/sdk-meter.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createFormerSecrets, type FormerSecrets } from '../../../adapters/aws/secrets/former-secrets.ts';
import { createKeptSecrets } from '../../../adapters/aws/secrets/kept-secrets.ts';
import { createSealedSecrets } from '../../../adapters/aws/secrets/sealed-secrets.ts';
import { createSecretsKey } from '../../../adapters/aws/secrets/secrets-key.ts';
import { createSecretsManager } from '../../../adapters/aws/secrets/secrets-manager.ts';
import { createVaultProof } from '../../../adapters/aws/vault-proof.ts';
import { createVault } from '../../../adapters/vault/vault.ts';
import type { VaultLogin } from '../../../adapters/vault/vault-client.ts';
import { isForBuilds, isOfMasks } from '../../../core/keys.ts';
import type { Databases } from '../../../ports/databases.ts';
import type { SecretKeepers } from '../../../ports/secret-keepers.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import type { Store } from '../../../ports/store.ts';
import type { AwsConfig, VaultSignIn } from '../aws-config.ts';
import { defaultProvider } from '../credentials.ts';

const createClient = ({ region }: AwsConfig) =>
  countRequests(new SecretsManagerClient(sdkOptions({ region })), secretsManagerPricing);

/** Secrets of builds stay where CodeBuild itself reads them, all others are sealed in the store. */
export function createSecrets(config: AwsConfig, store: Store): Secrets {
  const options = { client: createClient(config), prefix: config.name };
  const forBuilds = createSecretsManager(options);
  const key = createSecretsKey({ client: options.client, name: `${config.name}/${SECRETS_KEY}`, store });
  const sealed = createSealedSecrets({ store, key, former: createFormerSecrets(options, forBuilds) });
  const ofMasks = createSealedSecrets({ store, key, former: neverElsewhere });
  const of = (path: string): Secrets => {
    if (isForBuilds(path)) return forBuilds;
    return isOfMasks(path) ? ofMasks : sealed;
  };
  return {
    put: async (path, ...rest) => of(path).put(path, ...rest),
    get: async (path, ...rest) => of(path).get(path, ...rest),
    revoke: async (path, version) => of(path).revoke(path, version),
    remove: async (path) => of(path).remove(path),
    list: async (prefix) => of(prefix).list(prefix),
  };
}

/** Of what no earlier release kept. */
const neverElsewhere: FormerSecrets = {
  versions: async () => undefined,
  retire: async () => undefined,
  remove: async () => undefined,
  list: async () => [],
};
/** Where secrets are kept that are not Berth's. A region of each ARN has a client of its own. */
export function createKeepers(config: AwsConfig, now: () => number): Required<SecretKeepers> {
  const clients = new Map<string, SecretsManagerClient>();
  const client = (region: string): SecretsManagerClient => {
    const made = clients.get(region) ?? createClient({ ...config, region });
    clients.set(region, made);
    return made;
  };
  const { address = '', namespace, login = { token: '' } } = config.sources.vault ?? {};
  return {
    'aws-secrets-manager': createKeptSecrets({ client, own: config.name }),
    vault: createVault({
      address,
      now,
      login: vaultLogin(config, { address, login, now }),
      ...(namespace !== undefined && { namespace }),
    }),
  };
}

function vaultLogin(
  config: AwsConfig,
  { address: vault, login, now }: { address: string; login: VaultSignIn; now(): number },
): VaultLogin {
  if ('token' in login) return { kind: 'token', read: () => readSecret(config, login.token) };
  const { region, dnsSuffix } = config;
  // Elsewhere than in AWS's first partition there is no endpoint for all regions.
  const sts = { endpoint: `https://sts.${region}.${dnsSuffix}`, region };
  const isFirst = dnsSuffix === 'amazonaws.com';
  const proof = createVaultProof({ vault, credentials: defaultProvider(), now, ...(!isFirst && { sts }) });
  return { kind: 'role', ...login, proof };
}

/** No project has such a name. */
const SECRETS_KEY = '-key';

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
