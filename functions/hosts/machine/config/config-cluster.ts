/** Settings of a Berth whose workloads run in a cluster. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface RegistryConfig {
  /** The address at which Berth reaches the registry, without a path. */
  url: string;
  /** The prefix of the names of repositories; may be empty. */
  prefix: string;
  /** The beginning of the cluster's references to images: host and prefix. */
  inCluster: string;
  /** Absolute path of a Docker configuration with the registry's credentials. */
  authFile?: string;
}

/** Clusters that can be places beside the installation's own. */
export interface PlacesConfig {
  /** Absolute path; each place names one of its contexts. */
  kubeconfig: string;
  registry: RegistryConfig;
  namespacePrefix: string;
  redisImage?: string;
}

export interface ClusterConfig {
  /**
   * Either the absolute path of a kubeconfig and one of its contexts (the current one where undefined), or the name
   * of an EKS cluster in the account and region of the AWS credentials.
   */
  access: { kind: 'kubeconfig'; path: string; context?: string } | { kind: 'eks'; name: string };
  registry: RegistryConfig;
  /** The domain under which workloads are served, with a port if it is not the scheme's own. */
  domain: string;
  scheme: 'http' | 'https';
  namespacePrefix: string;
  /** The Gateway that routes of workloads are attached to. */
  gateway: { namespace: string; name: string };
  /** Where its proxies are. */
  gatewayNamespaces: string[];
  gatewayCidrs?: string[];
  /** The gateway's pods in the namespace of the Gateway, and where they tell what they counted. */
  gatewayMetrics?: { selector: string; port: number };
  /** The Service of the activator, which has the requests of environments that sleep. */
  activator?: { namespace: string; name: string; port: number };
  egressCidrs?: string[];
  /** An image of Traefik 3, by which the network is tried. */
  probeImage?: string;
  /** An image of Redis or Valkey: those of resources are made of it. */
  redisImage?: string;
  storageClass?: string;
  /** The administrator's connection to the PostgreSQL server that holds the workloads' databases. */
  postgresUrl?: string;
}

/** Values separated by commas; none where the text is empty. */
const list = (pattern: RegExp, what: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => pattern.test(part)), {
      error: `must be ${what}, separated by commas`,
    });

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const GATEWAY = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;
const ACTIVATOR =
  /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):(\d{1,5})$/;
