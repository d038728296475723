/** Deployment, and what makes it scale and stay up. */
import { canonicalJson } from '../../../core/canonical-json.ts';
import type { InstanceRef } from '../../../core/model/index.ts';
import { shortHash } from '../../../core/names.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { deploymentName, serviceName } from '../object-names.ts';
import {
  CONTENT_ANNOTATION,
  instanceLabels,
  numberLabels,
  ownerAnnotations,
  SERVING_ANNOTATION,
  selectorLabels,
  type Track,
} from './labels.ts';
import type {
  AutoscalerObject,
  DeploymentObject,
  DisruptionBudgetObject,
  ObjectMetadata,
} from './objects.ts';
import type { RenderOptions } from './options.ts';
import { type RenderImages, renderPod, volumeLabels } from './pod-manifest.ts';
import type { WhenServing } from './route-manifests.ts';

type Place = Required<Pick<ObjectMetadata, 'namespace'>>;

/** Where a deployment runs. */
export interface Placed {
  track: Track;
  /**
   * The deployment that has begun on the track: by it the Service is named that routes lead to. 0 where it was there before
   * there were two.
   */
  since: number;
}

export interface Placement extends Placed {
  /** The number that its pods carry, where they were started as an earlier deployment. */
  startedAs?: number;
}

export function renderDeployment(
  spec: WorkloadSpec,
  images: RenderImages,
  metadata: Place,
  options: RenderOptions,
  { track, startedAs = spec.number }: Placement,
): DeploymentObject {
  // Only what that number decides: applying it again keeps its pods.
  const started = { ...spec, number: startedAs };
  const labels = (of: WorkloadSpec) => ({
    ...numberLabels(of),
    ...selectorLabels(spec, track),
    ...volumeLabels(spec.containers),
  });
  const { ports, routes, replicas, maxReplicas } = spec;
  const serves: WhenServing = {
    ports,
    routes: routes.map(({ host, path, port }) => ({ host, path, port })),
    replicas,
    ...(maxReplicas !== undefined && { maxReplicas }),
  };
  // The same whichever track it is on, and whatever its number.
  const content = [renderPod({ ...spec, number: 0 }, images, options, 'a'), ports];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...metadata,
      name: deploymentName(spec, metadata.namespace, track),
      labels: numberLabels(spec),
      annotations: {
        ...ownerAnnotations(spec),
        [SERVING_ANNOTATION]: JSON.stringify(serves),
        [CONTENT_ANNOTATION]: shortHash(canonicalJson(content), 32),
      },
    },
    spec: {
      replicas: spec.replicas,
      revisionHistoryLimit: 2,
      minReadySeconds: spec.minReadySeconds,
      progressDeadlineSeconds: Math.max(1, Math.ceil(spec.progressDeadlineSeconds)),
      selector: { matchLabels: selectorLabels(spec, track) },
      strategy:
        spec.strategy === 'recreate'
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template: {
        metadata: { labels: labels(started) },
        spec: renderPod(started, images, options, track),
      },
    },
  };
}

/** Above this share of the requested processor time, replicas are added. */
const CPU_TARGET_PERCENT = 70;

/** Of what serves alone: what has few requests or none would be scaled down. */
export function renderAutoscaler(
  spec: InstanceRef & Pick<WorkloadSpec, 'replicas' | 'maxReplicas'>,
  metadata: Place,
  track: Track,
): AutoscalerObject[] {
  const maxReplicas = spec.maxReplicas ?? spec.replicas;
  if (maxReplicas <= spec.replicas) return [];
  return [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { ...metadata, name: serviceName(spec), labels: instanceLabels(spec) },
      spec: {
        scaleTargetRef: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: deploymentName(spec, metadata.namespace, track),
        },
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
  metadata: Place,
  track: Track,
): DisruptionBudgetObject[] {
  if (spec.replicas < 2) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: {
        ...metadata,
        name: deploymentName(spec, metadata.namespace, track),
        labels: instanceLabels(spec),
      },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selectorLabels(spec, track) },
      },
    },
  ];
}
