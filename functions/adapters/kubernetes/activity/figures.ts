/** Figures made of counters: what came between two looks. In memory, bounded, and gone with the process. */
import type { RequestSample } from '../../../ports/activity.ts';
import { type Counts, noCounts, type RouteCounts } from './gateway-metrics.ts';

const SLOT_MS = 10_000;
const KEPT_MS = 3_600_000;
const ROUTES_MAX = 2_000;
/** What came in a longer time than this is no figure of a moment. */
const GAP_MS = 150_000;

interface Sample extends Counts {
  slot: number;
}

export interface Figures {
  /** Takes in what the pods of the gateway have counted by now. */
  add(pods: ReadonlyMap<string, RouteCounts>, now: number): void;
  /** When requests to any of these routes were last seen to come, epoch milliseconds. */
  lastOf(keys: readonly string[]): number | undefined;
  /** Of these routes together, oldest first. */
  samples(keys: readonly string[], from: number): RequestSample[];
  forget(keys: readonly string[]): void;
}

/** What has come since; a counter that is lower began anew. */
function difference(now: Counts, before: Counts | undefined): Counts {
  if (!before || now.requests < before.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    within: new Map(
      [...now.within].map(([bound, count]) => [bound, count - (before.within.get(bound) ?? 0)]),
    ),
  };
}

function addTo(sum: Counts, { requests, errors, within }: Counts): void {
  sum.requests += requests;
  sum.errors += errors;
  for (const [bound, count] of within) sum.within.set(bound, (sum.within.get(bound) ?? 0) + count);
}

/** A quantile in milliseconds, as if requests were spread evenly between two bounds. */
export function quantile({ within }: Counts, share: number): number {
  const bounds = [...within].sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  const rank = share * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of bounds) {
    if (count >= rank && count > below) {
      // Beyond the last bound nothing more is known.
      if (!Number.isFinite(bound)) return lower * 1000;
      return Math.round((lower + ((bound - lower) * (rank - below)) / (count - below)) * 100_000) / 100;
    }
    [lower, below] = [Number.isFinite(bound) ? bound : lower, count];
  }
  return lower * 1000;
}

export function createFigures(): Figures {
  let before: ReadonlyMap<string, RouteCounts> | undefined;
  let lookedAt = 0;
  const routes = new Map<string, { last: number; samples: Sample[] }>();

  /** @param isFigure whether it came lately enough to be one */
  function note(key: string, counts: Counts, now: number, isFigure: boolean): void {
    const known = routes.get(key) ?? { last: now, samples: [] };
    const slot = Math.floor(now / SLOT_MS) * SLOT_MS;
    const newest = known.samples.at(-1);
    if (isFigure) {
      const sample = newest?.slot === slot ? newest : { slot, ...noCounts() };
      if (sample !== newest) known.samples.push(sample);
      addTo(sample, counts);
    }
    const first = known.samples.findIndex((each) => each.slot > now - KEPT_MS);
    if (first > 0) known.samples.splice(0, first);
    known.last = now;
    // The route that was used longest ago makes room.
    routes.delete(key);
    routes.set(key, known);
    const [oldest] = routes.keys();
    if (routes.size > ROUTES_MAX && oldest !== undefined) routes.delete(oldest);
  }

  return {
    add(pods, now) {
      const isFigure = now - lookedAt <= GAP_MS;
      // What the first look finds may be of any time.
      for (const [pod, counts] of before === undefined ? [] : pods) {
        for (const [key, found] of counts) {
          const came = difference(found, before?.get(pod)?.get(key));
          if (came.requests > 0) note(key, came, now, isFigure);
        }
      }
      before = pods;
      lookedAt = now;
    },
    lastOf(keys) {
      const times = keys.flatMap((key) => routes.get(key)?.last ?? []);
      return times.length === 0 ? undefined : Math.max(...times);
    },
    samples(keys, from) {
      const slots = new Map<number, Counts>();
      for (const key of keys) {
        for (const sample of routes.get(key)?.samples ?? []) {
          if (sample.slot + SLOT_MS <= from) continue;
          const sum = slots.get(sample.slot) ?? noCounts();
          slots.set(sample.slot, sum);
          addTo(sum, sample);
        }
      }
      return [...slots]
        .sort(([a], [b]) => a - b)
        .map(([slot, counts]) => ({
          at: new Date(slot).toISOString(),
          requests: counts.requests,
          errors: counts.errors,
          p50Ms: quantile(counts, 0.5),
          p99Ms: quantile(counts, 0.99),
        }));
    },
    forget(keys) {
      for (const key of keys) routes.delete(key);
    },
  };
}
