/** The requests of one instance in samples of one length, of which a number are kept. */
import type { RequestSample } from '../../../ports/activity.ts';
import type { Resolution } from '../../system/resolutions.ts';
import { createHistogram } from './histogram.ts';
import { createPackedSamples, round, type Sample } from './packed-samples.ts';

export interface Series {
  record(now: number, failed: boolean, durationMs: number): void;
  /** Samples that end after `from` and begin at or before `now`, oldest first. */
  samples(from: number, now: number): RequestSample[];
  /** All that is kept, the sample that is being made included. */
  all(): readonly Sample[];
  /** Whether all of it is too old to be kept. */
  isStale(now: number): boolean;
}

/** Without their histograms: the median lies between the two, and the tail is at most as long as the longer one. */
const together = (one: Sample, other: Sample): Sample => {
  const requests = one.requests + other.requests;
  return {
    slot: other.slot,
    requests,
    errors: one.errors + other.errors,
    p50Ms: round((one.p50Ms * one.requests + other.p50Ms * other.requests) / requests),
    p95Ms: Math.max(one.p95Ms, other.p95Ms),
    p99Ms: Math.max(one.p99Ms, other.p99Ms),
  };
};

/** @param before what was kept of it earlier, oldest first */
export function createSeries({ slotMs, slots }: Resolution, before: readonly Sample[] = []): Series {
  const past = createPackedSamples(before);
  // It takes the most room, so that only the sample that is being made has one.
  const histogram = createHistogram();
  let slot = before.at(-1)?.slot ?? -1;
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
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
  });

  function startSlot(next: number): void {
    if (requests > 0) {
      const made = newest();
      // Of the same slot there may be what was kept before a restart.
      past.keep(0, slot - 1);
      past.push(made);
    }
    past.keep(next - slots, next);
    slot = next;
    requests = 0;
    errors = 0;
    histogram.clear();
  }

  /** The sample that is being made. What was kept before a restart may be of the same time. */
  function newest(): Sample {
    const last = past.last();
    return last?.slot === slot ? together(last, current()) : current();
  }

  function all(): Sample[] {
    const kept = past.all();
    if (requests === 0) return kept;
    return [...(kept.at(-1)?.slot === slot ? kept.slice(0, -1) : kept), newest()];
  }

  return {
    record(now, failed, durationMs) {
      const next = Math.floor(now / slotMs);
      // A clock that was set back a little adds to the newest sample until it has caught up. One that had been far ahead has
      // left samples of a time to come, which are dropped.
      if (next > slot || next < slot - 1) startSlot(next);
      const ms = Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0;
      min = requests === 0 ? ms : Math.min(min, ms);
      max = requests === 0 ? ms : Math.max(max, ms);
      requests++;
      if (failed) errors++;
      histogram.add(ms);
    },
    samples(from, now) {
      return all()
        .filter((sample) => (sample.slot + 1) * slotMs > from && sample.slot * slotMs <= now)
        .map(({ slot: start, ...rest }) => ({
          at: new Date(start * slotMs).toISOString(),
          seconds: slotMs / 1000,
          ...rest,
        }));
    },
    all,
    isStale: (now) => slot < Math.floor(now / slotMs) - slots,
  };
}
