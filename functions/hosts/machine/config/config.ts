/** Reads the settings from the environment, once. */
import { resolve } from 'node:path';
import * as z from 'zod';
import {
  type ClusterConfig,
  type PlacesConfig,
  readClusterConfig,
  readPlacesConfig,
  redisImage,
} from './config-cluster.ts';
import { type DomainsConfig, readDomainsConfig } from './config-domains.ts';
import { type GitHubAppConfig, readGitHubAppConfig } from './config-github-app.ts';
import { type IdentityConfig, readIdentityConfig } from './config-identity.ts';
import { type MailConfig, readMailConfig } from './config-mail.ts';
import { ConfigError, parseSettings } from './config-parse.ts';
import { readVaultConfig, type VaultConfig } from './config-vault.ts';

export type { ClusterConfig, PlacesConfig } from './config-cluster.ts';
export type { IdentityConfig } from './config-identity.ts';
export { ConfigError } from './config-parse.ts';

/** A number as people write it: `Number` alone would take "", "0x10" and "1e3" as well. */
const numberFrom = (min: number, max: number, pattern: RegExp) =>
  z
    .string()
    .refine((text) => pattern.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a number from ${min} to ${max}`,
    })
    .transform(Number);

const ORIGIN = /^https?:\/\/[a-z0-9.-]{1,253}(?::\d{1,5})?$/;

const origins = (example: string) =>
  z
    .string()
    .transform((text) => text.split(','))
    .refine((list) => list.every((origin) => ORIGIN.test(origin)), {
      error: `must be addresses without a path, separated by commas, such as ${example}`,
    });

const HOST_PORT = /^(?:[a-z0-9_.-]{1,253}|[0-9a-f:]{2,45}(?=:)):\d{1,5}$/;

const hostPorts = (example: string) =>
  z
    .string()
    .transform((text) => text.split(','))
    .refine((list) => list.every((one) => HOST_PORT.test(one)), {
      error: `must be hosts with their ports, separated by commas, such as ${example}`,
    });

/** Has both `redis-server` and a licence of the Open Source Initiative's. */
const REDIS_IMAGE = 'docker.io/library/redis:7.2.11';

const schema = z.object({
  BERTH_PORT: numberFrom(0, 65535, /^\d{1,5}$/).default(4600),
  BERTH_HOST: z.string().default('127.0.0.1'),
  BERTH_URL: z
    .string()
    .regex(ORIGIN, 'must be an address without a path, such as https://berth.example.com')
    .optional(),
  BERTH_DATA_DIR: z.string().default('.berth'),
  BERTH_TRUSTED_ISSUERS: origins('http://gitlab.internal').optional(),
  BERTH_TRUSTED_RECEIVERS: origins('http://localhost:8080').optional(),
  BERTH_TRUSTED_DATABASES: hostPorts('10.0.0.5:5432').optional(),
  BERTH_ACCEPT_LOSS: z.enum(['0', '1'], { error: 'must be 0 or 1' }).default('0'),
  DOCKER_HOST: z.string().optional(),
  BERTH_REDIS_IMAGE: redisImage.default(REDIS_IMAGE),
  BERTH_CONTAINERS: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  BERTH_PROCESSES: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  BERTH_DEMO: z.enum(['0', '1'], { error: 'must be 0 or 1' }).default('1'),
  BERTH_SWEEP_SECONDS: numberFrom(0.1, 3600, /^\d{1,4}(\.\d{1,3})?$/).default(1),
});

export interface LocalConfig {
  /** 0 lets the system choose a port. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** An absolute path. */
  dataDirectory: string;
  demo: boolean;
  /** Goes on where records are missing that should be there; false where absent. */
  acceptLoss?: boolean;
  sweepSeconds: number;
  /**
   * Images that have an operating system run in containers of the engine at `host`, or of the one that is found; all do
   * where `all` is set. As processes where undefined.
   */
  containers?: { host?: string; all?: boolean };
  /** Of Redis servers, where they run in containers of this machine. */
  redisImage?: string;
  /** The cluster in which workloads run; undefined where they run on this machine. */
  cluster?: ClusterConfig;
  /** Clusters that may be places beside the installation's own; none may where undefined. */
  places?: PlacesConfig;
  /**
   * The address at which browsers reach Berth, without a slash at its end; `http://localhost:<port>` where undefined.
   */
  url?: string;
  /** Origins of issuers of pipelines' tokens that may use plain http and have private addresses. */
  trustedIssuers?: string[];
  /** Origins of receivers of events that may use plain http and have private addresses. */
  trustedReceivers?: string[];
  /** Database servers, as `10.0.0.5:5432`, that data may be imported from and that may have private addresses. */
  trustedDatabases?: string[];
  /** Domains of customers; as by default where absent. */
  domains?: DomainsConfig;
  /** The mail server; no e-mail is sent where undefined. */
  mail?: MailConfig;
  /** The GitHub App; services are connected by tokens alone where undefined. */
  githubApp?: GitHubAppConfig;
  /** Where secrets are that are kept in Vault. */
  vault?: VaultConfig;
  /** An identity provider that takes the place of the built-in one. */
  identity?: IdentityConfig;
}

