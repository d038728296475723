/** What every Store guarantees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Condition,
  ITEM_MAX_BYTES,
  type Store,
  StoreConflict,
  type Write,
} from '../../functions/ports/store.ts';

export interface StoreSubject {
  store: Store;
  /** Removes what the suite made, and closes the store. */
  dispose(): Promise<void>;
}

let partitions = 0;

/** Runs the suite; each test uses partitions and queues of its own. */
export function storeContract(name: string, makeSubject: () => Promise<StoreSubject>): void {
  describe(`Store contract: ${name}`, () => {
    let subject: StoreSubject;
    let store: Store;
    beforeAll(async () => {
      subject = await makeSubject();
      store = subject.store;
    });
    afterAll(() => subject.dispose());

    const unique = (): string => `p${process.pid}-${Date.now()}-${partitions++}`;
    const put = (pk: string, sk: string, data: unknown = sk, condition?: Condition): Write => ({
      put: { pk, sk, data },
      ...(condition === undefined ? {} : { if: condition }),
    });
    const failedOf = async (work: Promise<void>): Promise<readonly number[]> => {
      const error: unknown = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof StoreConflict)) throw new Error(`no conflict but ${String(error)}`);
      return error.failed;
    };
    /** All sort keys of a partition, page by page. */
    const walk = async (pk: string, limit: number, options: { prefix?: string; reverse?: boolean } = {}) => {
      const keys: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.query({ pk, limit, ...options, ...(after === undefined ? {} : { after }) });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        keys.push(...page.items.map(({ sk }) => sk));
        after = page.next;
        more = after !== undefined;
      }
      return keys;
    };

    describe('reads and writes', () => {
      it('gives back what was put, as JSON, with the key and version 1', async () => {
        const pk = unique();
        const data = {
          text: 'ä\u0000 \u{1f6a2} \u2028',
          list: [1, null, 1.5],
          nested: { __proto: 1 },
          no: undefined,
        };
        await store.transact([put(pk, 'a', data)]);
        expect(await store.get({ pk, sk: 'a' })).toEqual({
          pk,
          sk: 'a',
          data: JSON.parse(JSON.stringify(data)),
          version: 1,
        });
      });

      it('keeps falsy data', async () => {
        const pk = unique();
        for (const data of [null, 0, '', false, []]) {
          await store.transact([put(pk, 'a', data)]);
          expect((await store.get({ pk, sk: 'a' }))?.data).toEqual(data);
        }
      });

      it('answers undefined for what is not there', async () => {
        expect(await store.get({ pk: unique(), sk: 'a' })).toBeUndefined();
      });

      it('counts versions up with each put and starts anew after a delete', async () => {
        const pk = unique();
        for (const version of [1, 2, 3]) {
          await store.transact([put(pk, 'a')]);
          expect((await store.get({ pk, sk: 'a' }))?.version).toBe(version);
        }
        await store.transact([{ delete: { pk, sk: 'a' } }]);
        expect(await store.get({ pk, sk: 'a' })).toBeUndefined();
        await store.transact([put(pk, 'a')]);
        expect((await store.get({ pk, sk: 'a' }))?.version).toBe(1);
      });

      it('isolates stored data from the objects of its callers', async () => {
        const pk = unique();
        const data = { list: [1] };
        const writing = store.transact([put(pk, 'a', data)]);
        data.list.push(2);
        await writing;
        const first = await store.get<typeof data>({ pk, sk: 'a' });
        first?.data.list.push(3);
        expect((await store.get({ pk, sk: 'a' }))?.data).toEqual({ list: [1] });
      });

      it('reads many in the order asked, with gaps', async () => {
        const pk = unique();
        await store.transact([put(pk, 'a'), put(pk, 'b')]);
        const items = await store.getMany([
          { pk, sk: 'b' },
          { pk, sk: 'x' },
          { pk, sk: 'a' },
          { pk, sk: 'b' },
        ]);
        expect(items.map((item) => item?.sk)).toEqual(['b', undefined, 'a', 'b']);
        expect(await store.getMany([])).toEqual([]);
      });

      it('keeps partitions apart, also where one name begins with the other', async () => {
        const pk = unique();
        await store.transact([put(pk, 'a', 1), put(`${pk}a`, 'a', 2), put(`${pk}#`, 'a', 3)]);
        expect((await store.query({ pk, limit: 10 })).items.map(({ data }) => data)).toEqual([1]);
      });

      it('takes a record of the greatest size, and keys of 1 KiB', async () => {
        const pk = unique();
        const data = 'x'.repeat(ITEM_MAX_BYTES - 2);
        const sk = 'k'.repeat(1024);
        await store.transact([put(pk, sk, data)]);
        expect((await store.get({ pk, sk }))?.data).toBe(data);
      });
    });

    describe('transactions', () => {
      it('writes all or nothing, and names every write whose condition failed', async () => {
        const pk = unique();
        await store.transact([put(pk, 'there')]);
        const failed = await failedOf(
          store.transact([
            put(pk, 'new'),
            put(pk, 'there', 2, 'absent'),
            put(pk, 'missing', 3, 'present'),
            { delete: { pk, sk: 'there2' }, if: 'present' },
            { check: { pk, sk: 'there3' }, if: { version: 1 } },
            { check: { pk, sk: 'there4' }, if: 'absent' },
          ]),
        );
        expect(failed).toEqual([1, 2, 3, 4]);
        const { items } = await store.query({ pk, limit: 10 });
        expect(items).toEqual([{ pk, sk: 'there', data: 'there', version: 1 }]);
      });

      it('honours each condition on put, delete and check', async () => {
        const pk = unique();
        const key = { pk, sk: 'a' };
        expect(await failedOf(store.transact([put(pk, 'a', 1, { version: 1 })]))).toEqual([0]);
        await store.transact([put(pk, 'a', 1, 'absent')]);
        await store.transact([{ check: key, if: 'present' }]);
        await store.transact([put(pk, 'a', 2, { version: 1 })]);
        expect(await failedOf(store.transact([put(pk, 'a', 3, { version: 1 })]))).toEqual([0]);
        expect(await failedOf(store.transact([{ delete: key, if: { version: 1 } }]))).toEqual([0]);
        expect(await failedOf(store.transact([{ delete: key, if: 'absent' }]))).toEqual([0]);
        expect(await store.get(key)).toMatchObject({ data: 2, version: 2 });
        await store.transact([{ delete: key, if: { version: 2 } }]);
        await store.transact([
          { check: key, if: 'absent' },
          { delete: { pk, sk: 'b' }, if: 'absent' },
        ]);
        expect(await store.get(key)).toBeUndefined();
      });

      it('a check alone changes nothing', async () => {
        const pk = unique();
        await store.transact([put(pk, 'a')]);
        await store.transact([{ check: { pk, sk: 'a' }, if: { version: 1 } }]);
        expect((await store.get({ pk, sk: 'a' }))?.version).toBe(1);
      });

      it('deletes what is not there without complaint', async () => {
        await store.transact([{ delete: { pk: unique(), sk: 'a' } }]);
      });

      it('lets exactly one of many that put the same absent record through', async () => {
        const pk = unique();
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) => store.transact([put(pk, 'a', index, 'absent')])),
        );
        const won = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
        expect(won).toHaveLength(1);
        for (const result of results)
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StoreConflict);
        expect(await store.get({ pk, sk: 'a' })).toMatchObject({ data: won[0], version: 1 });
      });

      it('loses no update among concurrent read-modify-writes', async () => {
        const pk = unique();
        await store.transact([put(pk, 'counter', 0)]);
        const increment = async (): Promise<void> => {
          for (;;) {
            const item = await store.get<number>({ pk, sk: 'counter' });
            if (!item) throw new Error('the counter is gone');
            try {
              await store.transact([put(pk, 'counter', item.data + 1, { version: item.version })]);
              return;
            } catch (error) {
              if (!(error instanceof StoreConflict)) throw error;
            }
          }
        };
        await Promise.all(Array.from({ length: 15 }, increment));
        expect((await store.get({ pk, sk: 'counter' }))?.data).toBe(15);
      });

      it('a conflict of one transaction does not touch those started with it', async () => {
        const pk = unique();
        await store.transact([put(pk, 'a', 1)]);
        const results = await Promise.allSettled([
          store.transact([put(pk, 'd', 1)]),
          store.transact([put(pk, 'b', 1), put(pk, 'a', 2, 'absent')]),
          store.transact([put(pk, 'c', 1)]),
        ]);
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(await walk(pk, 10)).toEqual(['a', 'c', 'd']);
      });

      it('does nothing for no writes', async () => {
        await store.transact([]);
      });
    });

    describe('bad input is refused, and nothing is written', () => {
      const bad: [string, (pk: string) => Write[]][] = [
        ['the same key twice', (pk) => [put(pk, 'a'), { delete: { pk, sk: 'a' } }]],
        ['101 writes', (pk) => Array.from({ length: 101 }, (_, index) => put(pk, `k${index}`))],
        ['a record over the size', (pk) => [put(pk, 'a'), put(pk, 'b', 'x'.repeat(ITEM_MAX_BYTES))]],
        ['a record over the size in bytes only', (pk) => [put(pk, 'b', 'ä'.repeat(ITEM_MAX_BYTES / 2))]],
        ['an empty partition', (pk) => [put(pk, 'a'), put('', 'a')]],
        ['an empty sort key', (pk) => [put(pk, 'a'), put(pk, '')]],
        ['a partition over 1 KiB', (pk) => [put(pk, 'a'), put('p'.repeat(1025), 'a')]],
        ['a sort key over 1 KiB in bytes', (pk) => [put(pk, 'a'), put(pk, 'ä'.repeat(513))]],
        ['half a surrogate pair in a key', (pk) => [put(pk, 'a'), put(pk, 'b\ud83d')]],
        ['data that is no JSON', (pk) => [put(pk, 'a'), { put: { pk, sk: 'b', data: undefined } }]],
        ['an empty queue', (pk) => [{ put: { pk, sk: 'b', data: 1, due: { queue: '', at: 1 } } }]],
        [
          'a due time that is no number',
          (pk) => [{ put: { pk, sk: 'b', data: 1, due: { queue: 'q', at: Number.NaN } } }],
        ],
      ];
      it.each(bad)('%s', async (_, writes) => {
        const pk = unique();
        const error: unknown = await store.transact(writes(pk)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(StoreConflict);
        expect((await store.query({ pk, limit: 10 })).items).toEqual([]);
      });

      it.each([0, -1, 1.5, 1001, Number.NaN])('a limit of %s', async (limit) => {
        await expect(store.query({ pk: unique(), limit })).rejects.toThrow(RangeError);
        await expect(store.due({ queue: unique(), before: 1, limit })).rejects.toThrow(RangeError);
      });

      it('more than 100 keys at once', async () => {
        const keys = Array.from({ length: 101 }, () => ({ pk: 'a', sk: 'b' }));
        await expect(store.getMany(keys)).rejects.toThrow(RangeError);
      });
    });

    describe('queries', () => {
      it('pages through a partition in both directions without a gap or a repeat', async () => {
        const pk = unique();
        const keys = Array.from({ length: 25 }, (_, index) => `k${String(index).padStart(3, '0')}`);
        await store.transact(keys.map((sk) => put(pk, sk)));
        for (const limit of [1, 7, 24, 25, 26, 1000]) {
          expect(await walk(pk, limit)).toEqual(keys);
          expect(await walk(pk, limit, { reverse: true })).toEqual(keys.toReversed());
        }
      });

      it('names no next page on the last one, also when it is full', async () => {
        const pk = unique();
        await store.transact([put(pk, 'a'), put(pk, 'b')]);
        expect((await store.query({ pk, limit: 2 })).next).toBeUndefined();
        expect((await store.query({ pk, limit: 1 })).next).toBe('a');
        expect(await store.query({ pk: unique(), limit: 1 })).toEqual({ items: [] });
      });

      it('keeps to a prefix, with `after` inside, before and behind it', async () => {
        const pk = unique();
        await store.transact(['a', 'b', 'b#1', 'b#2', 'b#3', 'b$', 'c'].map((sk) => put(pk, sk)));
        const keys = async (options: { after?: string; reverse?: boolean }) =>
          (await store.query({ pk, prefix: 'b#', limit: 10, ...options })).items.map(({ sk }) => sk);
        expect(await keys({})).toEqual(['b#1', 'b#2', 'b#3']);
        expect(await keys({ after: 'b#1' })).toEqual(['b#2', 'b#3']);
        expect(await keys({ after: 'a' })).toEqual(['b#1', 'b#2', 'b#3']);
        expect(await keys({ after: 'c' })).toEqual([]);
        expect(await keys({ reverse: true })).toEqual(['b#3', 'b#2', 'b#1']);
        expect(await keys({ reverse: true, after: 'b#3' })).toEqual(['b#2', 'b#1']);
        expect(await keys({ reverse: true, after: 'c' })).toEqual(['b#3', 'b#2', 'b#1']);
        expect(await keys({ reverse: true, after: 'a' })).toEqual([]);
        for (const limit of [1, 2])
          expect(await walk(pk, limit, { prefix: 'b#' })).toEqual(['b#1', 'b#2', 'b#3']);
      });

      it('takes wildcards and quotes in prefixes literally', async () => {
        const pk = unique();
        await store.transact(['a%', 'a_b', 'axb', "a'b", 'a*'].map((sk) => put(pk, sk)));
        for (const prefix of ['a%', 'a_', "a'", 'a*']) expect(await walk(pk, 10, { prefix })).toHaveLength(1);
      });

      it('orders sort keys by their UTF-8 bytes', async () => {
        const pk = unique();
        // UTF-16 order would put the emoji (U+1F6A2, surrogates) before U+FF5E and U+FFFD.
        const keys = [
          'A',
          'Z',
          'a',
          'z',
          'zz',
          'é',
          '\u07ff',
          '\ud7ff',
          '\ue000',
          '～',
          '\ufffd',
          '🚢',
          '\u{10ffff}',
        ];
        await store.transact(keys.toReversed().map((sk) => put(pk, sk)));
        for (const limit of [1, 3, 100]) {
          expect(await walk(pk, limit)).toEqual(keys);
          expect(await walk(pk, limit, { reverse: true })).toEqual(keys.toReversed());
        }
      });

      it('keeps to prefixes at the edges of Unicode', async () => {
        const pk = unique();
        const keys = [
          '\u007fa',
          '\u0080a',
          '\ud7ffa',
          '\ue000a',
          '🚢a',
          '🚢b',
          '🚣a',
          '\u{10ffff}a',
          '\u{10ffff}\u{10ffff}',
        ];
        await store.transact(keys.map((sk) => put(pk, sk)));
        for (const prefix of new Set(keys.map((key) => Array.from(key)[0] ?? ''))) {
          const expected = keys.filter((key) => key.startsWith(prefix));
          expect(await walk(pk, 2, { prefix })).toEqual(expected);
          expect(await walk(pk, 1, { prefix, reverse: true })).toEqual(expected.toReversed());
        }
      });

      it('compares `after` with a prefix by bytes too', async () => {
        const pk = unique();
        await store.transact(['～a', '～b', '🚢a', '🚢b'].map((sk) => put(pk, sk)));
        const keys = async (prefix: string, after: string, reverse: boolean) =>
          (await store.query({ pk, prefix, after, reverse, limit: 10 })).items.map(({ sk }) => sk);
        expect(await keys('～', '🚢', false)).toEqual([]);
        expect(await keys('🚢', '～b', false)).toEqual(['🚢a', '🚢b']);
        expect(await keys('～', '🚢a', true)).toEqual(['～b', '～a']);
        expect(await keys('🚢', '～b', true)).toEqual([]);
      });

      it('goes on behind a key that was deleted between two pages', async () => {
        const pk = unique();
        await store.transact(['a', 'b', 'c'].map((sk) => put(pk, sk)));
        const { next } = await store.query({ pk, limit: 2 });
        await store.transact([{ delete: { pk, sk: 'b' } }]);
        const after = next === undefined ? {} : { after: next };
        expect((await store.query({ pk, limit: 2, ...after })).items.map(({ sk }) => sk)).toEqual(['c']);
      });

      it('refuses a record that is too large in words, and keeps nothing of its transaction', async () => {
        const pk = unique();
        const data = { text: 'a'.repeat(ITEM_MAX_BYTES) };
        const writes: Write[] = [
          { put: { pk, sk: 'small', data: {} }, if: 'absent' },
          { put: { pk, sk: 'large', data }, if: 'absent' },
        ];
        await expect(store.transact(writes)).rejects.toMatchObject({ code: 'payload_too_large' });
        expect((await store.query({ pk, limit: 10 })).items).toEqual([]);
      });

      it('gives large records in pages that a program can hold', async () => {
        const pk = unique();
        const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
        for (const sk of keys) await store.transact([put(pk, sk, 'x'.repeat(300_000))]);
        expect(await walk(pk, 1000)).toEqual(keys);
        expect((await store.query({ pk, limit: 1000 })).items.length).toBeLessThan(8);
      });
    });

    describe('the due index', () => {
      const due = (pk: string, sk: string, queue: string, at: number): Write => ({
        put: { pk, sk, data: sk, due: { queue, at } },
      });

      it('gives what is due in a queue, the most overdue first, and no more than asked', async () => {
        const [pk, queue] = [unique(), unique()];
        await store.transact([
          due(pk, 'c', queue, 3000),
          due(pk, 'a', queue, 1000),
          due(pk, 'b', queue, 2000),
          due(pk, 'other', `${queue}x`, 500),
          put(pk, 'never'),
        ]);
        const keys = async (before: number, limit: number) =>
          (await store.due({ queue, before, limit })).map(({ sk }) => sk);
        expect(await keys(999, 10)).toEqual([]);
        expect(await keys(2000, 10)).toEqual(['a', 'b']);
        expect(await keys(9999, 2)).toEqual(['a', 'b']);
        expect(await keys(9999, 10)).toEqual(['a', 'b', 'c']);
      });

      it('gives whole records, with their due time', async () => {
        const [pk, queue] = [unique(), unique()];
        await store.transact([due(pk, 'a', queue, Date.UTC(2026, 0, 1))]);
        const expected = { pk, sk: 'a', data: 'a', version: 1, due: { queue, at: Date.UTC(2026, 0, 1) } };
        expect(await store.due({ queue, before: Date.UTC(2027, 0, 1), limit: 1 })).toEqual([expected]);
        expect(await store.get({ pk, sk: 'a' })).toEqual(expected);
      });

      it('moves with a put, and is left by a put without it and by a delete', async () => {
        const [pk, queue] = [unique(), unique()];
        const count = async (before: number) => (await store.due({ queue, before, limit: 10 })).length;
        await store.transact([due(pk, 'a', queue, 1000), due(pk, 'b', queue, 1000)]);
        await store.transact([due(pk, 'a', queue, 5000)]);
        expect(await count(1000)).toBe(1);
        expect(await count(5000)).toBe(2);
        await store.transact([put(pk, 'a')]);
        expect(await count(5000)).toBe(1);
        await store.transact([{ delete: { pk, sk: 'b' } }]);
        expect(await count(5000)).toBe(0);
      });
    });

    describe('changed', () => {
      const settled = async (wait: Promise<void>, withinMs: number): Promise<boolean> =>
        Promise.race([
          wait.then(() => true),
          new Promise<boolean>((resolve) => setTimeout(resolve, withinMs, false)),
        ]);

      it.each<[string, (pk: string) => Write]>([
        ['put', (pk) => put(pk, 'b')],
        ['delete', (pk) => ({ delete: { pk, sk: 'a' } })],
      ])('resolves on a %s in the partition', async (_, write) => {
        const pk = unique();
        await store.transact([put(pk, 'a')]);
        const wait = store.changed(pk, { timeoutMs: 20_000 });
        await store.transact([write(pk)]);
        expect(await settled(wait, 5000)).toBe(true);
      });

      it('lets its caller see the change', async () => {
        const pk = unique();
        const seen = store.changed(pk, { timeoutMs: 20_000 }).then(() => store.get({ pk, sk: 'a' }));
        await store.transact([put(pk, 'a', 'new')]);
        expect((await seen)?.data).toBe('new');
      });

      it('wakes all who wait', async () => {
        const pk = unique();
        const waits = Array.from({ length: 50 }, () => store.changed(pk, { timeoutMs: 20_000 }));
        await store.transact([put(pk, 'a')]);
        await Promise.all(waits);
      });

      it('resolves when the time is over, and when the signal aborts or has aborted', async () => {
        const pk = unique();
        const hold = setTimeout(() => {}, 30_000);
        await store.changed(pk, { timeoutMs: 20 });
        await store.changed(pk, { timeoutMs: 0 });
        const abort = new AbortController();
        const wait = store.changed(pk, { timeoutMs: 20_000, signal: abort.signal });
        abort.abort(new Error('gone'));
        await wait;
        await store.changed(pk, { timeoutMs: 20_000, signal: abort.signal });
        clearTimeout(hold);
      });
    });
  });
}
