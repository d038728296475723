/** The Kubernetes objects that Berth writes, by the types of the official client. Types only: nothing is loaded. */
import type {
  V1ConfigMap,
  V1Deployment,
  V1Job,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudget,
  V1ResourceQuota,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { GatewaySpec, HttpRouteSpec, ReferenceGrantSpec } from './gateway-api.ts';

/** Kind, version and a name are there; everything else is as in the official types. */
type Named<T, K extends string, V extends string> = Omit<T, 'apiVersion' | 'kind' | 'metadata' | 'status'> & {
  apiVersion: V;
  kind: K;
  metadata: ObjectMetadata;
};

/** The part of an object's metadata that Berth declares. */
export interface ObjectMetadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** It goes with any of these, also where it is made after that has gone. */
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string }[];
  uid?: string;
  resourceVersion?: string;
}

export type NamespaceObject = Named<V1Namespace, 'Namespace', 'v1'>;
export type QuotaObject = Named<V1ResourceQuota, 'ResourceQuota', 'v1'>;
export type LimitRangeObject = Named<V1LimitRange, 'LimitRange', 'v1'>;
export type NetworkPolicyObject = Named<V1NetworkPolicy, 'NetworkPolicy', 'networking.k8s.io/v1'>;
export type DeploymentObject = Named<V1Deployment, 'Deployment', 'apps/v1'>;
export type ServiceObject = Named<V1Service, 'Service', 'v1'>;
export type HttpRouteObject = Named<{ spec: HttpRouteSpec }, 'HTTPRoute', 'gateway.networking.k8s.io/v1'>;
export type GatewayObject = Named<{ spec: GatewaySpec }, 'Gateway', 'gateway.networking.k8s.io/v1'>;
export type ReferenceGrantObject = Named<
  { spec: ReferenceGrantSpec },
  'ReferenceGrant',
  'gateway.networking.k8s.io/v1beta1'
>;
export type AutoscalerObject = Named<V2HorizontalPodAutoscaler, 'HorizontalPodAutoscaler', 'autoscaling/v2'>;
export type DisruptionBudgetObject = Named<V1PodDisruptionBudget, 'PodDisruptionBudget', 'policy/v1'>;
export type ServiceAccountObject = Named<V1ServiceAccount, 'ServiceAccount', 'v1'>;
export type SecretObject = Named<V1Secret, 'Secret', 'v1'>;
export type ConfigMapObject = Named<V1ConfigMap, 'ConfigMap', 'v1'>;
export type VolumeClaimObject = Named<V1PersistentVolumeClaim, 'PersistentVolumeClaim', 'v1'>;
export type JobObject = Named<V1Job, 'Job', 'batch/v1'>;

export type KubernetesObject =
  | NamespaceObject
  | QuotaObject
  | LimitRangeObject
  | NetworkPolicyObject
  | DeploymentObject
  | ServiceObject
  | HttpRouteObject
  | GatewayObject
  | ReferenceGrantObject
  | AutoscalerObject
  | DisruptionBudgetObject
  | ServiceAccountObject
  | SecretObject
  | ConfigMapObject
  | VolumeClaimObject
  | JobObject;

export type Kind = KubernetesObject['kind'];
