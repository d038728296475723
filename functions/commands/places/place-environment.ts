/** Chooses the place of an environment, and keeps it there. */
import { environmentPartition, placedKey, placesKey, RESOURCE_PREFIX } from '../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  HOME,
  type Place,
  type PlacementWish,
  type Resource,
} from '../../core/model/index.ts';
import { choosePlace, placesOf } from '../../core/placement/choose-place.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { instancesOf } from '../../records/instances.ts';
import { readPlaces } from '../../records/places.ts';
import { readAll } from '../../records/read-all.ts';
import { resourceType } from '../../resources/index.ts';

export interface Chosen {
  /** For the environment's record; absent for the installation's own place. */
  placement?: string;
  /** Belong into the transaction that makes the environment: they fail where the place has changed meanwhile. */
  writes: Write[];
}

const unreachable = (place: Place, error: unknown): Problem =>
  new Problem(
    'place_unreachable',
    `The place "${place.name}" can not be reached: ${error instanceof Problem ? error.message : 'it does not answer'}`,
    {
      hint: 'Ask for another place, or try again once the platform team has brought it back.',
      cause: error,
    },
  );

/** @throws Problem placement_not_found | placement_not_allowed | placement_ambiguous | place_unreachable */
export async function placementFor(
  ports: Ports,
  wish: PlacementWish | undefined,
  ref: EnvironmentRef,
): Promise<Chosen> {
  const set = await readPlaces(ports.store);
  const place = choosePlace(placesOf(set?.data), wish, ref);
  if (place.name === HOME || !set) return { writes: [] };
  await ports.places?.check(place).catch((error: unknown) => {
    throw unreachable(place, error);
  });
  const { project, environment } = ref;
  return {
    placement: place.name,
    writes: [
      { check: placesKey, if: { version: set.version } },
      { put: { ...placedKey(place.name, ref), data: { project, environment } } },
    ],
  };
}

/**
 * Refuses that an environment moves, with the names of what would have to go with it.
 * @throws Problem placement_fixed
 */
export async function refuseMove(ports: Ports, environment: Environment, wish: string): Promise<void> {
  const at = environment.placement ?? HOME;
  if (wish === at) return;
  const ref = { project: environment.project, environment: environment.name };
  const records = await readAll<Resource>(ports.store, environmentPartition(ref), RESOURCE_PREFIX);
  const kept = records.flatMap(({ data }) => (resourceType(data.type).owned ? data.uid : []));
  const services = instancesOf(environment).map(({ service }) => service);
  const held = [
    ...(kept.length > 0 ? [`the data of ${kept.join(', ')}`] : []),
    ...(services.length > 0 ? [`the services ${services.join(', ')}`] : []),
  ];
  throw new Problem(
    'placement_fixed',
    `Environment "${environment.name}" stays in the place "${at}"${held.length > 0 ? `: what it holds can not move: ${held.join('; ')}` : ''}.`,
    {
      hint: `Create another environment in "${wish}", promote its services into it and copy the data that it needs, then destroy this one.`,
    },
  );
}