/** An empty variable is one that is not set. @throws ConfigError naming the variable and what it may be */
export function readConfig(environment: Record<string, string | undefined>): LocalConfig {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  ) as Record<string, string>;
  const values = parseSettings(schema, given);
  if (values.BERTH_PROCESSES === 'off' && values.BERTH_CONTAINERS === 'off')
    throw new ConfigError('BERTH_PROCESSES and BERTH_CONTAINERS can not both be off: nothing would run.');
  const cluster = readClusterConfig(given);
  const places = readPlacesConfig(given);
  const identity = readIdentityConfig(given);
  const vault = readVaultConfig(given);
  const domains = readDomainsConfig(given);
  const mail = readMailConfig(given);
  const githubApp = readGitHubAppConfig(given);
  if (cluster && domains.acme && !cluster.activator)
    throw new ConfigError(
      'BERTH_ACME_DIRECTORY can not be used with BERTH_KUBECONFIG unless BERTH_ACTIVATOR is set: in a cluster the activator answers the authority.',
    );
  return {
    port: values.BERTH_PORT,
    host: values.BERTH_HOST,
    dataDirectory: resolve(values.BERTH_DATA_DIR),
    // The demo is built on this machine, and images built here do not run on a cluster.
    demo: values.BERTH_DEMO === '1' && !cluster,
    sweepSeconds: values.BERTH_SWEEP_SECONDS,
    redisImage: values.BERTH_REDIS_IMAGE,
    ...(values.BERTH_ACCEPT_LOSS === '1' && { acceptLoss: true }),
    ...(values.BERTH_CONTAINERS === 'on' && {
      containers: {
        ...(values.DOCKER_HOST && { host: values.DOCKER_HOST }),
        ...(values.BERTH_PROCESSES === 'off' && { all: true }),
      },
    }),
    ...(cluster && { cluster }),
    ...(places && { places }),
    ...(values.BERTH_URL !== undefined && { url: values.BERTH_URL }),
    ...(identity && { identity }),
    ...(mail && { mail }),
    ...(githubApp && { githubApp }),
    ...(vault && { vault }),
    ...(Object.keys(domains).length > 0 && { domains }),
    ...(values.BERTH_TRUSTED_ISSUERS && { trustedIssuers: values.BERTH_TRUSTED_ISSUERS }),
    ...(values.BERTH_TRUSTED_RECEIVERS && { trustedReceivers: values.BERTH_TRUSTED_RECEIVERS }),
    ...(values.BERTH_TRUSTED_DATABASES && { trustedDatabases: values.BERTH_TRUSTED_DATABASES }),
  };
}
