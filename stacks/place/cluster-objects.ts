/**
 * What Berth needs in its cluster beside what EKS Auto Mode brings: typed objects, which a function applies while the
 * stacks are deployed.
 */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1Namespace,
  V1PodDisruptionBudget,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V1StorageClass,
} from '@kubernetes/client-node';
import { clusterRoleRules, tokenReviews } from '../../functions/adapters/kubernetes/api/cluster-role.ts';
import { type ActivatorObjectsOptions, activatorObjects } from './activator-objects.ts';
import { type GatewayObjectsOptions, gatewayObjects } from './gateway-objects.ts';
import { type LogAgentObjectsOptions, logAgentObjects } from './log-agent-objects.ts';

/** Karpenter's, as EKS Auto Mode has it. */
interface NodePool {
  spec: {
    template: {
      spec: {
        nodeClassRef: { group: string; kind: string; name: string };
        requirements: { key: string; operator: 'In'; values: string[] }[];
      };
    };
    limits: { cpu: string };
    disruption: { consolidationPolicy: 'WhenEmptyOrUnderutilized'; consolidateAfter: string };
  };
}

/** As Gateway API has it; the HTTPRoute is the platform's own, which leads elsewhere. */
interface Gateway {
  spec: {
    gatewayClassName: string;
    listeners: {
      name: string;
      port: number;
      protocol: 'HTTP';
      allowedRoutes: { namespaces: { from: 'All' | 'Same' } };
    }[];
  };
}

interface RedirectRoute {
  spec: {
    parentRefs: { name: string; sectionName: string }[];
    rules: {
      filters: {
        type: 'RequestRedirect';
        requestRedirect: { scheme: 'https'; port: number; statusCode: 301 };
      }[];
    }[];
  };
}

/** As it is sent: the official types have another name for `from`. */
interface NetworkPolicy {
  spec: {
    podSelector: { matchLabels: Record<string, string> };
    policyTypes: ['Ingress'];
    ingress: {
      from: { namespaceSelector: { matchLabels: Record<string, string> } }[];
      ports: { port: number; protocol: 'TCP' }[];
    }[];
  };
}

type Named<Kind extends string, Version extends string, T> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion: Version;
  kind: Kind;
  metadata: {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
  };
};

export type ClusterObject =
  | Named<'NodePool', 'karpenter.sh/v1', NodePool>
  | Named<'Namespace', 'v1', V1Namespace>
  | Named<'ServiceAccount', 'v1', V1ServiceAccount>
  | Named<'Service', 'v1', V1Service>
  | Named<'Deployment', 'apps/v1', V1Deployment>
  | Named<'DaemonSet', 'apps/v1', V1DaemonSet>
  | Named<'NetworkPolicy', 'networking.k8s.io/v1', NetworkPolicy>
  | Named<'PodDisruptionBudget', 'policy/v1', V1PodDisruptionBudget>
  | Named<'Role', 'rbac.authorization.k8s.io/v1', V1Role>
  | Named<'RoleBinding', 'rbac.authorization.k8s.io/v1', V1RoleBinding>
  | Named<'GatewayClass', 'gateway.networking.k8s.io/v1', { spec: { controllerName: string } }>
  | Named<'Gateway', 'gateway.networking.k8s.io/v1', Gateway>
  | Named<'HTTPRoute', 'gateway.networking.k8s.io/v1', RedirectRoute>
  | Named<'StorageClass', 'storage.k8s.io/v1', V1StorageClass>
  | Named<'ConfigMap', 'v1', V1ConfigMap>
  | Named<'ClusterRole', 'rbac.authorization.k8s.io/v1', V1ClusterRole>
  | Named<'ClusterRoleBinding', 'rbac.authorization.k8s.io/v1', V1ClusterRoleBinding>;

export interface ClusterObjectsOptions {
  /** The name of the installation, which the objects have too. */
  name: string;
  /** Whether the cluster is Berth's alone, so that volumes are of its class. */
  isNew: boolean;
  architectures: string[];
  /** The most CPUs of all nodes together. */
  nodesCpu: number;
  gateway: Omit<GatewayObjectsOptions, 'name' | 'readers'>;
  activator: Pick<ActivatorObjectsOptions, 'image' | 'url' | 'program'>;
  logAgent: Omit<LogAgentObjectsOptions, 'name'>;
}

/** The groups that access entries put functions into. */
export const groupsOf = (name: string) => ({
  writers: `berth:${name}:writers`,
  readers: `berth:${name}:readers`,
});

const READ = ['get', 'list', 'watch'];

/** The API looks at the activator's token beside. */
const readerRules = (): V1PolicyRule[] => [
  ...clusterRoleRules
    .map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => READ.includes(verb)) }))
    .filter(({ verbs }) => verbs.length > 0),
  tokenReviews,
];

/** In the order in which they are made. */
export function clusterObjects(options: ClusterObjectsOptions): ClusterObject[] {
  const { name, isNew } = options;
  const metadata = { name };
  const { writers, readers } = groupsOf(name);
  return [
    {
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodePool',
      metadata,
      spec: {
        template: {
          spec: {
            // Made by EKS with its own pools; enforces network policies.
            nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'default' },
            requirements: [
              { key: 'kubernetes.io/arch', operator: 'In', values: options.architectures },
              { key: 'eks.amazonaws.com/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
              { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
            ],
          },
        },
        limits: { cpu: String(options.nodesCpu) },
        disruption: { consolidationPolicy: 'WhenEmptyOrUnderutilized', consolidateAfter: '2m' },
      },
    },
    // Without this switch EKS Auto Mode takes network policies and enforces none.
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'amazon-vpc-cni', namespace: 'kube-system' },
      data: { 'enable-network-policy-controller': 'true' },
    },
    // Workloads ask for volumes without naming a class. An existing cluster has a default of its own.
    ...(isNew ? [storageClass(name)] : []),
    ...gatewayObjects({ name, readers: [writers, readers], ...options.gateway }),
    ...activatorObjects({ name, ...options.activator }),
    ...logAgentObjects({ name, ...options.logAgent }),
    ...roleOf(name, writers, clusterRoleRules),
    ...roleOf(`${name}-reader`, readers, readerRules()),
  ];
}

const storageClass = (name: string): ClusterObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'ebs.csi.eks.amazonaws.com',
  volumeBindingMode: 'WaitForFirstConsumer',
  parameters: { type: 'gp3', encrypted: 'true' },
});

/** Rights as they were measured, bound to the group that access entries name. */
const roleOf = (name: string, group: string, rules: V1PolicyRule[]): ClusterObject[] => [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
  },
];
