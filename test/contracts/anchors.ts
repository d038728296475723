/** The guarantees of all Anchors. */
import { describe, expect, it } from 'vitest';
import type { ChainHead } from '../../functions/core/events/audit-chain.ts';
import type { Anchors } from '../../functions/ports/anchors.ts';

const head = (number: number): ChainHead => ({
  number,
  hash: Buffer.alloc(32, number).toString('base64url'),
  at: new Date(Date.UTC(2026, 0, 1) + number).toISOString(),
});

/** @param open opens what is kept in one place, as a restarted process does */
export function anchorsContract(name: string, open: () => Anchors | Promise<Anchors>): void {
  describe(`Anchors contract: ${name}`, () => {
    it('a chain of which nothing was kept has no heads', async () => {
      expect(await (await open()).heads('nothing')).toEqual([]);
    });

    it('what was noted is kept once it is flushed, and found by the next process', async () => {
      const anchors = await open();
      anchors.note('kept', head(1));
      await anchors.flush();
      anchors.note('kept', head(7));
      await anchors.flush();
      expect(await anchors.heads('kept')).toEqual([head(1), head(7)]);
      expect(await (await open()).heads('kept')).toEqual([head(1), head(7)]);
    });

    it('heads are in the order of their numbers, also beyond nine', async () => {
      const anchors = await open();
      for (const number of [2, 9, 10, 11, 100]) {
        anchors.note('ordered', head(number));
        await anchors.flush();
      }
      expect((await anchors.heads('ordered')).map(({ number }) => number)).toEqual([2, 9, 10, 11, 100]);
    });

    it('the newest of several that are noted at once is kept', async () => {
      const anchors = await open();
      for (const number of [1, 2, 3]) anchors.note('at-once', head(number));
      await anchors.flush();
      expect((await anchors.heads('at-once')).at(-1)).toEqual(head(3));
    });

    it('chains are apart, also where one name starts with the other', async () => {
      const anchors = await open();
      anchors.note('shop', head(1));
      anchors.note('shop-two', head(2));
      await anchors.flush();
      expect(await anchors.heads('shop')).toEqual([head(1)]);
      expect(await anchors.heads('shop-two')).toEqual([head(2)]);
    });

    it('reading keeps what was noted before', async () => {
      const anchors = await open();
      anchors.note('read', head(4));
      expect(await anchors.heads('read')).toEqual([head(4)]);
    });

    it('a second head for a number is kept beside the first, never in its place', async () => {
      const anchors = await open();
      const other = { ...head(5), hash: Buffer.alloc(32, 255).toString('base64url') };
      for (const one of [head(5), other]) {
        anchors.note('twice', one);
        await anchors.flush();
      }
      expect(await anchors.heads('twice')).toEqual(expect.arrayContaining([head(5), other]));
    });
  });
}
