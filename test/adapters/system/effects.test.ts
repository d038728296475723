import { describe, expect, it } from 'vitest';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { effectsContract } from '../../contracts/effects.ts';

effectsContract('real', () => createEffects());

describe('ids', () => {
  const T = Date.UTC(2026, 0, 1);

  it('grow within a millisecond, and while the clock is set back', () => {
    let now = T;
    const effects = createEffects({ now: () => now });
    const ids: string[] = [];
    for (const offset of [0, 0, 0, 1, -5000, -4999, 0, 1, 2, -1, 3]) {
      now = T + offset;
      ids.push(effects.id(), effects.id());
    }
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    const [first = '', , , , last = ''] = [ids[0], '', '', '', ids.at(-1)];
    expect(first.slice(0, 10)).not.toBe(last.slice(0, 10));
  });

  it('grow where the random half is at its end', () => {
    const effects = createEffects({ now: () => T, fill: (bytes) => bytes.fill(0xff) });
    const ids = Array.from({ length: 5 }, () => effects.id());
    expect(ids[0]?.slice(10)).toBe('Z'.repeat(16));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(5);
  });

  it('of two makers differ though their clocks agree', () => {
    const [one, two] = [createEffects({ now: () => T }), createEffects({ now: () => T })];
    expect(one.id()).not.toBe(two.id());
  });
});
