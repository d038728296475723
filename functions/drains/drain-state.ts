/** What this process knows of a log drain, and how far that is written down. */
import { drainDeliveryKey, drainPlaceKey } from '../core/keys.ts';
import type { Drain, DrainDelivery, DrainPlace } from '../core/model/index.ts';
import type { Effects } from '../ports/effects.ts';
import type { LogStream } from '../ports/logs.ts';
import { type Item, type Store, StoreConflict, TRANSACTION_MAX, type Write } from '../ports/store.ts';

type DeliveryChange = (delivery: DrainDelivery) => DrainDelivery;

export interface DrainState {
  project: string;
  id: string;
  /** How far it is, as it was last read or written. */
  item: Item<DrainDelivery>;
  /** As it was when its places were read; undefined until then. */
  drain?: Item<Drain> | undefined;
  places: Map<LogStream, DrainPlace>;
  /** Streams that may have something behind their places. */
  dirty: Set<LogStream>;
  /** Those that were printed to during its turn. */
  later: Set<LogStream>;
  /** Streams whose places are not written down yet. */
  unsaved: Set<LogStream>;
  savedAt: number;
  /** What became of the last batch, until that is written down. */
  change?: DeliveryChange | undefined;
  /** What the store was asked to keep of it, where the counts are others by that; it may have, and not have answered. */
  tried?: DrainDelivery | undefined;
  /** In line, or at its turn. */
  busy: boolean;
}

export const beginState = (item: Item<DrainDelivery>, { now }: Effects): DrainState => ({
  project: item.data.project,
  id: item.data.drain,
  item,
  places: new Map(),
  dirty: new Set(),
  later: new Set(),
  unsaved: new Set(),
  savedAt: now(),
  busy: false,
});

/** Goes on behind these places. */
export function moveTo(state: DrainState, places: ReadonlyMap<LogStream, DrainPlace>): void {
  for (const [stream, place] of places) {
    state.places.set(stream, place);
    state.unsaved.add(stream);
  }
}

/** Nobody else changes them. */
const countsOf = ({ delivered, dropped, untold }: DrainDelivery): string =>
  `${delivered} ${dropped} ${untold}`;

/**
 * Writes down the places that have moved, with a change of what is known of the delivery, whatever people change
 * meanwhile. What could not be written is written by the next call, once.
 * @returns false where the drain is gone
 */
export async function saveState(
  { store, effects }: { store: Store; effects: Effects },
  state: DrainState,
  change?: DeliveryChange,
): Promise<boolean> {
  const key = drainDeliveryKey(state.project, state.id);
  if (change) state.change = change;
  while (state.change || state.unsaved.size > 0) {
    if (state.tried && countsOf(state.tried) === countsOf(state.item.data)) state.change = undefined;
    const streams = [...state.unsaved].slice(0, TRANSACTION_MAX - 1);
    const version = { version: state.item.version };
    const data = state.change?.(state.item.data);
    state.tried = data && countsOf(data) !== countsOf(state.item.data) ? data : undefined;
    const places = streams.flatMap((stream): Write[] => {
      const place = state.places.get(stream);
      return place ? [{ put: { ...drainPlaceKey(state.id, stream), data: place } }] : [];
    });
    try {
      await store.transact([
        data ? { put: { ...key, data }, if: version } : { check: key, if: version },
        ...places,
      ]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      const now = await store.get<DrainDelivery>(key);
      if (!now) return false;
      state.item = now;
      continue;
    }
    if (data) state.item = { ...state.item, data, version: state.item.version + 1 };
    state.change = undefined;
    state.tried = undefined;
    for (const stream of streams) state.unsaved.delete(stream);
  }
  state.savedAt = effects.now();
  return true;
}

/** Forgets places for good. */
export async function forgetPlaces(
  store: Store,
  state: DrainState,
  streams: readonly LogStream[],
): Promise<void> {
  for (let at = 0; at < streams.length; at += TRANSACTION_MAX)
    await store.transact(
      streams.slice(at, at + TRANSACTION_MAX).map((stream) => ({ delete: drainPlaceKey(state.id, stream) })),
    );
  for (const stream of streams) {
    state.places.delete(stream);
    state.unsaved.delete(stream);
  }
}
