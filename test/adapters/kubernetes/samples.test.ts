import { describe, expect, it } from 'vitest';
import { createSamples } from '../../../functions/adapters/kubernetes/samples.ts';

const T = Date.UTC(2026, 0, 1);
const sample = (second: number) => ({
  at: new Date(T + second * 1000).toISOString(),
  cpu: second,
  memoryBytes: second,
});

describe('Samples of a cluster', () => {
  it('are kept as they are seen, each once, oldest first', () => {
    const samples = createSamples(() => T + 100_000);
    samples.add('a', [sample(10)], T);
    samples.add('a', [sample(10)], T);
    expect(samples.add('a', [sample(25)], T).map(({ cpu }) => cpu)).toEqual([10, 25]);
    expect(samples.add('a', [], T + 20_000).map(({ cpu }) => cpu)).toEqual([25]);
    expect(samples.add('b', [], T)).toEqual([]);
  });

  it('are those of an hour, and bounded in number', () => {
    let now = T;
    const samples = createSamples(() => now);
    for (let second = 0; second < 7200; second += 5) {
      now = T + second * 1000;
      samples.add('a', [sample(second)], T);
    }
    const kept = samples.add('a', [], 0);
    expect(kept).toHaveLength(360);
    expect(kept.at(-1)?.cpu).toBe(7195);
    now = T + 4 * 3_600_000;
    expect(samples.add('a', [], 0)).toEqual([]);
  });

  it('of what was not asked for lately make room for others', () => {
    const samples = createSamples(() => T);
    for (let index = 0; index < 600; index++) samples.add(`k${index}`, [sample(1)], 0);
    expect(samples.add('k0', [], 0)).toEqual([]);
    expect(samples.add('k599', [], 0)).toHaveLength(1);
  });
});
