/** Kubernetes objects of a workload: pure and typed, no templates of YAML. */
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { namespaceName } from '../object-names.ts';
import { renderAutoscaler, renderDeployment, renderDisruptionBudget } from './deployment-manifest.ts';
import { instanceLabels, numberLabels } from './labels.ts';
import { renderService, renderServicePolicy } from './network-manifests.ts';
import type { KubernetesObject } from './objects.ts';
import type { RenderOptions } from './options.ts';
import type { RenderImages } from './pod-manifest.ts';
import { renderRoutes } from './route-manifests.ts';
import { renderSecret, renderServiceAccount } from './secret-manifests.ts';
import { renderFiles } from './volume-manifests.ts';

export { renderEnvironment } from './environment-manifests.ts';
export type { Kind, KubernetesObject } from './objects.ts';
export { defaultRenderOptions, type RenderImage, type RenderOptions } from './options.ts';
export type { RenderImages } from './pod-manifest.ts';
export { renderVolumeClaim } from './volume-manifests.ts';

/**
 * All objects of one deployment of a service, in the order in which they are to be made: what a pod needs comes
 * before the Deployment. They hold secret values: never store or log them.
 * @throws Problem image_unavailable | invalid_score | invalid_resource
 */
export function renderManifests(
  spec: WorkloadSpec,
  images: RenderImages,
  options: RenderOptions,
): KubernetesObject[] {
  const place = { namespace: namespaceName(options.namespacePrefix, spec) };
  const numbered = { ...place, labels: numberLabels(spec) };
  return [
    renderServiceAccount(spec, { ...place, labels: instanceLabels(spec) }),
    ...renderSecret(spec, numbered),
    ...renderFiles(spec, numbered),
    ...renderServicePolicy(spec, place, options),
    ...renderService(spec, place),
    ...renderRoutes(spec, place, options),
    renderDeployment(spec, images, place, options),
    ...renderDisruptionBudget(spec, place),
    ...renderAutoscaler(spec, place),
  ];
}
