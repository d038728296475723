/** The store on AWS: one DynamoDB table, as `STORE_TABLE` describes it. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { checkKey, checkKeys, checkKeyText, checkLimit } from '../../../ports/rules/store/store-checks.ts';
import type { Item, Key, Query, Store } from '../../../ports/store.ts';
import { type SdkOptions, sdkOptions } from '../sdk-options.ts';
import { createWriter } from './dynamodb-writes.ts';
import { createCounted } from './store-calls.ts';
import { identityOf, toItem } from './store-item.ts';
import { createReader } from './store-reads.ts';

export interface DynamoStoreOptions {
  /** Made with `dynamoOptions`; not closed by the store. */
  client: DynamoDBClient;
  table: string;
  /** How long `changed` waits before its caller reads again, in milliseconds. */
  pollMs?: number;
}

/** Spread into the client's constructor: DynamoDB answers within milliseconds, so a silent one is given up soon. */
export const dynamoOptions = (options: SdkOptions) => ({
  ...sdkOptions(options),
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

/**
 * Throttles, time-outs and 5xx are retried by the client, losers against other transactions here; what stays is a
 * TransientError. A write whose answer was lost is never done twice, and never a conflict with itself.
 */
export function createDynamoStore(options: DynamoStoreOptions): Store {
  const { client, table, pollMs = 1_000 } = options;
  const counted = createCounted(table);
  const { read, readMany, page, dueKeys } = createReader({ client, table, counted });
  const closing = new AbortController();

  return {
    async get<T>(key: Key) {
      checkKey(key);
      const attributes = await read(key);
      return attributes && toItem<T>(attributes);
    },
    async getMany<T>(keys: readonly Key[]) {
      checkKeys(keys);
      const found = await readMany(keys);
      return keys.map((key) => {
        const attributes = found.get(identityOf(key));
        return attributes && toItem<T>(attributes);
      });
    },
    async query<T>(query: Query) {
      checkKeyText(query.pk, 'pk');
      checkLimit(query.limit);
      if (query.after) checkKeyText(query.after, 'after');
      return page<T>(query);
    },
    transact: createWriter({ client, table, counted, read }),
    async due<T>({ queue, before, limit }: { queue: string; before: number; limit: number }) {
      checkKeyText(queue, 'queue');
      checkLimit(limit);
      const keys = await dueKeys(queue, before, limit);
      const found = await readMany(keys);
      // The index lags behind: what it names may have moved, or be gone.
      return keys
        .flatMap((key): Item<T>[] => {
          const attributes = found.get(identityOf(key));
          return attributes ? [toItem<T>(attributes)] : [];
        })
        .filter(({ due }) => due?.queue === queue && due.at <= before)
        .sort((a, b) => (a.due?.at ?? 0) - (b.due?.at ?? 0));
    },
    /** DynamoDB tells nobody of a change, so a wait ends after `pollMs` and its caller looks. */
    changed: (_pk, { timeoutMs, signal }) => pause(Math.min(timeoutMs, pollMs), [closing.signal, signal]),
    async close() {
      closing.abort();
    },
  };
}

/** Does not keep the process alive. */
function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted) || !(ms > 0)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    for (const signal of signals) signal?.addEventListener('abort', done, { once: true });
  });
}
