/**
 * Workloads in a Kubernetes cluster. The cluster pulls images from a registry, and databases are on a server that its
 * pods reach; nothing of a workload is on this machine, which may be off while workloads run.
 */
import { readFile } from 'node:fs/promises';
import { createTokenReview } from '../../../adapters/kubernetes/activator/token-review.ts';
import { createGatewayActivity } from '../../../adapters/kubernetes/activity/gateway-activity.ts';
import { unknownActivity } from '../../../adapters/kubernetes/activity/unknown-activity.ts';
import { createKubernetesClient, type KubernetesClient } from '../../../adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../adapters/kubernetes/api/kubeconfig.ts';
import { createKubernetesCaches } from '../../../adapters/kubernetes/caches/caches.ts';
import { execInPod } from '../../../adapters/kubernetes/commands/pod-session.ts';
import { createKubernetesDomains } from '../../../adapters/kubernetes/domains/served-domains.ts';
import { createKubernetesIsolation } from '../../../adapters/kubernetes/isolation/isolation.ts';
import { createKubernetesLogs } from '../../../adapters/kubernetes/logs/logs.ts';
import { defaultRenderOptions } from '../../../adapters/kubernetes/manifests/index.ts';
import { domainName } from '../../../adapters/kubernetes/object-names.ts';
import { createManifests } from '../../../adapters/kubernetes/plain/manifests.ts';
import type { ImageReference } from '../../../adapters/kubernetes/resolved-images.ts';
import { createKubernetesWorkloads } from '../../../adapters/kubernetes/workloads.ts';
import { repositoryName } from '../../../adapters/oci/image.ts';
import { createOciRegistry } from '../../../adapters/oci/registry.ts';
import { readRegistryAuth } from '../../../adapters/oci/registry-auth.ts';
import { createPostgresServer } from '../../../adapters/postgres/postgres-server.ts';
import { Problem } from '../../../core/problem.ts';
import type { Builder } from '../../../ports/builder.ts';
import type { Databases } from '../../../ports/databases.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { Registry } from '../../../ports/registry.ts';
import { type ClusterConfig, ConfigError } from '../config/config.ts';
import type { LocalLog } from '../terminal-log.ts';
import type { Place } from './place.ts';

export interface ClusterOptions {
  config: ClusterConfig;
  /** Whether certificates are ordered for domains of customers: they are served then. */
  hasDomains: boolean;
  effects: Effects;
  /** The logs of operations; those of workloads are in the cluster. */
  logs: Logs;
  log: LocalLog;
}

/** Figures of requests are of this time. */
const OBSERVE_MS = 10_000;

/** The cluster need not be reachable yet. @throws ConfigError | Problem unavailable (a file that can not be used) */
export async function createCluster({
  config,
  hasDomains,
  effects,
  logs,
  log,
}: ClusterOptions): Promise<Place> {
  const client = await clientOf(config, effects, log);
  const render = { ...renderOptions(config), ...(hasDomains && { hasDomains }) };
  const { inCluster } = config.registry;
  const imageReference: ImageReference = (repository, digest) =>
    `${repositoryName(inCluster, repository)}@${digest}`;
  const registry = await registryOf(config, effects);
  const { gatewayMetrics: metrics } = config;
  const activity = metrics && createGatewayActivity({ client, render, metrics, now: effects.now });
  const observing = activity && setInterval(() => void activity.observe(), OBSERVE_MS).unref();
  let served: ReturnType<typeof createKubernetesDomains> | undefined;
  return {
    ports: {
      activity: activity ?? unknownActivity,
      builder: noBuilder,
      caches: createKubernetesCaches({
        client,
        render: { ...defaultRenderOptions, ...render },
        ...(config.redisImage && { image: config.redisImage }),
      }),
      databases: await databasesOf(config.postgresUrl),
      ...((metrics || config.probeImage) && {
        isolation: createKubernetesIsolation({
          client,
          render,
          now: effects.now,
          ...(metrics && { gateway: metrics }),
          ...(config.probeImage && { image: config.probeImage }),
        }),
      }),
      logs: createKubernetesLogs({ client, rest: logs, render }),
      ...(config.activator && {
        wakers: createTokenReview({ client, activator: config.activator, now: effects.now }),
      }),
      manifests: createManifests({
        registry,
        imageReference,
        render: { ...defaultRenderOptions, ...render },
      }),
      registry,
      workloads: createKubernetesWorkloads({
        client,
        registry,
        effects,
        imageReference,
        domain: config.domain,
        scheme: config.scheme,
        render,
        metrics,
        exec: execInPod,
      }),
    },
    ...(render.hasDomains && {
      domains: {
        own: [domainName(config.domain)],
        served(read) {
          served = createKubernetesDomains({
            client,
            render: { ...defaultRenderOptions, ...render, domain: config.domain, scheme: config.scheme },
            read,
            gateway: metrics,
            onError: (error) => log.error('A domain could not be served', error),
          });
          return served;
        },
      },
    }),
    // Requests for workloads go to the cluster's gateway, and never come here.
    serve: (_, fallback) => ({
      request: fallback,
      upgrades: () => false,
      upgrade: (_request, socket) => void socket.destroy(),
      close: () => undefined,
    }),
    // The cluster kept the workloads running.
    resume: async ({ workflows }) => void (await workflows.resume()),
    async close() {
      clearInterval(observing);
      served?.close();
    },
  };
}

