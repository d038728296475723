/**
 * What Berth needs in its cluster beside what EKS Auto Mode brings: typed objects, which a function applies while the
 * stacks are deployed.
 */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1IngressClass,
  V1PolicyRule,
  V1StorageClass,
} from '@kubernetes/client-node';
import { clusterRoleRules } from '../../functions/adapters/kubernetes/api/cluster-role.ts';

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

/** Of the load balancer controller of EKS Auto Mode. */
interface IngressClassParams {
  spec: {
    scheme: 'internet-facing';
    group: { name: string };
    certificateARNs?: string[];
    subnets?: { ids: string[] };
    tags: { key: string; value: string }[];
  };
}

type Named<Kind extends string, Version extends string, T> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion: Version;
  kind: Kind;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
};

export type ClusterObject =
  | Named<'NodePool', 'karpenter.sh/v1', NodePool>
  | Named<'IngressClassParams', 'eks.amazonaws.com/v1', IngressClassParams>
  | Named<'IngressClass', 'networking.k8s.io/v1', V1IngressClass>
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
  /** ARN of the certificate of workloads. */
  certificate?: string | undefined;
  /** Subnets of load balancers that have no tags by which they would be found. */
  publicSubnets?: readonly string[] | undefined;
}

/** The groups that access entries put functions into. */
export const groupsOf = (name: string) => ({
  writers: `berth:${name}:writers`,
  readers: `berth:${name}:readers`,
});

/** Who asks which target groups are an environment's. */
const targetGroups: V1PolicyRule = {
  apiGroups: ['eks.amazonaws.com'],
  resources: ['targetgroupbindings'],
  verbs: ['get', 'list'],
};
const READ = ['get', 'list', 'watch'];

const readerRules = (): V1PolicyRule[] =>
  clusterRoleRules
    .map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => READ.includes(verb)) }))
    .filter(({ verbs }) => verbs.length > 0);

/** In the order in which they are made. */
export function clusterObjects(options: ClusterObjectsOptions): ClusterObject[] {
  const { name, isNew, certificate, publicSubnets } = options;
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
    {
      apiVersion: 'eks.amazonaws.com/v1',
      kind: 'IngressClassParams',
      metadata,
      spec: {
        scheme: 'internet-facing',
        group: { name },
        ...(certificate !== undefined && { certificateARNs: [certificate] }),
        ...(publicSubnets !== undefined && { subnets: { ids: [...publicSubnets] } }),
        tags: [{ key: 'berth', value: 'load-balancer' }],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata,
      spec: {
        controller: 'eks.amazonaws.com/alb',
        parameters: { apiGroup: 'eks.amazonaws.com', kind: 'IngressClassParams', name },
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
    ...roleOf(name, writers, [...clusterRoleRules, targetGroups]),
    ...roleOf(`${name}-reader`, readers, [...readerRules(), targetGroups]),
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
