/** What the suites over DynamoDB Local share. */
import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoStoreOptions } from '../../../../functions/adapters/aws/store/store.ts';
import type { Store, Write } from '../../../../functions/ports/store.ts';
import type { RuledProxy } from '../../support/faults.ts';

export interface ConnectOptions extends Partial<DynamoStoreOptions> {
  /** Milliseconds. */
  requestTimeout?: number;
}

/** The table of the suites. */
export const TABLE = 'berth';

export interface Local {
  proxy: RuledProxy;
  /** These reach the server without the proxy. */
  client: DynamoDBClient;
  store: Store;
  /** Another, through the proxy, with retries of its own to spend. */
  connect(options?: ConnectOptions): Store;
}

export const put = (pk: string, sk: string, data: unknown, condition?: Write['if']): Write =>
  ({ put: { pk, sk, data }, ...(condition !== undefined && { if: condition }) }) as Write;

/** Text that hardly gets smaller. */
export const noise = (length: number): string => randomBytes(length).toString('base64').slice(0, length);
