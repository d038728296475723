/** Samples of CPU and memory of 30 days, the older the further apart. Pure. */
import type { MetricSample } from '../../ports/workloads.ts';

/** What is older is at most so close together, milliseconds: all of the last hour, then by five minutes, then by hours. */
const tiers = [
  { olderMs: 86_400_000, slotMs: 3_600_000 },
  { olderMs: 3_600_000, slotMs: 300_000 },
] as const;
const KEPT_MS = 30 * 86_400_000;

const slotOf = (at: number, now: number): number => {
  const tier = tiers.find(({ olderMs }) => now - at > olderMs);
  // A sample that is young is alone in its slot.
  return tier ? Math.floor(at / tier.slotMs) * tier.slotMs : at;
};

/** The most of both: what came close to a limit is still to be seen when it is old. */
const together = (one: MetricSample, other: MetricSample): MetricSample => ({
  at: one.at,
  cpu: Math.max(one.cpu, other.cpu),
  memoryBytes: Math.max(one.memoryBytes, other.memoryBytes),
});

/** @param samples oldest first; the newest says what time it is @returns those that are still kept, oldest first */
export function thinned(samples: readonly MetricSample[]): MetricSample[] {
  const newest = samples.at(-1);
  if (!newest) return [];
  const now = Date.parse(newest.at);
  const kept: MetricSample[] = [];
  let slot: number | undefined;
  for (const sample of samples) {
    const at = Date.parse(sample.at);
    if (now - at > KEPT_MS) continue;
    const its = slotOf(at, now);
    const before = kept.at(-1);
    if (before && its === slot && its !== at) kept[kept.length - 1] = together(before, sample);
    else kept.push(sample);
    slot = its;
  }
  return kept;
}
