/** Reads the settings that the stacks give to the functions, once. */
import * as z from 'zod';
import type { StepFunction } from '../../core/operations/operation-kind.ts';

/** Values separated by commas; none where it is not given. */
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((part) => part !== ''));
const amount = z.coerce.number<string>().positive();
/** A setting that is not given is empty, or not there. */
const optional = z
  .string()
  .default('')
  .transform((text) => (text === '' ? undefined : text));

const GIB = 1024 ** 3;

const schema = z.object({
  AWS_REGION: z.string().min(1),
  BERTH_NAME: z.string().min(1),
  BERTH_DNS_SUFFIX: z.string().min(1),
  BERTH_ACCOUNT: z.string().min(1),
  BERTH_TABLE: z.string().min(1),
  BERTH_STATE_MACHINE_PREFIX: z.string().min(1),
  // Of who runs steps outside of a run: the functions for workloads, resources and builds.
  BERTH_STEP_FUNCTIONS: list.pipe(z.tuple([z.string(), z.string(), z.string()])).optional(),
  BERTH_LOG_GROUP: z.string().min(1),
  BERTH_OUTPUT_LOG_GROUP: z.string().min(1),
  BERTH_AUDIT_BUCKET: z.string().min(1),
  // Not there yet for the moment in which an installation is upgraded to functions that know it.
  BERTH_BACKUP_BUCKET: optional,
  BERTH_BUILD_PROJECT: z.string().min(1),
  BERTH_BUILD_BUCKET: z.string().min(1),
  BERTH_BUILD_LOG_GROUP: z.string().min(1),
  BERTH_CLUSTER: z.string().min(1),
  // Not there for a cluster that is known by its name alone.
  BERTH_CLUSTER_ENDPOINT: optional.pipe(z.url().optional()),
  BERTH_CLUSTER_CA: z.base64().default(''),
  BERTH_CLUSTER_RESOLVER: z.ipv4(),
  BERTH_ARCHITECTURES: list.pipe(z.array(z.enum(['arm64', 'amd64'])).min(1)),
  // CPUs, GiB of memory, pods, GiB of volumes.
  BERTH_QUOTA: list.pipe(z.tuple([amount, amount, amount, amount])),
  BERTH_BUILDS_AT_ONCE: z.coerce.number().int().min(1),
  NODE_EXTRA_CA_CERTS: z.string().min(1),
  BERTH_DATABASE_HOST: z.string().min(1),
  BERTH_DATABASE_PORT: z.coerce.number().int().min(1).max(65535),
  BERTH_DATABASE_SECRET: z.string().min(1),
  // Neither is there where there are no dedicated database servers.
  BERTH_DEDICATED_SUBNETS: optional,
  BERTH_DEDICATED_SECURITY_GROUP: z.string().default(''),
  BERTH_APPS_DOMAIN: z.string().min(1),
  BERTH_APPS_SCHEME: z.enum(['http', 'https']),
  BERTH_EGRESS_CIDRS: list,
  BERTH_REDIS_IMAGE: optional,
  BERTH_KEY_BOUNDARY: optional,
  BERTH_MAIL_FROM: optional.pipe(z.email().optional()),
  BERTH_MAIL_DOMAINS: list
    .transform((domains) => domains.map((domain) => domain.trim().toLowerCase()))
    .optional(),
  BERTH_GITHUB_APP_ID: optional,
  BERTH_GITHUB_APP_SECRET: optional,
  BERTH_GITHUB_APP_API: optional,
  BERTH_SECRET_SOURCES: optional,
  BERTH_VAULT: optional,
  BERTH_VAULT_NAMESPACE: optional,
  BERTH_VAULT_LOGIN: optional,
  BERTH_VAULT_ROLE: optional,
  BERTH_VAULT_AUTH: optional,
  BERTH_ISSUER: z.url(),
  BERTH_AUDIENCE: list.refine((audience) => audience.length > 0),
  BERTH_ADMINISTRATOR: optional,
  BERTH_ADMINISTRATOR_GROUP: optional,
  BERTH_GROUPS_CLAIM: optional,
  BERTH_URL: optional,
  BERTH_CLIENT_ID: optional,
  BERTH_CLIENT_SECRET: optional,
  BERTH_TERMINAL_CLIENT_ID: optional,
});

