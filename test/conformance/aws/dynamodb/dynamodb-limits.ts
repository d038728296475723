/** DynamoDB's limits and its bill. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../../../functions/core/problem.ts';
import { createMeter, withMeter } from '../../../../functions/ports/meter.ts';
import type { Store, Write } from '../../../../functions/ports/store.ts';
import { type Local, noise, put } from './dynamodb-subject.ts';

export function limitCases(local: () => Local): void {
  describe("DynamoDB's limits", () => {
    let pk = '';
    let faulty: Store;
    beforeEach(() => {
      pk = randomUUID();
      local().proxy.clear();
      faulty = local().connect();
    });

    it('pages of 1 MB: none is lost and none comes twice, in both directions', async () => {
      const keys = Array.from({ length: 30 }, (_, index) => `k${String(index).padStart(2, '0')}`);
      for (const sk of keys) await local().store.transact([put(pk, sk, noise(90_000))]);
      for (const reverse of [false, true]) {
        const seen: string[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const page = await faulty.query({ pk, limit: 1000, reverse, ...(after && { after }) });
          seen.push(...page.items.map(({ sk }) => sk));
          after = page.next;
          more = after !== undefined;
        }
        expect(seen).toEqual(reverse ? keys.toReversed() : keys);
      }
    });

    it('answers of 16 MB: what a batch leaves out is asked for again', async () => {
      const keys = Array.from({ length: 60 }, (_, index) => ({ pk, sk: `k${index}` }));
      await Promise.all(keys.map((key) => local().store.transact([put(key.pk, key.sk, noise(379_000))])));
      const items = await faulty.getMany(keys);
      expect(items.map((item) => item?.sk)).toEqual(keys.map(({ sk }) => sk));
      expect(local().proxy.actions.length).toBeGreaterThan(1);
    });

    it('a batch that gives nothing is tried again, and is transient where that goes on', async () => {
      const Keys = ['a', 'b'].map((sk) => ({ pk: { S: pk }, sk: { S: sk } }));
      const keys = ['a', 'b'].map((sk) => ({ pk, sk }));
      const fault = {
        status: 200,
        body: JSON.stringify({
          Responses: {},
          UnprocessedKeys: { berth: { Keys, ConsistentRead: true } },
        }),
      };
      await local().store.transact([put(pk, 'a', 1)]);
      local().proxy.add({ fault, times: 2 });
      expect((await faulty.getMany(keys)).map((item) => item?.data)).toEqual([1, undefined]);
      local().proxy.add({ fault, times: 100 });
      await expect(faulty.getMany(keys)).rejects.toThrow(TransientError);
    });

    it('a transaction over 4 MB is refused before it is sent', async () => {
      const writes = Array.from({ length: 20 }, (_, index) => put(pk, `k${index}`, noise(379_000)));
      await expect(faulty.transact(writes)).rejects.toThrow(RangeError);
      expect(local().proxy.actions).toEqual([]);
    });

    it('the due index lags behind: what it names is read itself, and dropped where it has moved on', async () => {
      const due = (sk: string, at: number): Write => ({ put: { pk, sk, data: sk, due: { queue: pk, at } } });
      await local().store.transact([due('now', 1), due('later', 9), put(pk, 'never', 1)]);
      const Items = ['gone', 'later', 'never', 'now'].map((sk) => ({ pk: { S: pk }, sk: { S: sk } }));
      local().proxy.add({
        fault: { status: 200, body: JSON.stringify({ Items, Count: 4 }) },
        action: 'Query',
      });
      const items = await faulty.due({ queue: pk, before: 5, limit: 10 });
      expect(items.map(({ sk }) => sk)).toEqual(['now']);
    });

    it('gives all that is due, however much, the most overdue first', async () => {
      const at = (index: number) => (index * 37) % 250;
      for (let start = 0; start < 250; start += 50)
        await local().store.transact(
          Array.from({ length: 50 }, (_, offset) => ({
            put: { pk, sk: `k${start + offset}`, data: 1, due: { queue: pk, at: at(start + offset) } },
          })),
        );
      const items = await faulty.due({ queue: pk, before: 1000, limit: 1000 });
      expect(items.map(({ due }) => due?.at)).toEqual(Array.from({ length: 250 }, (_, index) => index));
    });
  });
}

export function billCases(local: () => Local): void {
  describe('the bill', () => {
    let store: Store;
    let pk = '';
    beforeEach(() => {
      pk = randomUUID();
      store = local().connect();
      local().proxy.clear();
    });
    const costOf = async (work: () => Promise<unknown>) => {
      const meter = createMeter({ now: () => 0 });
      await withMeter(meter, work);
      const { 'dynamodb.readRequestUnit': rru = 0, 'dynamodb.writeRequestUnit': wru = 0 } = meter.read();
      return { rru, wru };
    };
    /** A record as Berth's are: JSON of about half a KiB. */
    const record = { text: noise(400) };

    it('of reads: one unit for a record, two for a list of 50 that are small', async () => {
      await store.transact(Array.from({ length: 50 }, (_, index) => put(pk, `k${index}`, noise(60))));
      expect(await costOf(() => store.get({ pk, sk: 'k1' }))).toEqual({ rru: 1, wru: 0 });
      expect(await costOf(() => store.get({ pk, sk: 'none' }))).toEqual({ rru: 1, wru: 0 });
      const list = await costOf(() => store.query({ pk, limit: 50 }));
      expect(list.rru).toBeLessThanOrEqual(3);
      expect(await costOf(() => store.transact([{ check: { pk, sk: 'k1' }, if: 'present' }]))).toEqual({
        rru: 1,
        wru: 0,
      });
    });

    it('of writes: one unit on a version, two each inside a transaction, one more on the due index', async () => {
      const two = [put(pk, 'a', record, 'absent'), put(pk, 'b', record)];
      expect(await costOf(() => store.transact(two))).toEqual({ rru: 0, wru: 4 });
      const one = put(pk, 'a', record, { version: 1 });
      expect(await costOf(() => store.transact([one]))).toEqual({ rru: 0, wru: 1 });
      const due: Write = {
        put: { pk, sk: 'a', data: record, due: { queue: pk, at: 1 } },
        if: { version: 2 },
      };
      expect(await costOf(() => store.transact([due]))).toEqual({ rru: 0, wru: 2 });
    });

    it('of conflicts: as if they had been written', async () => {
      await store.transact([put(pk, 'a', record)]);
      const conflict = (writes: Write[]) => store.transact(writes).catch(() => undefined);
      expect(await costOf(() => conflict([put(pk, 'a', record, { version: 9 })]))).toEqual({
        rru: 0,
        wru: 1,
      });
      expect(await costOf(() => conflict([put(pk, 'a', record, 'absent')]))).toEqual({ rru: 0, wru: 2 });
    });

    it('large JSON is packed, and comes back as it was', async () => {
      const data = {
        list: Array.from({ length: 500 }, (_, index) => ({ index, name: 'a service', ok: true })),
      };
      await store.transact([put(pk, 'a', 1)]);
      const { wru } = await costOf(() => store.transact([put(pk, 'a', data, { version: 1 })]));
      expect(wru).toBeLessThan(JSON.stringify(data).length / 1024 / 3);
      expect((await store.get({ pk, sk: 'a' }))?.data).toEqual(data);
    });

    it('nothing in all of these cases ever scanned the table', () => {
      expect([...local().proxy.seen].sort()).toEqual([
        'BatchGetItem',
        'GetItem',
        'PutItem',
        'Query',
        'TransactWriteItems',
      ]);
    });
  });
}
