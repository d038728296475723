/** Where objects are in the API. */
import type { Kind, KubernetesObject } from '../manifests/objects.ts';

const collections: Record<
  Kind | 'Gateway' | 'Pod' | 'ReplicaSet' | 'Event' | 'PodMetrics',
  readonly [string, string]
> = {
  Namespace: ['/api/v1', 'namespaces'],
  ResourceQuota: ['/api/v1', 'resourcequotas'],
  LimitRange: ['/api/v1', 'limitranges'],
  Service: ['/api/v1', 'services'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  Secret: ['/api/v1', 'secrets'],
  ConfigMap: ['/api/v1', 'configmaps'],
  PersistentVolumeClaim: ['/api/v1', 'persistentvolumeclaims'],
  Pod: ['/api/v1', 'pods'],
  Event: ['/api/v1', 'events'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  ReplicaSet: ['/apis/apps/v1', 'replicasets'],
  Job: ['/apis/batch/v1', 'jobs'],
  NetworkPolicy: ['/apis/networking.k8s.io/v1', 'networkpolicies'],
  HTTPRoute: ['/apis/gateway.networking.k8s.io/v1', 'httproutes'],
  ReferenceGrant: ['/apis/gateway.networking.k8s.io/v1beta1', 'referencegrants'],
  Gateway: ['/apis/gateway.networking.k8s.io/v1', 'gateways'],
  HorizontalPodAutoscaler: ['/apis/autoscaling/v2', 'horizontalpodautoscalers'],
  PodDisruptionBudget: ['/apis/policy/v1', 'poddisruptionbudgets'],
  PodMetrics: ['/apis/metrics.k8s.io/v1beta1', 'pods'],
};

export type Collection = keyof typeof collections;

/** All objects of a kind in a namespace; of a Namespace's kind, all there are. */
export function collectionPath(kind: Collection, namespace?: string): string {
  const [base, plural] = collections[kind];
  return namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`;
}

export const objectPath = (kind: Collection, name: string, namespace?: string): string =>
  `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;

export const pathOf = ({ kind, metadata }: KubernetesObject): string =>
  objectPath(kind, metadata.name, metadata.namespace);
