/** Figures made of counters: what came between two looks. In memory, bounded, and gone with the process. */
import {
  addCounts,
  countsSince,
  noCounts,
  quantileMs,
  type RequestCounts,
} from '../../../core/rollout/request-counts.ts';
import type { RequestSample } from '../../../ports/activity.ts';
import type { RouteCounts } from './gateway-metrics.ts';

const SLOT_MS = 10_000;
const KEPT_MS = 3_600_000;
const ROUTES_MAX = 2_000;
/** What came in a longer time than this is no figure of a moment. */
const GAP_MS = 150_000;

interface Sample {
  slot: number;
  counts: RequestCounts;
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

export function createFigures(): Figures {
  let before: ReadonlyMap<string, RouteCounts> | undefined;
  let lookedAt = 0;
  const routes = new Map<string, { last: number; samples: Sample[] }>();

  /** @param isFigure whether it came lately enough to be one */
  function note(key: string, counts: RequestCounts, now: number, isFigure: boolean): void {
    const known = routes.get(key) ?? { last: now, samples: [] };
    const slot = Math.floor(now / SLOT_MS) * SLOT_MS;
    const newest = known.samples.at(-1);
    if (isFigure) {
      const sample = newest?.slot === slot ? newest : { slot, counts: noCounts() };
      if (sample !== newest) known.samples.push(sample);
      sample.counts = addCounts(sample.counts, counts);
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
          const came = countsSince(found, before?.get(pod)?.get(key));
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
      const slots = new Map<number, RequestCounts>();
      for (const key of keys) {
        for (const sample of routes.get(key)?.samples ?? []) {
          if (sample.slot + SLOT_MS <= from) continue;
          slots.set(sample.slot, addCounts(slots.get(sample.slot) ?? noCounts(), sample.counts));
        }
      }
      return [...slots]
        .sort(([a], [b]) => a - b)
        .map(([slot, counts]) => ({
          at: new Date(slot).toISOString(),
          seconds: SLOT_MS / 1000,
          requests: counts.requests,
          errors: counts.errors,
          p50Ms: quantileMs(counts, 0.5),
          p95Ms: quantileMs(counts, 0.95),
          p99Ms: quantileMs(counts, 0.99),
        }));
    },
    forget(keys) {
      for (const key of keys) routes.delete(key);
    },
  };
}
