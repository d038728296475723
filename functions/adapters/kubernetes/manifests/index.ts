/** Kubernetes objects of a workload: pure and typed, no templates of YAML. */

import type { InstanceRef } from '../../../core/model/index.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { namespaceName, serviceName, trackServiceName } from '../object-names.ts';
import {
  type Placed,
  type Placement,
  renderAutoscaler,
  renderDeployment,
  renderDisruptionBudget,
} from './deployment-manifest.ts';
import { instanceLabels, numberLabels } from './labels.ts';
import { renderService, renderServicePolicy } from './network-manifests.ts';
import type { KubernetesObject } from './objects.ts';
import type { RenderOptions } from './options.ts';
import type { RenderImages } from './pod-manifest.ts';
import { type Backends, renderRoutes, type WhenServing } from './route-manifests.ts';
import { renderSecret, renderServiceAccount } from './secret-manifests.ts';
import { renderFiles } from './volume-manifests.ts';

export type { Placed, Placement } from './deployment-manifest.ts';
export { renderEnvironment } from './environment-manifests.ts';
export type { Kind, KubernetesObject } from './objects.ts';
export { defaultRenderOptions, type RenderImage, type RenderOptions } from './options.ts';
export type { RenderImages } from './pod-manifest.ts';
export type { Backends, WhenServing } from './route-manifests.ts';
export { renderVolumeClaim } from './volume-manifests.ts';

/**
 * All objects of one deployment of a service on its track, in the order in which they are to be made: what a pod needs
 * comes before the Deployment. They hold secret values: never store or log them.
 * @throws Problem image_unavailable | invalid_score
 */
export function renderManifests(
  spec: WorkloadSpec,
  images: RenderImages,
  options: RenderOptions,
  placement: Placement,
): KubernetesObject[] {
  const place = { namespace: namespaceName(options.namespacePrefix, spec) };
  const { track, startedAs = spec.number } = placement;
  const started = { ...spec, number: startedAs };
  const numbered = { ...place, labels: numberLabels(started) };
  return [
    renderServiceAccount(spec, { ...place, labels: instanceLabels(spec) }),
    ...renderSecret(started, numbered),
    ...renderFiles(started, numbered),
    ...renderServicePolicy(spec, place, options, track),
    renderDeployment(spec, images, place, options, placement),
    ...renderDisruptionBudget(spec, place, track),
  ];
}

/**
 * What leads to what serves, and scales it: routes, the Service that they lead to, the one that the other workloads of
 * the environment know, an autoscaler.
 * @param placed what serves
 * @throws Problem invalid_resource
 */
export function renderServing(
  spec: InstanceRef & WhenServing,
  options: RenderOptions,
  placed: Placed,
  backends: Backends,
): KubernetesObject[] {
  const place = { namespace: namespaceName(options.namespacePrefix, spec) };
  return [
    ...renderGatewayService(spec, options, placed),
    ...renderRoutes(spec, place, options, backends),
    ...renderService(spec, place, serviceName(spec), placed.track),
    ...renderAutoscaler(spec, place, placed.track),
  ];
}

/** The Service that routes lead to one deployment by. */
export function renderGatewayService(
  spec: InstanceRef & Pick<WhenServing, 'ports'>,
  options: RenderOptions,
  { track, since }: Placed,
): KubernetesObject[] {
  const namespace = namespaceName(options.namespacePrefix, spec);
  return renderService(spec, { namespace }, trackServiceName(spec, namespace, since), track);
}
