import { describe, expect, it } from 'vitest';
import { growing, type Usage } from './usage.ts';

const usage = (fields: Partial<Usage>): Usage => ({
  memoryMb: 150,
  descriptors: 35,
  processes: 9,
  disk: { 'berth.db': 4_000, logs: 100 },
  operations: 0,
  events: 0,
  ...fields,
});
const series = (at: (index: number) => Partial<Usage>): Usage[] =>
  Array.from({ length: 60 }, (_, index) => usage(at(index)));

describe('A soak', () => {
  it('finds memory, descriptors and files that grow all along, and not those of warming up', () => {
    expect(growing(series(() => ({})))).toEqual([]);
    expect(growing(series((index) => ({ memoryMb: index < 10 ? 80 : 160 })))).toEqual([]);
    expect(growing(series((index) => ({ memoryMb: 150 + 3 * index })))).toEqual([
      expect.stringMatching(/^memory/),
    ]);
    expect(growing(series((index) => ({ descriptors: 30 + index })))).toEqual([
      expect.stringMatching(/^descriptors/),
    ]);
    expect(growing(series((index) => ({ disk: { logs: 1_000 * index } })))).toEqual([
      expect.stringMatching(/^logs/),
    ]);
  });

  it('takes records of operations for what they are: kept on purpose, so long as each is small', () => {
    const small = series((index) => ({ operations: 100 * index, disk: { 'berth.db': 2_000 * index } }));
    expect(growing(small)).toEqual([]);
    const scheduled = series((index) => ({ events: 500 * index, disk: { 'berth.db': 400 * index } }));
    expect(growing(scheduled)).toEqual([]);
    const large = series((index) => ({ operations: 10 * index, disk: { 'berth.db': 2_000 * index } }));
    expect(growing(large)).toEqual([expect.stringMatching(/^berth[.]db/)]);
  });

  it('says when it was too short to tell', () => {
    expect(growing([usage({})])).toHaveLength(1);
  });
});
