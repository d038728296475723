import { expect, it } from 'vitest';
import { errorShare, rate, slotOf } from '../../web/src/components/figures/series.ts';
import { usualTimes } from '../../web/src/pages/operation/usual-times.ts';

const T = Date.UTC(2026, 0, 1);
const sample = (second: number, requests: number, { seconds = 10, errors = 0 } = {}) => ({
  at: new Date(T + second * 1000).toISOString(),
  seconds,
  requests,
  errors,
  p50Ms: 1,
  p95Ms: 2,
  p99Ms: 3,
});

it('The rate of requests is in a second, whatever a sample is long, and none where nothing was asked', () => {
  const range = { from: T, to: T + 60_000 };
  expect(rate({ requests: [sample(10, 20), sample(30, 5)] }, range).map(({ value }) => value)).toEqual([
    0, 2, 0, 0.5, 0, 0,
  ]);
  const coarse = { requests: [sample(0, 600, { seconds: 300 })] };
  expect(rate(coarse, { from: T, to: T + 600_000 })).toEqual([
    { at: T, value: 2 },
    { at: T + 300_000, value: 0 },
  ]);
  expect(rate({ requests: [] }, range)).toEqual([]);
});

it('What is looked at by the minute stands for a minute', () => {
  expect(slotOf({ requests: [sample(0, 1), sample(60, 1), sample(120, 1)] })).toBe(60_000);
  expect(slotOf({ requests: [sample(0, 1), sample(10, 1)] })).toBe(10_000);
});

it('The share of errors is in percent, and of the time that is on show', () => {
  const requests = [sample(0, 4, { errors: 1 }), sample(90, 1, { errors: 1 })];
  expect(errorShare({ requests }, { from: T, to: T + 60_000 })).toEqual([{ at: T, value: 25 }]);
});

it('A step usually takes the median of what it took, each of its attempts included', () => {
  const step = (name: string, durationMs: number, attempt = 1) => ({
    name,
    attempt,
    status: 'succeeded' as const,
    startedAt: new Date(T).toISOString(),
    durationMs,
  });
  const usual = usualTimes([
    { steps: [step('await', 100), step('await', 200, 2)] },
    { steps: [step('await', 1000)] },
    { steps: [step('await', 50), step('release', 7)] },
  ]);
  expect([...usual]).toEqual([
    ['await', 300],
    ['release', 7],
  ]);
  expect(usualTimes([])).toEqual(new Map());
});
