/** Each fault on the way to DynamoDB, with its outcome: nothing twice, nothing lost. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Problem, TransientError } from '../../../../functions/core/problem.ts';
import { type Store, StoreConflict, type Write } from '../../../../functions/ports/store.ts';
import { awsError, type FaultRule } from '../../support/faults.ts';
import { type Local, put } from './dynamodb-subject.ts';

const THROTTLE = awsError(400, 'ThrottlingException');
type Fault = FaultRule['fault'];

const faults: [string, Fault][] = [
  ['a throttle', THROTTLE],
  ['a throughput exceeded', awsError(400, 'ProvisionedThroughputExceededException')],
  ['a 500', awsError(500, 'InternalServerError')],
  ['a 503 that is no JSON', { status: 503, body: 'gone' }],
  ['a connection reset', 'cut'],
  ['a reset after the effect', 'lose'],
  ['an answer cut off', 'break'],
  ['a time-out after the effect', 'silence'],
  ['a 500 after the effect', 'error'],
];

/** Milliseconds: short only where the case is to run into it, as the machine may be busy. */
const timeoutFor = (fault: Fault): number => (fault === 'silence' ? 700 : 20_000);

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
        expect(local().proxy.actions.length).toBeGreaterThan(1);
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
      expect(local().proxy.actions.length).toBeLessThanOrEqual(4 * attempts.length);
      const reaches = typeof fault === 'string' && fault !== 'cut';
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
      local().proxy.add({ fault: 'lose', between });
      await expect(faulty.transact([put(pk, 'a', 'ours', { version: 1 })])).rejects.toThrow(TransientError);
      expect(await read('a')).toMatchObject({ data: 'theirs', version: 3 });
    });

    it('a lost request, and then others write the same version: a conflict', async () => {
      await local().store.transact([put(pk, 'a', 'old')]);
      local().proxy.add({ fault: 'cut' });
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
      local().proxy.add({ fault: 'lose', between });
      const write = { delete: { pk, sk: 'lock' }, ...(condition && { if: condition }) };
      await faulty.transact([write as Write]);
      expect(await read('lock')).toMatchObject({ data: 'theirs', version: 1 });
    });

    it('a put without a condition whose answer is lost does not undo what others then put', async () => {
      const between = () => local().store.transact([put(pk, 'a', 'theirs', { version: 1 })]);
      local().proxy.add({ fault: 'silence', between });
      faulty = local().connect({ requestTimeout: timeoutFor('silence') });
      await faulty.transact([put(pk, 'a', 'ours')]);
      expect(await read('a')).toMatchObject({ data: 'theirs', version: 2 });
    });

    describe('transactions that meet others', () => {
      const cancelled = (...codes: string[]): Fault =>
        awsError(400, 'TransactionCanceledException', {
          CancellationReasons: codes.map((Code) => ({ Code })),
        });

      it('are tried again, until they pass', async () => {
        local().proxy.add({ fault: cancelled('None', 'TransactionConflict'), times: 2 });
        await faulty.transact([put(pk, 'a', 1), put(pk, 'b', 1, 'absent')]);
        expect(local().proxy.actions).toHaveLength(3);
        expect(await read('b')).toMatchObject({ version: 1 });
      });

      it('one put as well', async () => {
        await local().store.transact([put(pk, 'a', 1)]);
        local().proxy.add({ fault: awsError(400, 'TransactionConflictException'), times: 2 });
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
      local().proxy.add({ fault: awsError(400, 'AccessDeniedException') });
      await expect(faulty.get({ pk, sk: 'a' })).rejects.toMatchObject({ code: 'unavailable' });
      expect(local().proxy.actions).toHaveLength(1);
    });
  });
}
