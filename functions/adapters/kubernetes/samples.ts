/**
 * What the metrics server said when it was asked: it keeps one sample alone, so that the past is what was seen of
 * it. In memory, bounded, and gone with the process.
 */
import type { MetricSample } from '../../ports/workloads.ts';

const KEPT_MS = 3_600_000;
const SAMPLES_MAX = 360;
const INSTANCES_MAX = 500;

export interface Samples {
  /** Adds what is new, and gives all since then, oldest first. */
  add(key: string, samples: readonly MetricSample[], sinceMs: number): MetricSample[];
}

export function createSamples(now: () => number): Samples {
  const kept = new Map<string, MetricSample[]>();
  return {
    add(key, samples, sinceMs) {
      const oldest = new Date(now() - KEPT_MS).toISOString();
      const ring = (kept.get(key) ?? []).filter(({ at }) => at >= oldest);
      for (const sample of samples) if (sample.at > (ring.at(-1)?.at ?? '')) ring.push(sample);
      kept.delete(key);
      // The instance that was asked for longest ago makes room.
      if (ring.length > 0) kept.set(key, ring.slice(-SAMPLES_MAX));
      const [first] = kept.keys();
      if (kept.size > INSTANCES_MAX && first !== undefined) kept.delete(first);
      const since = new Date(sinceMs).toISOString();
      return (kept.get(key) ?? []).filter(({ at }) => at >= since);
    },
  };
}
