/** The requests of one instance at falling resolution: the last hour, the last day, and the last 30 days. */
import type { RequestSample } from '../../../ports/activity.ts';
import { type Resolution, reachMs, resolutions } from '../../system/resolutions.ts';
import { createSeries } from './activity-series.ts';
import type { Sample } from './packed-samples.ts';

/** Samples as they are kept in a file: of each resolution but the finest, which is made anew within seconds. */
export type KeptSamples = readonly (readonly (readonly number[])[])[];

export interface History {
  record(now: number, failed: boolean, durationMs: number): void;
  /** Samples of the last seconds, oldest first, of the finest resolution that goes back so far. */
  samples(now: number, windowSeconds: number): RequestSample[];
  kept(): KeptSamples;
  /** Whether all of it is over an hour old. */
  isQuiet(now: number): boolean;
  /** Whether all of it is over 30 days old. */
  isStale(now: number): boolean;
}

const fields = ['slot', 'requests', 'errors', 'p50Ms', 'p95Ms', 'p99Ms'] as const;

const keep = (sample: Sample): number[] => fields.map((field) => sample[field]);

/** None where it is no sample, as in a file that is damaged. */
function readSample(values: unknown): Sample[] {
  if (!Array.isArray(values) || values.length !== fields.length) return [];
  if (!values.every((value) => typeof value === 'number' && value >= 0)) return [];
  const [slot, requests, errors, p50Ms, p95Ms, p99Ms] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return requests > 0 ? [{ slot, requests, errors, p50Ms, p95Ms, p99Ms }] : [];
}

/** Those of a time to come, from a clock that was wrong, are left out. */
function readSamples(kept: unknown, { slotMs }: Resolution, now: number): Sample[] {
  const found = Array.isArray(kept) ? kept.flatMap(readSample) : [];
  return found.filter(({ slot }) => slot * slotMs <= now).sort((one, other) => one.slot - other.slot);
}

/** @param kept what `kept` gave once; whatever else it is, is left out */
export function createHistory(now: number, kept?: unknown): History {
  const coarse: unknown[] = Array.isArray(kept) ? kept : [];
  const all = resolutions.map((resolution, index) => ({
    ...resolution,
    series: createSeries(resolution, index === 0 ? [] : readSamples(coarse[index - 1], resolution, now)),
  }));
  return {
    record(at, failed, durationMs) {
      for (const { series } of all) series.record(at, failed, durationMs);
    },
    samples(at, windowSeconds) {
      const windowMs = windowSeconds * 1000;
      const found = all.find((one) => reachMs(one) >= windowMs) ?? all.at(-1)!;
      return found.series.samples(at - Math.min(windowMs, reachMs(found)), at);
    },
    kept: () => all.slice(1).map(({ series }) => series.all().map(keep)),
    isQuiet: (at) => all[0]!.series.isStale(at),
    isStale: (at) => all.every(({ series }) => series.isStale(at)),
  };
}
