/** The requests of one instance during the last hour, in ten-second samples. */
import type { RequestSample } from '../../../ports/activity.ts';
import { createHistogram } from './histogram.ts';

export const SLOT_MS = 10_000;
/** An hour, and the sample that is being made. */
const SLOTS = 361;

/** Histograms take the most room, so that only the sample that is being made has one. */
interface Sample {
  slot: number;
  requests: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Series {
  record(now: number, failed: boolean, durationMs: number): void;
  /** Samples that end after `from` and begin at or before `now`, oldest first. */
  samples(from: number, now: number): RequestSample[];
  /** Whether all of it is over an hour old. */
  isStale(now: number): boolean;
}

const round = (ms: number): number => Math.round(ms * 100) / 100;

export function createSeries(): Series {
  let past: Sample[] = [];
  const histogram = createHistogram();
  let slot = -1;
  let requests = 0;
  let errors = 0;
  let min = 0;
  let max = 0;

  /** A quantile, off by an eighth at most and never outside what was measured. */
  function quantile(share: number): number {
    const middle = histogram.at(Math.ceil(share * requests)) ?? max;
    return round(Math.min(max, Math.max(min, middle)));
  }

  const current = (): Sample => ({
    slot,
    requests,
    errors,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  });

  function startSlot(next: number): void {
    if (requests > 0) past.push(current());
    if (past.length > 0 && (past[0]?.slot ?? 0) <= next - SLOTS)
      past = past.filter((sample) => sample.slot > next - SLOTS);
    slot = next;
    requests = 0;
    errors = 0;
    histogram.clear();
  }

  return {
    record(now, failed, durationMs) {
      const next = Math.floor(now / SLOT_MS);
      // A clock that was set back adds to the newest sample until it has caught up.
      if (next > slot) startSlot(next);
      const ms = Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0;
      min = requests === 0 ? ms : Math.min(min, ms);
      max = requests === 0 ? ms : Math.max(max, ms);
      requests++;
      if (failed) errors++;
      histogram.add(ms);
    },
    samples(from, now) {
      const all = requests > 0 ? [...past, current()] : past;
      return all
        .filter((sample) => (sample.slot + 1) * SLOT_MS > from && sample.slot * SLOT_MS <= now)
        .map(({ slot: start, ...rest }) => ({ at: new Date(start * SLOT_MS).toISOString(), ...rest }));
    },
    isStale: (now) => slot <= Math.floor(now / SLOT_MS) - SLOTS,
  };
}
