/** Which place an environment comes to. */
import { HOME, type Place, type PlacementWish, type PlaceSet } from '../model/index.ts';
import { Problem } from '../problem.ts';
import { matchesWildcard } from '../wildcard.ts';

/** The installation's own place, as long as nobody has changed it. */
const home: Place = { name: HOME, labels: {}, databases: true, createdAt: '', createdBy: '' };

/** All places by name, the installation's own first; one of them is the default. */
export function placesOf(set: PlaceSet | undefined): Place[] {
  const kept = set?.places ?? [];
  const own = kept.find(({ name }) => name === HOME) ?? home;
  const others = kept.filter(({ name }) => name !== HOME).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const isDefault = others.some((place) => place.isDefault);
  return [isDefault ? own : { ...own, isDefault: true }, ...others];
}

interface Where {
  project: string;
  environment: string;
}

/** Tells whether an environment of this name may come there. */
export function takes(place: Place, { project, environment }: Where): boolean {
  const fits = (patterns: string[] | undefined, name: string): boolean =>
    !patterns || patterns.some((pattern) => matchesWildcard(pattern, name));
  return !place.closing && fits(place.projects, project) && fits(place.environments, environment);
}

const quoted = (places: readonly Place[]): string => places.map(({ name }) => `"${name}"`).join(', ');

/** What can be asked for instead. */
const instead = (usable: readonly Place[]): string =>
  usable.length === 0
    ? 'Ask the platform team for a place that this project may use.'
    : `Ask for one that it may use: ${quoted(usable)}.`;

/**
 * The place that is asked for, or the default.
 * @throws Problem placement_not_found | placement_not_allowed | placement_ambiguous
 */
export function choosePlace(places: readonly Place[], wish: PlacementWish | undefined, where: Where): Place {
  const usable = places.filter((place) => takes(place, where));
  if (typeof wish === 'object') return byLabels(places, usable, wish.labels);
  const found = places.find((place) => (wish === undefined ? place.isDefault : place.name === wish));
  if (!found)
    throw new Problem('placement_not_found', `There is no place "${wish}".`, { hint: instead(usable) });
  if (usable.includes(found)) return found;
  throw new Problem(
    'placement_not_allowed',
    found.closing
      ? `The place "${found.name}" is being removed.`
      : `Environment "${where.environment}" of project "${where.project}" may not be in the place "${found.name}".`,
    { hint: instead(usable) },
  );
}

function byLabels(places: readonly Place[], usable: readonly Place[], labels: Record<string, string>): Place {
  const fits = (place: Place): boolean =>
    Object.entries(labels).every(([key, value]) => place.labels[key] === value);
  const found = usable.filter(fits);
  if (found.length === 1 && found[0]) return found[0];
  const shown = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
  if (found.length > 1)
    throw new Problem('placement_ambiguous', `Several places have the labels ${shown}: ${quoted(found)}.`, {
      hint: 'Ask for more labels, or for one of them by its name.',
    });
  if (places.some(fits))
    throw new Problem(
      'placement_not_allowed',
      `No place with the labels ${shown} may be used by this environment.`,
      { hint: instead(usable) },
    );
  throw new Problem('placement_not_found', `No place has the labels ${shown}.`, { hint: instead(usable) });
}
