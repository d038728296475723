/** Manifests of what runs on this machine. */
import { defaultRenderOptions } from '../../../adapters/kubernetes/manifests/index.ts';
import { createManifests } from '../../../adapters/kubernetes/plain/manifests.ts';
import { repositoryName } from '../../../adapters/oci/image.ts';
import type { Manifests } from '../../../ports/manifests.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { PlacesConfig } from '../config/config.ts';

/** @param places where the clusters beside this machine pull images from; without them none does */
export const openManifests = (
  registry: Pick<Registry, 'resolve'>,
  places: PlacesConfig | undefined,
): Manifests =>
  createManifests({
    registry,
    render: defaultRenderOptions,
    ...(places && {
      imageReference: (repository, digest) =>
        `${repositoryName(places.registry.inCluster, repository)}@${digest}`,
    }),
  });
