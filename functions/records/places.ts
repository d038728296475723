/** The places of the installation, which are one record: whoever chooses one reads all. */
import { placesKey } from '../core/keys.ts';
import type { Place, PlaceSet } from '../core/model/index.ts';
import { placesOf } from '../core/placement/choose-place.ts';
import type { Item, Store } from '../ports/store.ts';
import { missing } from './commit.ts';

export const readPlaces = (store: Pick<Store, 'get'>): Promise<Item<PlaceSet> | undefined> =>
  store.get<PlaceSet>(placesKey);

/** The error for a place that does not exist. */
export const missingPlace = (name: string) =>
  missing(`place "${name}"`, 'List the places with GET /v1/places.');

/** @throws Problem not_found */
export async function getPlace(store: Store, name: string): Promise<Place> {
  const place = placesOf((await readPlaces(store))?.data).find((one) => one.name === name);
  if (place) return place;
  throw missingPlace(name);
}