/** The secret that has a token for Vault; or the role that the functions sign in for, at a mount of Vault's method `aws`. */
export type VaultSignIn = { token: string } | { role: string; mount: string };

export interface AwsConfig {
  /** What the installation's repositories, secrets, servers and namespaces are named by. */
  name: string;
  region: string;
  /** What the names of AWS's hosts end with: `amazonaws.com`, but for other partitions. */
  dnsSuffix: string;
  account: string;
  table: string;
  /** The ARN of a state machine up to the workflow's name. */
  stateMachinePrefix: string;
  /** The ARNs of the functions that run steps, for who calls them. */
  stepFunctions?: Record<StepFunction, string>;
  /** The log group of operations. */
  logGroup: string;
  /** The log group that the cluster's agent sends the output of workloads to. */
  outputLogGroup: string;
  /** The bucket that keeps the heads of audit chains. */
  auditBucket: string;
  /** The bucket of backups; none are made without it. */
  backupBucket?: string;
  builds: { project: string; bucket: string; logGroup: string; atOnce: number };
  /** EKS is asked for the endpoint and its authority (PEM) where they are not known, or no longer right. */
  cluster: { name: string; known?: { server: string; ca: string } };
  database: {
    host: string;
    port: number;
    secret: string;
    /** Where dedicated database servers are put. */
    dedicated?: { subnetGroup: string; securityGroup: string };
  };
  /** File with the authorities of AWS, those of its databases among them. */
  authorities: string;
  /** Processors that images may be for; of an image for several, the first that it is for counts. */
  architectures: readonly ('arm64' | 'amd64')[];
  /** What one environment may ask for. */
  quota: { cpu: number; memoryBytes: number; pods: number; storageBytes: number };
  /** Workloads are served under this domain. */
  apps: { domain: string; scheme: 'http' | 'https' };
  /** Of Redis servers; there are none without it. */
  redisImage?: string;
  /** ARN of the policy that bounds the IAM users of buckets and queues; there are none without it. */
  keyBoundary?: string;
  /** The sender and the domains of recipients of e-mail; none is sent without it. */
  mail?: { from: string; domains: string[] };
  /** The GitHub App: `secret` names a secret with its private key and what its webhook signs with. */
  githubApp?: { id: string; secret: string; api: string };
  /** Where secrets are that projects may refer to. */
  sources: { aws: boolean; vault?: { address: string; namespace?: string; login: VaultSignIn } };
  /** The private networks that workloads may reach. */
  network: { egressCidrs: string[]; resolverCidrs: string[] };
  identity: {
    issuer: string;
    /** The audiences of bearer tokens. */
    audience: string[];
    rules: { administrator?: string; administratorGroup?: string; groupsClaim?: string };
    /** The address at which people reach Berth; absent without a domain. */
    origin?: string;
    /** The console's client. `secret` names a secret. */
    client?: { id: string; secret?: string; terminal?: string };
  };
}

