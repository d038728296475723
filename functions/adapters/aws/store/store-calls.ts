/** Requests to DynamoDB: their bill, and what their errors mean. */
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { Problem, TransientError } from '../../../core/problem.ts';
import { count } from '../../../ports/meter.ts';
import { awsCode, isAws, isTransient } from '../sdk-errors.ts';

/**
 * A strongly consistent read is one read unit for each 4 KiB begun (of the item, or of all items of a page
 * together), half of that where it is eventually consistent (the due index, and what may lag); a write is one write unit for each KiB
 * begun, twice that inside a transaction, and one more for each entry of the due index that it adds or removes.
 */
export const READ_UNIT = 'dynamodb.readRequestUnit';
export const WRITE_UNIT = 'dynamodb.writeRequestUnit';

type RequestUnit = typeof READ_UNIT | typeof WRITE_UNIT;

interface Answer {
  ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] | undefined;
}

/** Awaits a request that the SDK retries; counts what the answer says that it cost. */
export type Counted = <O extends Answer>(unit: RequestUnit, request: Promise<O>) => Promise<O>;

export function createCounted(table: string): Counted {
  return async (unit, request) => {
    try {
      const answer = await request;
      for (const used of [answer.ConsumedCapacity ?? []].flat()) countUsed(unit, used);
      return answer;
    } catch (error) {
      throw toError(error, table);
    }
  };
}

function countUsed(unit: RequestUnit, used: ConsumedCapacity): void {
  const { ReadCapacityUnits: reads, WriteCapacityUnits: writes, CapacityUnits: units } = used;
  // A transaction that had gone through before its answer was lost is only read.
  if (unit === WRITE_UNIT && reads !== undefined && !writes) count(READ_UNIT, reads);
  else if (units !== undefined) count(unit, units);
}

const isThrottle = (error: unknown): boolean =>
  isAws(error, 'ProvisionedThroughputExceededException', 'TransactionInProgressException');

/** Whether one write lost against a transaction on the same record: nothing was written. */
export const isTransactionConflict = (error: unknown): boolean =>
  isAws(error, 'TransactionConflictException');

function toError(error: unknown, table: string): unknown {
  if (isTransient(error) || isThrottle(error))
    return new TransientError(`DynamoDB: ${awsCode(error)}`, { cause: error });
  if (isAws(error, 'ResourceNotFoundException'))
    return new Problem('unavailable', `The store can not be used: there is no table ${table}.`, {
      hint: 'Deploy the data stack to this account and region, then try again.',
      cause: error,
    });
  if (isAws(error, 'AccessDeniedException'))
    return new Problem('unavailable', `The store can not be used: AWS denies access to table ${table}.`, {
      hint: 'Deploy the stacks again, so that the role may use the table and its index.',
      cause: error,
    });
  return error;
}

const TRIES = 8;

/**
 * Tries again, after a random wait that grows, while `attempt` gives undefined.
 * @throws TransientError after about two seconds
 */
export async function persist<T>(
  what: string,
  attempt: (last: boolean) => Promise<T | undefined>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const result = await attempt(tries === TRIES);
    if (result !== undefined) return result;
    if (tries === TRIES) throw new TransientError(`DynamoDB: ${what}`);
    const most = Math.min(1000, 20 * 2 ** tries);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
  }
}
