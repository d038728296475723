/** Clusters beside the installation's own place, by the contexts of a kubeconfig. Loaded where one is used. */
import { createKubernetesClient } from '../../../adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../adapters/kubernetes/api/kubeconfig.ts';
import { execInPod } from '../../../adapters/kubernetes/commands/pod-session.ts';
import { repositoryName } from '../../../adapters/oci/image.ts';
import type { InPlace } from '../../../adapters/placement/by-place.ts';
import type { Place } from '../../../core/model/index.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { Registry } from '../../../ports/registry.ts';
import { openPlace, PLACE_CALL_MS } from '../../open-place.ts';
import { clusterOf, wrongKind } from '../../place-access.ts';
import type { PlacesConfig } from '../config/config.ts';

export interface ElsewhereOptions {
  config: PlacesConfig;
  /** Has the images as the clusters pull them. */
  registry: Pick<Registry, 'resolve'>;
  logs: Logs;
  effects: Effects;
}

/** @throws Problem unavailable where the kubeconfig can not be used, or has no such context */
export async function openContext(options: ElsewhereOptions, place: Place): Promise<InPlace> {
  const { config, registry, logs, effects } = options;
  const { access } = clusterOf(place);
  if (access.kind !== 'kubeconfig') throw wrongKind(access.kind, 'a context of the kubeconfig');
  const connection = await loadKubeconfig(config.kubeconfig, access.context);
  const { inCluster } = config.registry;
  return openPlace(place, {
    client: createKubernetesClient(connection, { timeoutMs: PLACE_CALL_MS }),
    registry,
    imageReference: (repository, digest) => `${repositoryName(inCluster, repository)}@${digest}`,
    logs,
    effects,
    exec: execInPod,
    redisImage: config.redisImage,
    render: { namespacePrefix: config.namespacePrefix },
  });
}
