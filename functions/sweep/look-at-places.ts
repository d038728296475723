/** Looks whether each place can be reached, and writes down when that has changed. */

import type { TypedData } from '../core/events/event-types.ts';
import { sightingsKey } from '../core/keys.ts';
import {
  PLATFORM,
  type Place,
  type PlaceSighting,
  type PlaceSightings,
  SYSTEM_ACTOR,
} from '../core/model/index.ts';
import { Problem, TransientError } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Places } from '../ports/places.ts';
import { commit } from '../records/commit.ts';
import { readPlaces } from '../records/places.ts';

type Seen = Pick<PlaceSighting, 'state' | 'reason'>;

const look = (places: Places, place: Place): Promise<Seen> =>
  places.check(place).then(
    () => ({ state: 'reachable' }),
    (error: unknown) => ({
      state: 'unreachable',
      reason:
        error instanceof Problem || error instanceof TransientError ? error.message : 'It does not answer.',
    }),
  );

/** Places are asked at the same time, so that one that hangs keeps nobody longer than its own time. */
export async function lookAtPlaces(ports: Ports): Promise<void> {
  const { places: asked, store } = ports;
  if (!asked) return;
  const places = (await readPlaces(store))?.data.places.filter(({ cluster }) => cluster) ?? [];
  const before = await store.get<PlaceSightings>(sightingsKey);
  if (places.length === 0 && !before) return;
  const found = await Promise.all(
    places.map(async (place) => [place.name, await look(asked, place)] as const),
  );
  const since = new Date(ports.effects.now()).toISOString();
  const events: TypedData[] = [];
  const after: PlaceSightings = {};
  for (const [name, seen] of found) {
    const last = before?.data[name];
    after[name] = last?.state === seen.state ? last : { ...seen, since };
    if (last?.state === seen.state || (!last && seen.state === 'reachable')) continue;
    events.push(
      seen.state === 'reachable'
        ? { type: 'place.reachable', data: { place: name } }
        : { type: 'place.unreachable', data: { place: name, reason: seen.reason ?? '' } },
    );
  }
  const isSame =
    found.length === Object.keys(before?.data ?? {}).length &&
    found.every(([name]) => after[name] === before?.data[name]);
  if (isSame) return;
  await commit(
    ports,
    { actor: SYSTEM_ACTOR },
    {
      writes: [
        {
          put: { ...sightingsKey, data: after },
          if: before ? { version: before.version } : 'absent',
        },
      ],
      events: events.map((event) => ({ project: PLATFORM, ...event })),
    },
  );
}