const IMAGE = /^[\w.:-]+(\/[\w.-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;
const METRICS = /^([A-Za-z0-9][\w./-]*=[A-Za-z0-9][\w.-]*):(\d{1,5})$/;
const CIDR = /^[0-9a-f.:]+\/\d{1,3}$/;
/** `registry.example.com/berth`, with `http://` before it where the registry has no TLS. */
const REGISTRY = /^(?:(https?):\/\/)?([A-Za-z0-9.-]+(?::\d{1,5})?)((?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)$/;
const DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::\d{1,5})?$/;
const registry = z.string().regex(REGISTRY, 'must be a host and a path, such as registry.example.com/berth');

/** It goes with the container engine of a machine too. */
export const redisImage = z
  .string()
  .regex(IMAGE, 'must be an image of Redis or Valkey, such as docker.io/library/redis:7.2.11')
  .optional();

const schema = z.object({
  BERTH_KUBECONFIG: z.string().optional(),
  BERTH_KUBE_CONTEXT: z.string().optional(),
  BERTH_PLACES_KUBECONFIG: z.string().optional(),
  BERTH_EKS_CLUSTER: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'must be the name of an EKS cluster')
    .optional(),
  BERTH_REGISTRY: registry.optional(),
  BERTH_REGISTRY_IN_CLUSTER: registry.optional(),
  BERTH_REGISTRY_AUTH: z.string().optional(),
  BERTH_APPS_DOMAIN: z
    .string()
    .max(180)
    .regex(DOMAIN, 'must be a domain in lower case, such as apps.example.com')
    .default('localhost'),
  BERTH_APPS_SCHEME: z.enum(['http', 'https'], { error: 'must be http or https' }).optional(),
  BERTH_NAMESPACE_PREFIX: z
    .string()
    .max(20)
    .regex(LABEL, 'must be a DNS label of at most 20')
    .default('berth'),
  BERTH_GATEWAY: z
    .string()
    .regex(GATEWAY, 'must be the namespace and the name of a Gateway, such as berth-gateway/berth')
    .default('berth-gateway/berth'),
  BERTH_GATEWAY_NAMESPACES: list(LABEL, 'namespaces').optional(),
  BERTH_GATEWAY_METRICS: z
    .string()
    .regex(METRICS, 'must be a label and a port, such as app.kubernetes.io/name=traefik:9100')
    .optional(),
  BERTH_ACTIVATOR: z
    .string()
    .regex(
      ACTIVATOR,
      'must be the namespace, the name and the port of a Service, such as berth-gateway/activator:80',
    )
    .optional(),
  BERTH_GATEWAY_CIDRS: list(CIDR, 'networks such as 10.0.0.0/16').optional(),
  BERTH_EGRESS_CIDRS: list(CIDR, 'networks such as 10.0.0.0/16').optional(),
  BERTH_PROBE_IMAGE: z
    .string()
    .regex(IMAGE, 'must be an image of Traefik 3, such as docker.io/library/traefik:v3.7')
    .optional(),
  BERTH_REDIS_IMAGE: redisImage,
  BERTH_STORAGE_CLASS: z.string().optional(),
  BERTH_POSTGRES_URL: z.string().optional(),
});

/** @throws ConfigError */
export function readClusterConfig(given: Record<string, string>): ClusterConfig | undefined {
  if (given.BERTH_KUBECONFIG === undefined && given.BERTH_EKS_CLUSTER === undefined) {
    const others = given.BERTH_PLACES_KUBECONFIG === undefined ? [] : OF_PLACES;
    const stray = Object.keys(schema.shape).find(
      (name) => given[name] !== undefined && name !== 'BERTH_REDIS_IMAGE' && !others.includes(name),
    );
    if (stray === undefined) return undefined;
    throw new ConfigError(
      `${stray} can not be used: it goes with a cluster, and neither BERTH_KUBECONFIG nor BERTH_EKS_CLUSTER is set.`,
    );
  }
  const values = parseSettings(schema, given);
  if (values.BERTH_REGISTRY === undefined)
    throw new ConfigError(
      'The cluster can not be used: it needs BERTH_REGISTRY, from which it pulls images.',
    );
  const domain = values.BERTH_APPS_DOMAIN;
  const [, gatewayNamespace = '', gatewayName = ''] = GATEWAY.exec(values.BERTH_GATEWAY) ?? [];
  const [, selector = '', metricsPort] = METRICS.exec(values.BERTH_GATEWAY_METRICS ?? '') ?? [];
  const [, activatorNamespace = '', activator = '', activatorPort] =
    ACTIVATOR.exec(values.BERTH_ACTIVATOR ?? '') ?? [];
  const isLocal = /(^|\.)localhost(:\d+)?$/.test(domain);
  return {
    access: accessOf(values),
    registry: registryOf(values, values.BERTH_REGISTRY),
    domain,
    scheme: values.BERTH_APPS_SCHEME ?? (isLocal ? 'http' : 'https'),
    namespacePrefix: values.BERTH_NAMESPACE_PREFIX,
    gateway: { namespace: gatewayNamespace, name: gatewayName },
    gatewayNamespaces: values.BERTH_GATEWAY_NAMESPACES ?? [gatewayNamespace],
    ...(values.BERTH_GATEWAY_METRICS && { gatewayMetrics: { selector, port: Number(metricsPort) } }),
    ...(values.BERTH_ACTIVATOR && {
      activator: { namespace: activatorNamespace, name: activator, port: Number(activatorPort) },
    }),
    ...(values.BERTH_GATEWAY_CIDRS && { gatewayCidrs: values.BERTH_GATEWAY_CIDRS }),
    ...(values.BERTH_EGRESS_CIDRS && { egressCidrs: values.BERTH_EGRESS_CIDRS }),
    ...(values.BERTH_PROBE_IMAGE && { probeImage: values.BERTH_PROBE_IMAGE }),
    ...(values.BERTH_REDIS_IMAGE && { redisImage: values.BERTH_REDIS_IMAGE }),
    ...(values.BERTH_STORAGE_CLASS && { storageClass: values.BERTH_STORAGE_CLASS }),
    ...(values.BERTH_POSTGRES_URL && { postgresUrl: values.BERTH_POSTGRES_URL }),
  };
}

type Values = z.infer<typeof schema>;

function registryOf(values: Values, registryName: string): RegistryConfig {
  const [, scheme = 'https', host = '', path = ''] = REGISTRY.exec(registryName) ?? [];
  const [, , inHost = host, inPath = path] = REGISTRY.exec(values.BERTH_REGISTRY_IN_CLUSTER ?? '') ?? [];
  return {
    url: `${scheme}://${host}`,
    prefix: path.slice(1),
    inCluster: inHost + inPath,
    ...(values.BERTH_REGISTRY_AUTH && { authFile: resolve(values.BERTH_REGISTRY_AUTH) }),
  };
}

/** The settings that go with other places as well as with a cluster. */
const OF_PLACES = [
  'BERTH_PLACES_KUBECONFIG',
  'BERTH_REGISTRY',
  'BERTH_REGISTRY_IN_CLUSTER',
  'BERTH_REGISTRY_AUTH',
  'BERTH_NAMESPACE_PREFIX',
  'BERTH_REDIS_IMAGE',
];

/** The kubeconfig of the installation's own cluster has the other clusters too, unless another one is given. */
export function readPlacesConfig(given: Record<string, string>): PlacesConfig | undefined {
  const kubeconfig = given.BERTH_PLACES_KUBECONFIG ?? given.BERTH_KUBECONFIG;
  if (kubeconfig === undefined) return undefined;
  const values = parseSettings(schema, given);
  if (values.BERTH_REGISTRY === undefined)
    throw new ConfigError(
      'BERTH_PLACES_KUBECONFIG can not be used: it needs BERTH_REGISTRY, from which the clusters pull images.',
    );
  return {
    kubeconfig: resolve(kubeconfig),
    registry: registryOf(values, values.BERTH_REGISTRY),
    namespacePrefix: values.BERTH_NAMESPACE_PREFIX,
    ...(values.BERTH_REDIS_IMAGE && { redisImage: values.BERTH_REDIS_IMAGE }),
  };
}

function accessOf(values: Values): ClusterConfig['access'] {
  const { BERTH_KUBECONFIG: path, BERTH_KUBE_CONTEXT: context, BERTH_EKS_CLUSTER: name } = values;
  if (name === undefined)
    return { kind: 'kubeconfig', path: resolve(path ?? ''), ...(context && { context }) };
  if (path === undefined && context === undefined) return { kind: 'eks', name };
  throw new ConfigError(
    'BERTH_EKS_CLUSTER can not be used: it does not go with a kubeconfig. Give one of the two.',
  );
}
