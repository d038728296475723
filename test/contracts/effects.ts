/** The guarantees of all Effects. */
import { describe, expect, it } from 'vitest';
import type { Effects } from '../../functions/ports/effects.ts';

export function effectsContract(name: string, makeSubject: () => Effects | Promise<Effects>): void {
  describe(`Effects contract: ${name}`, () => {
    it('ids are 26 characters of Crockford base 32, unique, and sort in the order they were made', async () => {
      const effects = await makeSubject();
      const ids = Array.from({ length: 20_000 }, () => effects.id());
      for (const id of ids) expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.toSorted()).toEqual(ids);
    });

    it('an id begins with the time in milliseconds', async () => {
      const effects = await makeSubject();
      const before = effects.now();
      const id = effects.id();
      const after = effects.now();
      let time = 0;
      for (const character of id.slice(0, 10))
        time = time * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(character);
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(after + 1);
    });

    it('tokens are base64url of the bytes asked for, and never the same', async () => {
      const effects = await makeSubject();
      const tokens = Array.from({ length: 1000 }, () => effects.token(32));
      for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(new Set(tokens).size).toBe(tokens.length);
      expect(Buffer.from(effects.token(18), 'base64url')).toHaveLength(18);
    });

    it('time is in whole epoch milliseconds', async () => {
      const effects = await makeSubject();
      expect(Number.isSafeInteger(effects.now())).toBe(true);
    });
  });
}
