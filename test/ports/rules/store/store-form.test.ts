import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromData, toData } from '../../../../functions/ports/rules/store/store-form.ts';
import { ITEM_MAX_BYTES } from '../../../../functions/ports/store.ts';

const service = JSON.stringify({
  project: 'shop',
  name: 'web',
  repository: 'https://git.example.com/shop/web',
  createdAt: '2026-11-27T04:00:00.000Z',
  createdBy: 'user:ada',
});

const bytesOf = (json: string): Uint8Array => {
  const data = toData(json);
  if (!('B' in data)) throw new Error('It is kept as text');
  return data.B;
};

describe('What DynamoDB keeps', () => {
  it('is a third of a record as Berth has them, and comes back as it was', () => {
    const bytes = bytesOf(service);
    expect(bytes.length).toBeLessThan(service.length / 3);
    expect(fromData(bytes)).toBe(service);
  });

  it('is read as earlier versions have written it: with the common text as it always was, and without it', () => {
    const stored = 'B0MOvuKM/AJEDgLFL+5MhJJzQBr1IeoxHG9oqGtkHmJggtsHYFcmpiQq1QIA';
    expect(fromData(Buffer.from(stored, 'base64'))).toBe(service);
    for (const json of [service, '0', JSON.stringify('ä'.repeat(5_000))])
      for (const level of [0, 1, 9]) expect(fromData(deflateRawSync(json, { level }))).toBe(json);
  });

  it('stays text where that is no longer', () => {
    for (const json of ['0', 'null', '"x"', '[]']) expect(toData(json)).toEqual({ S: json });
  });

  it('is no more than a record may have', () => {
    expect(() => fromData(bytesOf(JSON.stringify('a'.repeat(ITEM_MAX_BYTES + 1))))).toThrow(RangeError);
  });
});
