/** What a store on DynamoDB holds beyond its contract. Each case states the outcome of a fault. */
import { randomBytes, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DynamoStoreOptions } from '../../../functions/adapters/aws/store.ts';
import { Problem, TransientError } from '../../../functions/core/problem.ts';
import { type Store, StoreConflict, type Write } from '../../../functions/ports/store.ts';
import { awsError, type Fault, type FaultProxy } from '../support/faults.ts';

export interface ConnectOptions extends Partial<DynamoStoreOptions> {
  /** Milliseconds. */
  requestTimeout?: number;
}

export interface Local {
  proxy: FaultProxy;
  /** Reaches the server without the proxy. */
  store: Store;
  /** Another, through the proxy, with retries of its own to spend. */
  connect(options?: ConnectOptions): Store;
}

const THROTTLE = awsError('ThrottlingException');
const faults: [string, Fault][] = [
  ['a throttle', THROTTLE],
  ['a throughput exceeded', awsError('ProvisionedThroughputExceededException')],
  ['a 500', awsError('InternalServerError', 500)],
  ['a 503 that is no JSON', { status: 503, body: 'gone' }],
  ['a connection reset', 'reset'],
  ['a reset after the effect', 'resetAfterEffect'],
  ['an answer cut off', 'cutAfterEffect'],
  ['a time-out after the effect', 'silentAfterEffect'],
  ['a 500 after the effect', 'errorAfterEffect'],
];

const put = (pk: string, sk: string, data: unknown, condition?: Write['if']): Write =>
  ({ put: { pk, sk, data }, ...(condition !== undefined && { if: condition }) }) as Write;

/** Milliseconds: short only where the case is to run into it, as the machine may be busy. */
const timeoutFor = (fault: Fault): number => (fault === 'silentAfterEffect' ? 700 : 20_000);

/** Text that hardly gets smaller. */
const noise = (length: number): string => randomBytes(length).toString('base64').slice(0, length);

