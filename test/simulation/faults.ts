/** What befalls the calls of ports: by chance, or by a plan that somebody has written down. */
import type { Random } from './random.ts';

export type Fault =
  /** It fails, and nothing was done. */
  | 'refused'
  /** It fails, although it was done. */
  | 'lost-answer'
  /** It takes up to 40 seconds. */
  | 'slow'
  /** It is done twice. */
  | 'twice'
  | 'crash-before'
  | 'crash-after'
  /** A read gives records as they were up to ten seconds ago. */
  | 'stale'
  /** All calls of this port are refused for up to a minute. */
  | 'throttled'
  /** This port can not be reached for up to ten minutes: each call waits in vain. */
  | 'cut'
  /** A place can not be reached for up to 40 minutes: calls fail, or hang, some of them after they were done. */
  | 'parted'
  /** For up to ten minutes nothing can be written. */
  | 'full'
  /** The clock is wrong by up to three hours, for up to half an hour. */
  | 'jump'
  /** What was waited for is not told, or told although it did not happen. */
  | 'lost-hint'
  | 'false-hint';

/** One fault, told from all others by the call that it befalls. */
export interface Planned {
  point: string;
  /** 0 for the first call of this point with faults. */
  nth: number;
  fault: Fault;
  /** How long, how far, how stale: 0 to 1. */
  amount: number;
}

export interface Fates {
  /** @param possible what can befall this call, beside what lasts */
  next(point: string, possible: readonly Fault[]): Planned | undefined;
  /** All faults that happened. */
  happened: Planned[];
  /** How often each point was called. */
  called: Map<string, number>;
}

/** What can befall each call. */
export const ANYWHERE: readonly Fault[] = ['refused', 'lost-answer', 'slow', 'crash-before', 'crash-after'];
const LASTING: readonly Fault[] = ['throttled', 'cut', 'jump'];
/** How often a call of a place begins its partition where nothing else fails. */
const PARTING = 0.04;

type Choice = (point: string, nth: number, possible: readonly Fault[]) => Planned | undefined;

function createFates(choose: Choice): Fates {
  const fates: Fates = {
    happened: [],
    called: new Map(),
    next(point, possible) {
      const nth = fates.called.get(point) ?? 0;
      fates.called.set(point, nth + 1);
      const planned = choose(point, nth, possible);
      if (planned) fates.happened.push(planned);
      return planned;
    },
  };
  return fates;
}

/**
 * Each schedule has its own taste (swarm testing): some have many faults, some crash and nothing else. What only comes of
 * many faults of one kind is hardly ever met where all are equally rare.
 * @param random of its own, so that the rest of the schedule is the same without a fault
 */
export function fatesByChance(random: Random, rate: number): Fates {
  const own = rate * random.pick([0.5, 1, 1, 2, 3]);
  const lasting = random.pick([0, 0.08, 0.08, 0.3]);
  const favourite = random.chance(0.3) ? undefined : random.pick(ANYWHERE);
  const partsAlone = random.chance(0.1);
  return createFates((point, nth, possible) => {
    if (partsAlone) {
      if (!possible.includes('parted') || !random.chance(PARTING)) return undefined;
      return { point, nth, fault: 'parted', amount: random.next() };
    }
    if (!random.chance(own)) return undefined;
    const isFavourite = favourite !== undefined && possible.includes(favourite) && random.chance(0.7);
    const fault = isFavourite ? favourite : random.pick(random.chance(lasting) ? LASTING : possible);
    return { point, nth, fault, amount: random.next() };
  });
}

/** Whether nothing happened but partitions of places, which concern their own environments alone. */
export const onlyParted = ({ fates: { happened } }: { fates: Pick<Fates, 'happened'> }): boolean =>
  happened.length > 0 && happened.every(({ fault }) => fault === 'parted');

export const fatesByPlan = (plan: readonly Planned[]): Fates => {
  const planned = new Map(plan.map((one) => [`${one.point} ${one.nth}`, one]));
  return createFates((point, nth) => planned.get(`${point} ${nth}`));
};
