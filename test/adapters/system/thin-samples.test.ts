import { expect, it } from 'vitest';
import { thinned } from '../../../functions/adapters/system/thin-samples.ts';
import type { MetricSample } from '../../../functions/ports/workloads.ts';

const T = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

it('Samples get further apart the older they are, keep the most of what they stand for, and end after 30 days', () => {
  let kept: MetricSample[] = [];
  for (let at = T; at <= T + 31 * 24 * HOUR; at += 60_000) {
    const isPeak = at === T + 20 * 24 * HOUR;
    kept.push({ at: new Date(at).toISOString(), cpu: isPeak ? 2 : 0.5, memoryBytes: 1 });
    if (at % (30 * 60_000) === 0) kept = thinned(kept);
  }
  const now = T + 31 * 24 * HOUR;
  const ages = kept.map(({ at }) => now - Date.parse(at));
  expect(ages.toSorted((one, other) => other - one)).toEqual(ages);
  expect(ages[0]).toBeLessThanOrEqual(30 * 24 * HOUR);
  expect(ages[0]).toBeGreaterThan(29 * 24 * HOUR);
  expect(ages.filter((age) => age <= HOUR)).toHaveLength(61);
  expect(ages.filter((age) => age > HOUR && age <= 24 * HOUR).length).toBeLessThanOrEqual(23 * 12 + 1);
  expect(ages.filter((age) => age > 24 * HOUR).length).toBeLessThanOrEqual(29 * 24 + 1);
  expect(Math.max(...kept.map(({ cpu }) => cpu))).toBe(2);
  expect(thinned([])).toEqual([]);
});
