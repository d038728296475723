/** Keeps the registry of places: added, changed and removed by the platform team. */
import { changesOf } from '../../core/field-changes.ts';
import { placedPartition, placesKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import {
  type EnvironmentRef,
  HOME,
  PLATFORM,
  type Place,
  type PlaceCluster,
  type PlaceSet,
} from '../../core/model/index.ts';
import { placesOf } from '../../core/placement/choose-place.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { getPlace, missingPlace, readPlaces } from '../../records/places.ts';
import { readAll } from '../../records/read-all.ts';

export type NewPlace = Omit<Place, 'createdAt' | 'createdBy' | 'closing'>;

/** What a change leaves out stays; null takes a rule away. */
export interface PlacePatch {
  /** How workloads are served there; which cluster it is stays, since what runs is in that one. */
  cluster?: Partial<Omit<PlaceCluster, 'access'>>;
  labels?: Place['labels'];
  isDefault?: true;
  projects?: string[] | null;
  environments?: string[] | null;
  databases?: boolean;
}

/** The write that replaces the record; a place that becomes the default takes that from the one before. */
function setWrite(set: Item<PlaceSet> | undefined, changed: Place, gone?: string): Write {
  const others = (set?.data.places ?? []).filter(({ name }) => name !== changed.name && name !== gone);
  const left = changed.isDefault ? others.map(({ isDefault: _, ...place }): Place => place) : others;
  const data: PlaceSet = { places: [...left, changed] };
  return { put: { ...placesKey, data }, if: set ? { version: set.version } : 'absent' };
}

/** The refusal of a host that reaches no place but its own. */
export const noOtherPlaces = (): Problem =>
  new Problem('invalid_request', 'This Berth runs workloads in its own place alone.', {
    hint: 'On one machine, start it with BERTH_PLACES_KUBECONFIG, the kubeconfig of the other clusters.',
  });

/** @throws Problem already_exists | conflict (too many) | invalid_request (not a place for this host) */
export function createPlace(ports: Ports, caller: Caller, input: NewPlace): Promise<Place> {
  return retryOnConflict(async () => {
    const set = await readPlaces(ports.store);
    const there = placesOf(set?.data);
    if (there.some(({ name }) => name === input.name))
      throw new Problem('already_exists', `There is a place "${input.name}" already.`, {
        hint: 'Choose another name, or change the one that is there.',
      });
    if (there.length > limits.places.value)
      throw new Problem('conflict', `There are ${limits.places.value} places already, which are the most.`, {
        hint: 'Remove one that is no longer needed.',
      });
    const createdAt = new Date(ports.effects.now()).toISOString();
    const place: Place = { ...input, createdAt, createdBy: caller.actor };
    if (!ports.places) throw noOtherPlaces();
    await ports.places.accept(place);
    await commit(ports, caller, {
      writes: [setWrite(set, place)],
      events: [
        {
          project: PLATFORM,
          type: 'place.created',
          data: { place: place.name, changes: changesOf({}, place) },
        },
      ],
      result: place,
    });
    return place;
  });
}

/** @throws Problem not_found | invalid_request (the installation's own place has no cluster to be named) */
export function changePlace(ports: Ports, caller: Caller, name: string, patch: PlacePatch): Promise<Place> {
  return retryOnConflict(async () => {
    const set = await readPlaces(ports.store);
    const before = placesOf(set?.data).find((one) => one.name === name);
    if (!before) throw missingPlace(name);
    if (name === HOME && (patch.cluster || patch.databases === false))
      throw new Problem(
        'invalid_request',
        `How the place "${HOME}" is reached, and its databases, are settings of the installation.`,
        { hint: 'Change its labels, who may use it, or whether it is the default.' },
      );
    const { projects, environments, cluster, ...rest } = patch;
    const place: Place = { ...before, ...rest };
    if (cluster && before.cluster) place.cluster = { ...before.cluster, ...cluster };
    if (projects === null) delete place.projects;
    else if (projects) place.projects = projects;
    if (environments === null) delete place.environments;
    else if (environments) place.environments = environments;
    if (cluster || rest.databases) await ports.places?.accept(place);
    await commit(ports, caller, {
      writes: [setWrite(set, place)],
      events: [
        {
          project: PLATFORM,
          type: 'place.changed',
          data: { place: name, changes: changesOf(before, place) },
        },
      ],
      result: place,
    });
    return place;
  });
}

/** The environments in a place. Those in the installation's own are not counted. */
export const environmentsIn = async (store: Store, place: string): Promise<EnvironmentRef[]> =>
  (await readAll<EnvironmentRef>(store, placedPartition(place))).map(({ data }) => data);

/** The most names that a refusal tells. */
const TOLD = 20;

/**
 * Closes the place first, so that no environment can come there between the look at those that are in it and the end.
 * @throws Problem not_found | invalid_request (the installation's own) | not_empty, with the names of environments
 */
export async function removePlace(ports: Ports, caller: Caller, name: string): Promise<void> {
  if (name === HOME)
    throw new Problem('invalid_request', `The place "${HOME}" is the installation's own.`, {
      hint: 'Say with `projects` or `environments` who may use it, if nobody should.',
    });
  const { idempotency: _kept, together: _theirs, ...plain } = caller;
  const { closing } = await getPlace(ports.store, name);
  const mark = (isClosing: boolean): Promise<void> =>
    retryOnConflict(async () => {
      const set = await readPlaces(ports.store);
      const found = set?.data.places.find((one) => one.name === name);
      if (!set || !found) throw missingPlace(name);
      const { closing: _, ...open } = found;
      const place: Place = isClosing ? { ...open, closing: true } : open;
      await commit(ports, plain, { writes: [setWrite(set, place)], events: [] });
    });
  if (!closing) await mark(true);
  const inside = await environmentsIn(ports.store, name);
  if (inside.length > 0) {
    await mark(false);
    const names = inside.map(({ project, environment }) => `${project}/${environment}`);
    const more = names.length > TOLD ? `, and ${names.length - TOLD} more` : '';
    throw new Problem(
      'not_empty',
      `Environments are in the place "${name}": ${names.slice(0, TOLD).join(', ')}${more}.`,
      { hint: 'Destroy them, or create them elsewhere first, then remove the place.' },
    );
  }
  await retryOnConflict(async () => {
    const set = await readPlaces(ports.store);
    if (!set?.data.places.some((one) => one.name === name)) throw missingPlace(name);
    const places = set.data.places.filter((one) => one.name !== name);
    await commit(ports, caller, {
      writes: [{ put: { ...placesKey, data: { places } }, if: { version: set.version } }],
      events: [{ project: PLATFORM, type: 'place.removed', data: { place: name } }],
    });
  });
}
