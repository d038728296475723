/**
 * Where records live: a key-value table with sorted ranges, conditions, transactions and one sparse index
 * of what is due. The shape is that of a single DynamoDB table, so that no adapter has to pretend.
 */
import { limits } from '../core/limits.ts';
export interface Key {
  /** Partition: records that are listed together. */
  pk: string;
  /** Sort key inside the partition; ranges are ordered by its bytes. */
  sk: string;
}

export interface Item<T = unknown> extends Key {
  data: T;
  /** 1 when first put, one more with each put; the source of ETags. Set by the store. */
  version: number;
  due?: Due;
}

/** Puts a record on the due index of a queue, at a time in epoch milliseconds. */
export interface Due {
  queue: string;
  at: number;
}

/** A condition on what is stored now. Without one a write always goes through. */
export type Condition = 'absent' | 'present' | { version: number };

export type Write =
  | { put: Key & { data: unknown; due?: Due }; if?: Condition }
  | { delete: Key; if?: Condition }
  | { check: Key; if: Condition };

export interface Page<T> {
  items: Item<T>[];
  /** Pass as `after` to go on; absent on the last page. */
  next?: string;
}

export interface Query {
  pk: string;
  /** Only sort keys that start with it. */
  prefix?: string;
  /** Only sort keys behind it, in the direction of the query (exclusive). */
  after?: string;
  /** 1 to 1000. */
  limit: number;
  /** Newest first, where sort keys grow with time. */
  reverse?: boolean;
  /** May give records as they were a moment ago, and miss the newest: for half the price. */
  mayLag?: boolean;
}

/** At most this many writes fit into one transaction (DynamoDB's limit). */
export const TRANSACTION_MAX = 100;

/** At most this many bytes of JSON fit into one record (below DynamoDB's 400 KB). */
export const ITEM_MAX_BYTES = limits.record.value;

/** The greatest `limit` of a query. */
export const PAGE_LIMIT_MAX = 1000;

/** A page ends once it holds this much JSON, whatever its limit. */
export const PAGE_MAX_BYTES = 1_000_000;

/**
 * Several records that are read together, by `getMany` or as a page, are each as they were committed, but are no
 * snapshot: a transaction that commits meanwhile may show in some of them only.
 */
export interface Store {
  /** Reads one record, strongly consistent. */
  get<T>(key: Key): Promise<Item<T> | undefined>;
  /** Reads several records in the order of the keys, each strongly consistent; at most 100 keys. */
  getMany<T>(keys: readonly Key[]): Promise<(Item<T> | undefined)[]>;
  /** Reads one page of a partition in the order of sort keys, strongly consistent unless it may lag. */
  query<T>(query: Query): Promise<Page<T>>;
  /**
   * Writes all or nothing; durable once it resolves. No key may occur twice.
   * @throws StoreConflict when a condition does not hold
   * @throws Problem storage_full when the disk is full: nothing is written
   */
  transact(writes: readonly Write[]): Promise<void>;
  /** Reads what is due in a queue at or before a time, the most overdue first; costs by what is due. */
  due<T>(query: { queue: string; before: number; limit: number }): Promise<Item<T>[]>;
  /**
   * Resolves when something in the partition may have changed since the call, after `timeoutMs`, or when the
   * signal aborts; never rejects. A hint only: callers read again.
   */
  changed(pk: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}

/** A condition of a transaction did not hold; nothing was written. */
export class StoreConflict extends Error {
  override name = 'StoreConflict';
  /** Positions of the writes whose condition failed. */
  readonly failed: readonly number[];

  constructor(failed: readonly number[]) {
    super(`Conditions of writes ${failed.join(', ')} do not hold`);
    this.failed = failed;
  }
}
