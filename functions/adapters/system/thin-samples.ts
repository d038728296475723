/** Samples of CPU and memory of 30 days, the older the further apart. Pure. */
import type { MetricSample } from '../../ports/workloads.ts';
import { reachMs, resolutions } from './resolutions.ts';

const [finest, ...coarser] = resolutions;
/** Samples of the last hour are kept as they come; what is older than a resolution reaches is as close as the next one has it. */
const tiers = coarser
  .map(({ slotMs }, index) => ({ olderMs: reachMs(resolutions[index] ?? finest), slotMs }))
  .reverse();
const KEPT_MS = Math.max(...resolutions.map(reachMs));

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
