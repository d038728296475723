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
  /** IngressClass; the cluster's default one where undefined. */
  ingressClass?: string;
  /** Annotations for the ingress controller, from the platform team alone. */
  ingressAnnotations: Record<string, string>;
  network: NetworkOptions;
  quota: QuotaOptions;
  /** StorageClass of volumes; the cluster's default one where undefined. */
  storageClass?: string;
  /** User and group of containers whose image names root, nobody, or a name instead of a number; not root. */
  user: number;
  /** Whether nodes are of several architectures, so that pods have to say which they are for. */
  mixedNodes: boolean;
}

export interface NetworkOptions {
  /** Namespaces that the ingress controller runs in. */
  ingressNamespaces: string[];
  /** Networks that the ingress controller's requests come from, where it is no pod (an AWS load balancer). */
  ingressCidrs: string[];
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
  ingressAnnotations: {},
  network: {
    ingressNamespaces: ['ingress-nginx'],
    ingressCidrs: [],
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
} as const satisfies Omit<RenderOptions, 'domain'>;
