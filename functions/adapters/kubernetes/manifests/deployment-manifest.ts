/** Deployment, and what makes it scale and stay up. */
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { serviceName } from '../object-names.ts';
import { instanceLabels, numberLabels, ownerAnnotations, selectorLabels } from './labels.ts';
import type {
  AutoscalerObject,
  DeploymentObject,
  DisruptionBudgetObject,
  ObjectMetadata,
} from './objects.ts';
import type { RenderOptions } from './options.ts';
import { type RenderImages, renderPod, volumeLabels } from './pod-manifest.ts';

export function renderDeployment(
  spec: WorkloadSpec,
  images: RenderImages,
  metadata: Pick<ObjectMetadata, 'namespace'>,
  options: RenderOptions,
): DeploymentObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...metadata,
      name: serviceName(spec),
      labels: numberLabels(spec),
      annotations: ownerAnnotations(spec),
    },
    spec: {
      replicas: spec.replicas,
      revisionHistoryLimit: 2,
      minReadySeconds: spec.minReadySeconds,
      progressDeadlineSeconds: Math.max(1, Math.ceil(spec.progressDeadlineSeconds)),
      selector: { matchLabels: selectorLabels(spec) },
      strategy:
        spec.strategy === 'recreate'
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template: {
        // Only what the deployment's number decides: applying the same number again keeps its pods.
        metadata: {
          labels: { ...numberLabels(spec), ...selectorLabels(spec), ...volumeLabels(spec.containers) },
        },
        spec: renderPod(spec, images, options),
      },
    },
  };
}

/** Above this share of the requested processor time, replicas are added. */
const CPU_TARGET_PERCENT = 70;

export function renderAutoscaler(
  spec: WorkloadSpec,
  metadata: Pick<ObjectMetadata, 'namespace'>,
): AutoscalerObject[] {
  const maxReplicas = spec.maxReplicas ?? spec.replicas;
  if (maxReplicas <= spec.replicas) return [];
  const name = serviceName(spec);
  return [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { ...metadata, name, labels: instanceLabels(spec) },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: spec.replicas,
        maxReplicas,
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: CPU_TARGET_PERCENT },
            },
          },
        ],
      },
    },
  ];
}

/** Nodes are drained one replica at a time; replicas that do not work hold up no drain. */
export function renderDisruptionBudget(
  spec: WorkloadSpec,
  metadata: Pick<ObjectMetadata, 'namespace'>,
): DisruptionBudgetObject[] {
  if (spec.replicas < 2) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { ...metadata, name: serviceName(spec), labels: instanceLabels(spec) },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selectorLabels(spec) },
      },
    },
  ];
}
