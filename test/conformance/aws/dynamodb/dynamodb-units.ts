/** The units that are counted on one machine, beside those that DynamoDB Local reports for the same calls. */
import { randomUUID } from 'node:crypto';
import { type ConsumedCapacity, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../functions/adapters/local/store/store.ts';
import type { Units } from '../../../../functions/core/units.ts';
import { createMeter, withMeter } from '../../../../functions/ports/meter.ts';
import { toData } from '../../../../functions/ports/rules/store/store-form.ts';
import type { Key, Store, Write } from '../../../../functions/ports/store.ts';
import { type Local, noise, put, TABLE } from './dynamodb-subject.ts';

export function unitCases(local: () => Local): void {
  describe('SQLite counts as if it were DynamoDB', () => {
    const sqlite = createSqliteStore({ path: ':memory:' });
    afterAll(() => sqlite.close());
    let pk = '';
    beforeEach(() => {
      pk = randomUUID();
      local().proxy.clear();
    });

    const counted = async (store: Store, work: (store: Store) => Promise<unknown>): Promise<Units> => {
      const meter = createMeter({ now: () => 0 });
      await withMeter(meter, () => work(store));
      return meter.read();
    };
    /** The same work on both, one after the other. */
    const expectSame = async (work: (store: Store) => Promise<unknown>): Promise<void> => {
      const theirs = await counted(local().connect(), work);
      expect(await counted(sqlite, work)).toEqual(theirs);
    };

    /** What DynamoDB Local says of one write by itself: it counts those of a transaction wrongly. */
    async function usedAlone(write: Write): Promise<number> {
      const base = { TableName: TABLE, ReturnConsumedCapacity: 'INDEXES' } as const;
      const keyOf = ({ pk, sk }: Key) => ({ pk: { S: pk }, sk: { S: sk } });
      if (!('put' in write)) {
        if (!('delete' in write)) return 2;
        const command = new DeleteItemCommand({ ...base, Key: keyOf(write.delete) });
        return inTransaction((await local().client.send(command)).ConsumedCapacity);
      }
      const { data, due } = write.put;
      const version = ((await sqlite.get(write.put))?.version ?? 0) + 1;
      const Item = {
        ...keyOf(write.put),
        data: toData(JSON.stringify(data)),
        version: { N: String(version) },
        ...(due && { dueQueue: { S: due.queue }, dueAt: { N: String(due.at) } }),
      };
      const { ConsumedCapacity } = await local().client.send(new PutItemCommand({ ...base, Item }));
      return inTransaction(ConsumedCapacity);
    }

    /** Twice on the table, once on its index. */
    const inTransaction = (used: ConsumedCapacity | undefined): number => {
      const index = Object.values(used?.GlobalSecondaryIndexes ?? {});
      const ofIndex = index.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      return 2 * (used?.Table?.CapacityUnits ?? 0) + ofIndex;
    };

    /** Each batch is one transaction, or one put on its version. */
    const writes = async (...batches: Write[][]): Promise<void> => {
      for (const batch of batches) {
        const isSingle = batch.length === 1 && batch[0]?.if !== undefined && 'put' in batch[0];
        if (isSingle) {
          await expectSame((store) => store.transact(batch));
          continue;
        }
        let used = 0;
        for (const write of batch) used += await usedAlone(write);
        const ours = await counted(sqlite, (store) => store.transact(batch));
        expect(ours).toEqual({ 'dynamodb.writeRequestUnit': used });
      }
    };
    const due = (sk: string, at: number | undefined, condition?: Write['if']): Write =>
      ({
        put: { pk, sk, data: noise(300), ...(at !== undefined && { due: { queue: pk, at } }) },
        ...(condition && { if: condition }),
      }) as Write;

    it('writes of any size, alone on a version and in transactions', async () => {
      for (const [at, size] of [1, 500, 880, 940, 1_000, 2_000, 5_000, 40_000, 379_000].entries()) {
        const text = noise(size);
        await writes([put(pk, `k${at}`, text, 'absent'), put(pk, `l${at}`, text)]);
        await writes([put(pk, `k${at}`, text, { version: 1 })]);
        await writes([put(pk, `l${at}`, 'short', { version: 1 })], [put(pk, `l${at}`, text)]);
      }
    });

    it('text of which much is the same, which is packed', async () => {
      for (const count of [10, 100, 2_000]) {
        const list = Array.from({ length: count }, (_, index) => ({ index, name: 'a service', ok: true }));
        await writes([put(pk, `k${count}`, list)], [put(pk, `k${count}`, list, { version: 1 })]);
        await expectSame((store) => store.get({ pk, sk: `k${count}` }));
      }
      await expectSame((store) => store.query({ pk, limit: 10 }));
    });

    it('deletes, of what is there and what is not', async () => {
      await writes([put(pk, 'a', noise(3_000)), put(pk, 'b', 1)]);
      await writes([{ delete: { pk, sk: 'a' } }, { delete: { pk, sk: 'none' } }]);
      await writes([{ delete: { pk, sk: 'b' }, if: { version: 1 } }], [{ delete: { pk, sk: 'none' } }]);
    });

    it('checks: one alone is a read', async () => {
      await writes([put(pk, 'a', noise(3_000))]);
      await expectSame((store) => store.transact([{ check: { pk, sk: 'a' }, if: 'present' }]));
      await expectSame((store) => store.transact([{ check: { pk, sk: 'none' }, if: 'absent' }]));
      await writes([{ check: { pk, sk: 'none' }, if: 'absent' }, put(pk, 'c', 1)]);
    });

    it('entries of the due index: added, kept, moved, removed, alone and in transactions', async () => {
      await writes([due('a', 1), due('b', 2), due('c', undefined)]);
      await writes([due('a', 1, { version: 1 })], [due('a', 9, { version: 2 })]);
      await writes([due('a', undefined, { version: 3 })], [due('a', 5, { version: 4 })]);
      await writes([due('a', 5), due('b', 3), due('c', 7)], [{ delete: { pk, sk: 'b' } }]);
    });

    it('reads: of one, of many, of pages', async () => {
      const items = Array.from({ length: 60 }, (_, at) => put(pk, `k${100 + at}`, noise(30 + 97 * at)));
      await writes(items);
      const key = (at: number) => ({ pk, sk: `k${at}` });
      for (const at of [1, 100, 130, 159]) await expectSame((store) => store.get(key(at)));
      await expectSame((store) => store.getMany([100, 159, 140, 100].map(key)));
      for (const limit of [1, 10, 50, 100])
        for (const mayLag of [false, true]) await expectSame((store) => store.query({ pk, limit, mayLag }));
      await expectSame((store) => store.query({ pk, prefix: 'k11', limit: 50, reverse: true }));
    });
  });
}
