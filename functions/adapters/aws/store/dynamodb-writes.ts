/** The writing half of the DynamoDB store. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { TransientError } from '../../../core/problem.ts';
import { count } from '../../../ports/meter.ts';
import { holds, type PreparedWrite, prepareWrites } from '../../../ports/rules/store/store-checks.ts';
import { toData } from '../../../ports/rules/store/store-form.ts';
import { isSingleCheck, isSinglePut, writeUnits } from '../../../ports/rules/store/store-units.ts';
import { type Condition, type Key, StoreConflict, type Write } from '../../../ports/store.ts';
import { isAws } from '../sdk-errors.ts';
import { type Counted, isTransactionConflict, persist, WRITE_UNIT } from './store-calls.ts';
import { type Attributes, sizeOf, toKey, versionOf } from './store-item.ts';

/** DynamoDB's limit for all items of a transaction together. */
const TRANSACTION_MAX_BYTES = 4 * 1024 * 1024;

interface Sized extends PreparedWrite {
  value?: AttributeValue;
  bytes: number;
}

export interface WriterOptions {
  client: DynamoDBClient;
  table: string;
  counted: Counted;
  /** Reads an item as it is stored, strongly consistent. */
  read(key: Key): Promise<Attributes | undefined>;
}

export function createWriter(options: WriterOptions): (writes: readonly Write[]) => Promise<void> {
  const { client, table, counted, read } = options;

  /**
   * One put on a known version, the way that steps write, as a PutItem: half the price. It leaves a token, since
   * the SDK sends it again when its answer is lost, and then it meets itself.
   */
  async function putVersion(write: Sized, version: number): Promise<void> {
    const token = randomBytes(9).toString('base64url');
    const command = new PutItemCommand({
      TableName: table,
      Item: { ...itemOf(write, version + 1), token: { S: token } },
      ...expression({ version }),
      ReturnConsumedCapacity: 'TOTAL',
    });
    await persist('the record is in many transactions at once', async () => {
      try {
        await counted(WRITE_UNIT, client.send(command));
        return true;
      } catch (error) {
        if (isTransactionConflict(error)) return undefined;
        if (!isAws(error, 'ConditionalCheckFailedException')) throw error;
        count(WRITE_UNIT, writeUnits(write.bytes));
        if (sentTwice(error)) return ownWrite(write, version, token);
        throw new StoreConflict([0]);
      }
    });
  }

  /** The condition failed on a repeated request: whether that is because the first one went through. */
  async function ownWrite(key: Key, version: number, token: string): Promise<true> {
    const stored = await read(key);
    if (stored?.token?.S === token) return true;
    // Somebody else has written the version that ours would have become.
    if (stored && versionOf(stored) === version + 1) throw new StoreConflict([0]);
    throw new TransientError('DynamoDB: whether the record was written can not be told');
  }

  /** All or nothing; the token makes DynamoDB do it once, however often it is sent within ten minutes. */
  async function together(writes: readonly Sized[]): Promise<void> {
    const command = new TransactWriteItemsCommand({
      TransactItems: writes.map((write) => transactItem(table, write)),
      ClientRequestToken: randomUUID(),
      ReturnConsumedCapacity: 'TOTAL',
    });
    await persist('the records are in other transactions at once', async (last) => {
      try {
        await counted(WRITE_UNIT, client.send(command));
        return true;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        for (const { bytes } of writes) count(WRITE_UNIT, 2 * writeUnits(bytes));
        const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
        const failed = positions(codes, 'ConditionalCheckFailed');
        const passing = codes.some((code) => TRIED_AGAIN.has(code));
        // Among conflicts of the moment not every condition was looked at; the caller wants to know them all.
        if (failed.length > 0 && (!passing || last)) throw new StoreConflict(failed);
        if (!passing) throw error;
        return undefined;
      }
    });
  }

  return async (writes) => {
    const prepared = prepareWrites(writes).map(sized);
    if (prepared.reduce((sum, { bytes }) => sum + bytes, 0) > TRANSACTION_MAX_BYTES)
      throw new RangeError(`a transaction has at most ${TRANSACTION_MAX_BYTES} bytes`);
    const [only] = prepared;
    if (!only) return;
    const { condition } = only;
    if (isSinglePut(prepared) && typeof condition === 'object') return putVersion(only, condition.version);
    if (!isSingleCheck(prepared) || condition === undefined) return together(prepared);
    const stored = await read(only);
    if (!holds(condition, stored && versionOf(stored))) throw new StoreConflict([0]);
  };
}

const TRIED_AGAIN = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const positions = (codes: readonly string[], code: string): number[] =>
  codes.flatMap((each, position) => (each === code ? [position] : []));

/** Whether the SDK had sent a request before the one that failed. */
function sentTwice(error: unknown): boolean {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const attempts =
    typeof metadata === 'object' && metadata && 'attempts' in metadata ? metadata.attempts : undefined;
  return typeof attempts !== 'number' || attempts > 1;
}

function sized(write: PreparedWrite): Sized {
  if (write.kind !== 'put') return { ...write, bytes: sizeOf(write) };
  const value = toData(write.data);
  return { ...write, value, bytes: sizeOf(write, value) };
}

const dueOf = ({ queue, at }: Sized): Attributes =>
  queue === null || at === null ? {} : { dueQueue: { S: queue }, dueAt: { N: String(at) } };

const itemOf = (write: Sized, version: number): Attributes => ({
  ...toKey(write),
  ...(write.value && { data: write.value }),
  version: { N: String(version) },
  ...dueOf(write),
});

function expression(condition: Condition | undefined) {
  if (condition === undefined) return {};
  if (condition === 'absent') return { ConditionExpression: 'attribute_not_exists(pk)' };
  if (condition === 'present') return { ConditionExpression: 'attribute_exists(pk)' };
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': { N: String(condition.version) } },
  };
}

function transactItem(table: string, write: Sized): TransactWriteItem {
  const { kind, condition } = write;
  const target = { TableName: table, Key: toKey(write) };
  if (kind === 'delete') return { Delete: { ...target, ...expression(condition) } };
  if (kind === 'check')
    return { ConditionCheck: { ...target, ConditionExpression: '', ...expression(condition) } };
  if (condition === 'absent' || typeof condition === 'object') {
    const version = condition === 'absent' ? 1 : condition.version + 1;
    return { Put: { TableName: table, Item: itemOf(write, version), ...expression(condition) } };
  }
  return { Update: { ...target, ...update(write), ...expression(condition) } };
}

/** Counts a version up that is not known here. */
function update(write: Sized) {
  const due = dueOf(write);
  const isDue = 'dueQueue' in due;
  return {
    UpdateExpression: `SET #data = :data, #version = if_not_exists(#version, :zero) + :one${
      isDue ? ', dueQueue = :queue, dueAt = :at' : ' REMOVE dueQueue, dueAt'
    }`,
    ExpressionAttributeNames: { '#data': 'data', '#version': 'version' },
    ExpressionAttributeValues: {
      ':zero': { N: '0' },
      ':one': { N: '1' },
      ...(write.value && { ':data': write.value }),
      ...(due.dueQueue && { ':queue': due.dueQueue }),
      ...(due.dueAt && { ':at': due.dueAt }),
    },
  };
}
