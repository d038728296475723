/** All that the cluster is told of a deployment that serves alone. */
import {
  type KubernetesObject,
  type RenderImages,
  type RenderOptions,
  renderManifests,
  renderServing,
} from '../../../functions/adapters/kubernetes/manifests/index.ts';
import type { Track } from '../../../functions/adapters/kubernetes/manifests/labels.ts';
import { namespaceName, trackServiceName } from '../../../functions/adapters/kubernetes/object-names.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';

export function manifestsOf(
  spec: WorkloadSpec,
  images: RenderImages,
  options: RenderOptions,
  track: Track = 'a',
): KubernetesObject[] {
  const name = trackServiceName(spec, namespaceName(options.namespacePrefix, spec), spec.number);
  return [
    ...renderManifests(spec, images, options, { track, since: spec.number }),
    ...renderServing(spec, options, { track, since: spec.number }, (_, port) => [
      { group: '', kind: 'Service', name, port, weight: 100 },
    ]),
  ];
}
