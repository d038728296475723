/** The installation's own place with the clusters beside it. */
import { createByPlace } from '../../../adapters/placement/by-place.ts';
import { noOtherPlaces } from '../../../commands/places/places.ts';
import type { Ports } from '../../../ports/index.ts';
import { clusterOf, wrongKind } from '../../place-access.ts';
import type { LocalConfig } from '../config/config.ts';
import type { Place } from './place.ts';

/** Environments may be in clusters beside the installation's own place; without a kubeconfig none of them is reached. */
export function withOtherPlaces(
  { places: config }: LocalConfig,
  { ports, imagesElsewhere }: Place,
  { store, effects }: Pick<Ports, 'store' | 'effects'>,
) {
  return createByPlace({
    home: ports,
    store,
    effects,
    accept(place) {
      if (!config) throw noOtherPlaces();
      const { access } = clusterOf(place);
      if (access.kind !== 'kubeconfig') throw wrongKind(access.kind, '"kubeconfig": one of its contexts');
    },
    async open(place) {
      if (!config) throw noOtherPlaces();
      const { openContext } = await import('./elsewhere.ts');
      const registry = imagesElsewhere ?? ports.registry;
      return openContext({ config, registry, logs: ports.logs, effects }, place);
    },
  });
}
