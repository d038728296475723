/** What the platform team decides about manifests. Developers decide none of it. */
import { limits } from '../../../core/limits.ts';

/** An image as the cluster pulls it. */
export interface RenderImage {
  /** Repository and digest: `registry.example/berth/demo/web@sha256:...`. */
  reference: string;
  entrypoint: string[];
  cmd: string[];
  /** The image's own user, as it says it. */
  user?: string;
  architecture?: string;
}

export interface RenderOptions {
  /** Tells Berth's namespaces from others; `berth` unless told. */
  namespacePrefix: string;
  /** Workloads are served under it, each at one label: `apps.example.com`. */
  domain: string;
  /** Of the URLs that people use, and what workloads are told of requests from outside. */
  scheme: 'http' | 'https';
  /** The Gateway that routes are attached to. */
  gateway: GatewayOptions;
  /** Has the requests of environments that sleep; without it requests wake none. */
  activator?: ActivatorOptions;
  /** Whether domains of customers are served there. */
  hasDomains?: boolean;
  network: NetworkOptions;
  quota: QuotaOptions;
  /** StorageClass of volumes; the cluster's default one where undefined. */
  storageClass?: string;
  /** User and group of containers whose image names root, nobody, or a name instead of a number; not root. */
  user: number;
  /** Whether nodes are of several architectures, so that pods have to say which they are for. */
  mixedNodes: boolean;
}

export interface GatewayOptions {
  namespace: string;
  name: string;
}

/** The Service of the activator. */
export interface ActivatorOptions {
  namespace: string;
  name: string;
  port: number;
}

export interface NetworkOptions {
  /** Namespaces whose pods bring requests from outside: the gateway's. */
  gatewayNamespaces: string[];
  /** Networks that requests from outside come from, where the gateway is no pod or uses the network of its node. */
  gatewayCidrs: string[];
  /** Where names are resolved, where it is no pod: EKS Auto Mode answers at an address of a Service without pods. */
  resolverCidrs: string[];
  /** Private networks that workloads may reach: a database's subnets. */
  egressCidrs: string[];
  /** Whether workloads may reach public addresses. */
  internet: boolean;
}

/** Of one environment, all its services together. */
export interface QuotaOptions {
  cpu: number;
  memoryBytes: number;
  pods: number;
  storageBytes: number;
  /** What containers write to disks of their nodes: logs, layers and directories that end with the pod. */
  ephemeralBytes: number;
}

const GIB = 1024 ** 3;

/** Memory of a container that names no limit. */
export const DEFAULT_MEMORY_LIMIT = GIB / 2;

export const defaultRenderOptions = {
  namespacePrefix: 'berth',
  scheme: 'https',
  gateway: { namespace: 'berth-gateway', name: 'berth' },
  network: {
    gatewayNamespaces: ['berth-gateway'],
    gatewayCidrs: [],
    resolverCidrs: [],
    egressCidrs: [],
    internet: true,
  },
  quota: {
    cpu: 16,
    memoryBytes: 32 * GIB,
    pods: 60,
    storageBytes: 100 * GIB,
    ephemeralBytes: 60 * limits.ephemeralStorage.value,
  },
  user: 1000,
  mixedNodes: false,
} satisfies Omit<RenderOptions, 'domain'>;