async function clientOf(
  { access }: ClusterConfig,
  effects: Effects,
  log: LocalLog,
): Promise<KubernetesClient> {
  if (access.kind === 'kubeconfig') {
    const connection = await loadKubeconfig(access.path, access.context);
    log.info(`Workloads run in the cluster at ${connection.server}`);
    return createKubernetesClient(connection);
  }
  log.info(`Workloads run in the EKS cluster ${access.name}`);
  return (await import('./eks.ts')).createEksClient(access.name, effects);
}

/** The host of an ECR registry: `111122223333.dkr.ecr.eu-west-1.amazonaws.com`. */
const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

async function registryOf({ registry }: ClusterConfig, effects: Effects): Promise<Registry> {
  const { url, prefix, authFile } = registry;
  const { host } = new URL(url);
  const [, account, region] = ECR.exec(host) ?? [];
  if (account !== undefined && region !== undefined && authFile === undefined)
    return (await import('./eks.ts')).createRegistry({ account, region, host, prefix });
  const credentials = authFile === undefined ? undefined : await readRegistryAuth(authFile, host);
  return createOciRegistry({ url, prefix, now: effects.now, ...(credentials && { credentials }) });
}

function renderOptions(config: ClusterConfig) {
  const { gateway, activator, gatewayNamespaces, gatewayCidrs, egressCidrs, storageClass } = config;
  return {
    namespacePrefix: config.namespacePrefix,
    gateway,
    ...(activator && { activator }),
    ...(storageClass && { storageClass }),
    network: {
      ...defaultRenderOptions.network,
      gatewayNamespaces,
      ...(gatewayCidrs && { gatewayCidrs }),
      ...(egressCidrs && { egressCidrs }),
    },
  };
}

const HINT_URL = 'Write it as postgresql://administrator:password@host:5432/postgres?sslmode=verify-full.';

/** @throws ConfigError, which never quotes the URL */
async function databasesOf(text: string | undefined): Promise<Databases> {
  if (text === undefined) return noDatabases;
  const fail = (why: string): never => {
    throw new ConfigError(`BERTH_POSTGRES_URL can not be used: ${why}. ${HINT_URL}`);
  };
  const url = URL.canParse(text) ? new URL(text) : fail('it is not a URL');
  if (!/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '' || url.username === '')
    return fail('it names no server, or no user');
  const mode = url.searchParams.get('sslmode') ?? 'verify-full';
  const authorities = url.searchParams.get('sslrootcert');
  if (mode !== 'verify-full' && mode !== 'disable') return fail('its sslmode is not verify-full or disable');
  const ca =
    authorities === null
      ? undefined
      : await readFile(authorities, 'utf8').catch(() => fail('its sslrootcert can not be read'));
  const [username, password, database] = [url.username, url.password, url.pathname.slice(1)].map(
    decodeURIComponent,
  ) as [string, string, string];
  return createPostgresServer({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    credentials: async () => ({ username, password }),
    ...(mode === 'verify-full' && { tls: ca === undefined ? true : { ca } }),
    ...(database !== '' && { maintenanceDatabase: database }),
  });
}

const withoutServer = async (): Promise<never> => {
  throw new Problem(
    'invalid_resource',
    'A database can not be provided: Berth knows of no PostgreSQL server that the cluster reaches.',
    { hint: 'Start Berth with BERTH_POSTGRES_URL, or leave the resource out of the Score file.' },
  );
};

const noDatabases: Databases = {
  connect: withoutServer,
  endpoint: withoutServer,
  readCopy: withoutServer,
  loadCopy: withoutServer,
  maskCopy: withoutServer,
  close: async () => undefined,
};

const withoutBuilder = async (): Promise<never> => {
  throw new Problem(
    'build_failed',
    'It can not be built here: what is built on this machine holds no operating system, and does not run on a cluster.',
    {
      hint: 'Build the image in CI, push it to the registry, and register it with POST …/versions.',
    },
  );
};

const noBuilder: Builder = {
  saveSource: withoutBuilder,
  openUpload: withoutBuilder,
  hasUpload: async () => false,
  removeSource: async () => undefined,
  dockerfiles: async () => 'this Berth deploys to a cluster, and builds nothing',
  build: withoutBuilder,
};