export function faultCases(local: () => Local): void {
  describe('faults', () => {
    let pk = '';
    let faulty: Store;
    beforeEach(() => {
      pk = randomUUID();
      local().proxy.clear();
      faulty = local().connect();
    });
    const read = (sk: string) => local().store.get({ pk, sk });

    describe.each(faults)('%s: the write happens, once, and without a conflict', (_, fault) => {
      beforeEach(async () => {
        await local().store.transact([put(pk, 'a', 'old'), put(pk, 'b', 'old')]);
        faulty = local().connect({ requestTimeout: timeoutFor(fault) });
        local().proxy.add({ fault });
      });

      it.each<[string, Write['if'] | undefined]>([
        ['on its version', { version: 1 }],
        ['on its presence', 'present'],
        ['without a condition', undefined],
      ])('a put %s', async (_name, condition) => {
        await faulty.transact([put(pk, 'a', 'new', condition)]);
        expect(await read('a')).toMatchObject({ data: 'new', version: 2 });
        expect(local().proxy.operations.length).toBeGreaterThan(1);
      });

      it('a put of what is absent', async () => {
        await faulty.transact([put(pk, 'c', 'new', 'absent')]);
        expect(await read('c')).toMatchObject({ data: 'new', version: 1 });
      });

      it('a delete on its version', async () => {
        await faulty.transact([{ delete: { pk, sk: 'a' }, if: { version: 1 } }]);
        expect(await read('a')).toBeUndefined();
      });

      it('a transaction', async () => {
        await faulty.transact([
          put(pk, 'a', 'new', { version: 1 }),
          put(pk, 'c', 'new', 'absent'),
          put(pk, 'd', 'new'),
          { delete: { pk, sk: 'b' }, if: 'present' },
        ]);
        const { items } = await local().store.query({ pk, limit: 10 });
        expect(items.map(({ sk, version }) => [sk, version])).toEqual([
          ['a', 2],
          ['c', 1],
          ['d', 1],
        ]);
      });

      it('a conflict stays one', async () => {
        await expect(faulty.transact([put(pk, 'a', 1, 'absent')])).rejects.toThrow(StoreConflict);
        local().proxy.add({ fault });
        await expect(
          faulty.transact([put(pk, 'x', 1), put(pk, 'a', 1, { version: 7 })]),
        ).rejects.toMatchObject({ failed: [1] });
        expect(await read('x')).toBeUndefined();
      });

      it('reads', async () => {
        expect(await faulty.get({ pk, sk: 'a' })).toMatchObject({ data: 'old' });
        local().proxy.add({ fault });
        const keys = ['b', 'x', 'a'].map((sk) => ({ pk, sk }));
        expect((await faulty.getMany(keys)).map((item) => item?.sk)).toEqual(['b', undefined, 'a']);
        local().proxy.add({ fault });
        expect((await faulty.query({ pk, limit: 10 })).items).toHaveLength(2);
        local().proxy.add({ fault });
        expect(await faulty.due({ queue: pk, before: 1, limit: 1 })).toEqual([]);
      });
    });

    it.each(faults)('%s that stays: transient after a few tries, and nothing twice', async (_, fault) => {
      await local().store.transact([put(pk, 'a', 'old'), put(pk, 'b', 'old')]);
      local().proxy.add({ fault, times: 100 });
      const attempts = [
        (store: Store) => store.transact([put(pk, 'a', 'new', { version: 1 })]),
        (store: Store) => store.transact([put(pk, 'b', 'new'), put(pk, 'c', 'new', 'absent')]),
        (store: Store) => store.get({ pk, sk: 'a' }),
      ].map((attempt) => attempt(local().connect({ requestTimeout: timeoutFor(fault) })));
      for (const result of await Promise.allSettled(attempts))
        expect(result).toMatchObject({ status: 'rejected', reason: expect.any(TransientError) });
      expect(local().proxy.operations.length).toBeLessThanOrEqual(4 * attempts.length);
      const reaches = typeof fault === 'string' && fault.endsWith('Effect');
      const { items } = await local().store.query({ pk, limit: 10 });
      expect(items.map(({ sk, version }) => [sk, version])).toEqual(
        reaches
          ? [
              ['a', 2],
              ['b', 2],
              ['c', 1],
            ]
          : [
              ['a', 1],
              ['b', 1],
            ],
      );
    });

    it('a lost answer, and then others write: theirs stays, and ours is no conflict', async () => {
      await local().store.transact([put(pk, 'a', 'old')]);
      const between = () => local().store.transact([put(pk, 'a', 'theirs', { version: 2 })]);
      local().proxy.add({ fault: 'resetAfterEffect', between });
      await expect(faulty.transact([put(pk, 'a', 'ours', { version: 1 })])).rejects.toThrow(TransientError);
      expect(await read('a')).toMatchObject({ data: 'theirs', version: 3 });
    });

    it('a lost request, and then others write the same version: a conflict', async () => {
      await local().store.transact([put(pk, 'a', 'old')]);
      local().proxy.add({ fault: 'reset' });
      await local().store.transact([put(pk, 'a', 'theirs', { version: 1 })]);
      await expect(faulty.transact([put(pk, 'a', 'ours', { version: 1 })])).rejects.toThrow(StoreConflict);
      expect(await read('a')).toMatchObject({ data: 'theirs', version: 2 });
    });

    it.each<[string, Write['if'] | undefined]>([
      ['on a version', { version: 1 }],
      ['without a condition', undefined],
    ])('a delete %s whose answer is lost does not delete what others then put', async (_, condition) => {
      await local().store.transact([put(pk, 'lock', 'ours')]);
      const between = () => local().store.transact([put(pk, 'lock', 'theirs', 'absent')]);
      local().proxy.add({ fault: 'resetAfterEffect', between });
      const write = { delete: { pk, sk: 'lock' }, ...(condition && { if: condition }) };
      await faulty.transact([write as Write]);
      expect(await read('lock')).toMatchObject({ data: 'theirs', version: 1 });
    });

    it('a put without a condition whose answer is lost does not undo what others then put', async () => {
      const between = () => local().store.transact([put(pk, 'a', 'theirs', { version: 1 })]);
      local().proxy.add({ fault: 'silentAfterEffect', between });
      faulty = local().connect({ requestTimeout: timeoutFor('silentAfterEffect') });
      await faulty.transact([put(pk, 'a', 'ours')]);
      expect(await read('a')).toMatchObject({ data: 'theirs', version: 2 });
    });

    describe('transactions that meet others', () => {
      const cancelled = (...codes: string[]): Fault =>
        awsError('TransactionCanceledException', 400, {
          CancellationReasons: codes.map((Code) => ({ Code })),
        });

      it('are tried again, until they pass', async () => {
        local().proxy.add({ fault: cancelled('None', 'TransactionConflict'), times: 2 });
        await faulty.transact([put(pk, 'a', 1), put(pk, 'b', 1, 'absent')]);
        expect(local().proxy.operations).toHaveLength(3);
        expect(await read('b')).toMatchObject({ version: 1 });
      });

      it('one put as well', async () => {
        await local().store.transact([put(pk, 'a', 1)]);
        local().proxy.add({ fault: awsError('TransactionConflictException'), times: 2 });
        await faulty.transact([put(pk, 'a', 2, { version: 1 })]);
        expect(await read('a')).toMatchObject({ data: 2, version: 2 });
      });

      it('name every condition that fails, also where the first answer hides some', async () => {
        local().proxy.add({ fault: cancelled('ConditionalCheckFailed', 'TransactionConflict') });
        const writes = [put(pk, 'a', 1, 'present'), put(pk, 'b', 1, { version: 1 })];
        await expect(faulty.transact(writes)).rejects.toMatchObject({ failed: [0, 1] });
      });

      it('end as transient where it does not end', async () => {
        local().proxy.add({ fault: cancelled('TransactionConflict', 'None'), times: 100 });
        await expect(faulty.transact([put(pk, 'a', 1), put(pk, 'b', 1)])).rejects.toThrow(TransientError);
        expect(await read('a')).toBeUndefined();
      });
    });

    it('a table that is not there is told in words', async () => {
      const store = local().connect({ table: 'missing' });
      const error: unknown = await store.get({ pk, sk: 'a' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('missing') });
    });

    it('access denied is told in words, and not tried again', async () => {
      local().proxy.add({ fault: awsError('AccessDeniedException') });
      await expect(faulty.get({ pk, sk: 'a' })).rejects.toMatchObject({ code: 'unavailable' });
      expect(local().proxy.operations).toHaveLength(1);
    });
  });
}

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
      expect(local().proxy.operations.length).toBeGreaterThan(1);
    });

    it('a batch that gives nothing is tried again, and is transient where that goes on', async () => {
      const Keys = ['a', 'b'].map((sk) => ({ pk: { S: pk }, sk: { S: sk } }));
      const keys = ['a', 'b'].map((sk) => ({ pk, sk }));
      const fault = {
        status: 200,
        body: { Responses: {}, UnprocessedKeys: { berth: { Keys, ConsistentRead: true } } },
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
      expect(local().proxy.operations).toEqual([]);
    });

    it('the due index lags behind: what it names is read itself, and dropped where it has moved on', async () => {
      const due = (sk: string, at: number): Write => ({ put: { pk, sk, data: sk, due: { queue: pk, at } } });
      await local().store.transact([due('now', 1), due('later', 9), put(pk, 'never', 1)]);
      const Items = ['gone', 'later', 'never', 'now'].map((sk) => ({ pk: { S: pk }, sk: { S: sk } }));
      local().proxy.add({ fault: { status: 200, body: { Items, Count: 4 } }, operation: 'Query' });
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
    const bill = { rru: 0, wru: 0 };
    let store: Store;
    let pk = '';
    beforeEach(() => {
      pk = randomUUID();
      store = local().connect({ meter: { add: (unit, amount) => void (bill[unit] += amount) } });
      local().proxy.clear();
    });
    const costOf = async (work: () => Promise<unknown>) => {
      Object.assign(bill, { rru: 0, wru: 0 });
      await work();
      return { ...bill };
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
