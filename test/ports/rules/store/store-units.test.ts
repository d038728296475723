import { describe, expect, it } from 'vitest';
import { prepareWrites } from '../../../../functions/ports/rules/store/store-checks.ts';
import {
  readUnits,
  recordBytes,
  type StoredRecord,
  transactionUnits,
  writeUnits,
} from '../../../../functions/ports/rules/store/store-units.ts';
import type { Write } from '../../../../functions/ports/store.ts';

const key = { pk: 'p', sk: 's' };
const record = (fields: Partial<StoredRecord> = {}): StoredRecord => ({
  ...key,
  json: '"x"',
  version: 1,
  ...fields,
});
/** Base64 of nothing that repeats, so that it hardly packs: about so many bytes as stored. */
const noise = (bytes: number): string => {
  let seed = 1;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647) & 255;
  return Buffer.from(Array.from({ length: bytes }, next)).toString('base64');
};
const units = (writes: Write[], before: (StoredRecord | undefined)[] = [], conflict?: boolean): number =>
  transactionUnits(
    prepareWrites(writes).map((write, at) => ({ write, before: before[at] })),
    conflict,
  );
const put = (data: unknown, condition?: Write['if'], at?: number): Write =>
  ({
    put: { ...key, data, ...(at !== undefined && { due: { queue: 'q', at } }) },
    ...(condition && { if: condition }),
  }) as Write;

describe("DynamoDB's units", () => {
  it('are begun KiB of a write and begun 4 KiB of a read, one at the least', () => {
    expect([0, 1, 1024, 1025, 10_240].map(writeUnits)).toEqual([1, 1, 1, 2, 10]);
    expect([0, 1, 4096, 4097, 40_960].map((bytes) => readUnits(bytes))).toEqual([1, 1, 1, 2, 10]);
    expect([0, 1, 4096, 4097, 40_960].map((bytes) => readUnits(bytes, true))).toEqual([0.5, 0.5, 0.5, 1, 5]);
  });

  it('count names, text and half of the digits of a record', () => {
    const bytes = 'pkskdataversion'.length + 'p'.length + 's'.length + '"x"'.length + 2;
    expect(recordBytes(record())).toBe(bytes);
    expect(recordBytes(record({ version: 123 }))).toBe(bytes + 1);
    expect(recordBytes(record({ due: { queue: 'q', at: 1_900_000_000_000 } }))).toBe(
      bytes + 'dueQueue'.length + 'dueAt'.length + 'q'.length + 2,
    );
    expect(recordBytes(record({ json: JSON.stringify('a'.repeat(50_000)) }))).toBeLessThan(1024);
  });

  it('are single for one put on a version, double for everything else', () => {
    expect(units([put('x', { version: 1 })], [record()])).toBe(1);
    expect(units([put('x', 'absent')])).toBe(2);
    expect(units([put('x')])).toBe(2);
    expect(units([put('x'), { check: { pk: 'p', sk: 'c' }, if: 'present' }])).toBe(4);
    expect(units([{ delete: key }], [record()])).toBe(2);
  });

  it('are by the larger of what was there and what comes', () => {
    const large = record({ json: JSON.stringify(noise(2_500)) });
    expect(units([put('x', { version: 1 })], [large])).toBe(3);
    expect(units([put(noise(2_500), { version: 1 })], [record()])).toBe(3);
    expect(units([{ delete: key }], [large])).toBe(6);
    const check: Write = { check: { pk: 'p', sk: 'c' }, if: 'present' };
    expect(units([put('x'), check], [undefined, large])).toBe(8);
  });

  it('are one more for each entry of the due index that is added or removed, also in a transaction', () => {
    const due = record({ due: { queue: 'q', at: 1 } });
    expect(units([put('x', { version: 1 }, 1)], [record()])).toBe(2);
    expect(units([put('x', { version: 1 }, 1)], [due])).toBe(1);
    expect(units([put('x', { version: 1 }, 2)], [due])).toBe(3);
    expect(units([put('x', { version: 1 })], [due])).toBe(2);
    expect(units([{ delete: key }], [due])).toBe(3);
    expect(units([put('x', 'absent', 1)])).toBe(3);
  });

  it('of a condition that fails leave the index out', () => {
    const due = record({ due: { queue: 'q', at: 1 } });
    expect(units([put('x', { version: 9 })], [due], true)).toBe(1);
    expect(units([put('x', 'absent')], [due], true)).toBe(2);
  });
});