/** @throws z.ZodError when the settings of the stacks do not fit these functions */
export function readAwsConfig(environment: Record<string, string | undefined>): AwsConfig {
  const values = schema.parse(environment);
  const [cpu, memoryGib, pods, storageGib] = values.BERTH_QUOTA;
  const stepFunctions = values.BERTH_STEP_FUNCTIONS;
  return {
    name: values.BERTH_NAME,
    dnsSuffix: values.BERTH_DNS_SUFFIX,
    region: values.AWS_REGION,
    account: values.BERTH_ACCOUNT,
    table: values.BERTH_TABLE,
    stateMachinePrefix: values.BERTH_STATE_MACHINE_PREFIX,
    ...(stepFunctions && {
      stepFunctions: { workloads: stepFunctions[0], resources: stepFunctions[1], builds: stepFunctions[2] },
    }),
    logGroup: values.BERTH_LOG_GROUP,
    outputLogGroup: values.BERTH_OUTPUT_LOG_GROUP,
    auditBucket: values.BERTH_AUDIT_BUCKET,
    ...(values.BERTH_BACKUP_BUCKET !== undefined && { backupBucket: values.BERTH_BACKUP_BUCKET }),
    ...(values.BERTH_REDIS_IMAGE !== undefined && { redisImage: values.BERTH_REDIS_IMAGE }),
    ...(values.BERTH_KEY_BOUNDARY !== undefined && { keyBoundary: values.BERTH_KEY_BOUNDARY }),
    builds: {
      project: values.BERTH_BUILD_PROJECT,
      bucket: values.BERTH_BUILD_BUCKET,
      logGroup: values.BERTH_BUILD_LOG_GROUP,
      atOnce: values.BERTH_BUILDS_AT_ONCE,
    },
    cluster: {
      name: values.BERTH_CLUSTER,
      ...(values.BERTH_CLUSTER_ENDPOINT !== undefined && {
        known: {
          server: values.BERTH_CLUSTER_ENDPOINT,
          ca: Buffer.from(values.BERTH_CLUSTER_CA, 'base64').toString('utf8'),
        },
      }),
    },
    database: {
      host: values.BERTH_DATABASE_HOST,
      port: values.BERTH_DATABASE_PORT,
      secret: values.BERTH_DATABASE_SECRET,
      ...(values.BERTH_DEDICATED_SUBNETS !== undefined && {
        dedicated: {
          subnetGroup: values.BERTH_DEDICATED_SUBNETS,
          securityGroup: values.BERTH_DEDICATED_SECURITY_GROUP,
        },
      }),
    },
    authorities: values.NODE_EXTRA_CA_CERTS,
    architectures: values.BERTH_ARCHITECTURES,
    quota: { cpu, memoryBytes: memoryGib * GIB, pods, storageBytes: storageGib * GIB },
    apps: { domain: values.BERTH_APPS_DOMAIN, scheme: values.BERTH_APPS_SCHEME },
    ...(values.BERTH_MAIL_FROM !== undefined && {
      mail: { from: values.BERTH_MAIL_FROM, domains: values.BERTH_MAIL_DOMAINS ?? [] },
    }),
    ...githubAppOf(values),
    sources: sourcesOf(values),
    network: {
      egressCidrs: values.BERTH_EGRESS_CIDRS,
      resolverCidrs: [`${values.BERTH_CLUSTER_RESOLVER}/32`],
    },
    identity: identityOf(values),
  };
}

function githubAppOf(values: z.output<typeof schema>): Pick<AwsConfig, 'githubApp'> {
  const { BERTH_GITHUB_APP_ID: id, BERTH_GITHUB_APP_SECRET: secret } = values;
  const api = values.BERTH_GITHUB_APP_API ?? 'https://api.github.com';
  return id !== undefined && secret !== undefined ? { githubApp: { id, secret, api } } : {};
}

function sourcesOf(values: z.output<typeof schema>): AwsConfig['sources'] {
  const { BERTH_VAULT: address, BERTH_VAULT_LOGIN: token, BERTH_VAULT_NAMESPACE: namespace } = values;
  const { BERTH_VAULT_ROLE: role, BERTH_VAULT_AUTH: mount = 'aws' } = values;
  const login = token !== undefined ? { token } : role !== undefined && { role, mount };
  const vault = address !== undefined && login && { address, login };
  return {
    aws: values.BERTH_SECRET_SOURCES !== undefined,
    ...(vault && { vault: { ...vault, ...(namespace !== undefined && { namespace }) } }),
  };
}

function identityOf(values: z.output<typeof schema>): AwsConfig['identity'] {
  const id = values.BERTH_CLIENT_ID;
  return {
    issuer: values.BERTH_ISSUER,
    audience: values.BERTH_AUDIENCE,
    rules: {
      ...(values.BERTH_ADMINISTRATOR !== undefined && { administrator: values.BERTH_ADMINISTRATOR }),
      ...(values.BERTH_ADMINISTRATOR_GROUP !== undefined && {
        administratorGroup: values.BERTH_ADMINISTRATOR_GROUP,
      }),
      ...(values.BERTH_GROUPS_CLAIM !== undefined && { groupsClaim: values.BERTH_GROUPS_CLAIM }),
    },
    ...(values.BERTH_URL !== undefined && { origin: values.BERTH_URL }),
    ...(id !== undefined && {
      client: {
        id,
        ...(values.BERTH_CLIENT_SECRET !== undefined && { secret: values.BERTH_CLIENT_SECRET }),
        ...(values.BERTH_TERMINAL_CLIENT_ID !== undefined && { terminal: values.BERTH_TERMINAL_CLIENT_ID }),
      },
    }),
  };
}
