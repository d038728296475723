/**
 * A store in memory that remembers what its records were a moment ago, so that reads may be as stale as DynamoDB's.
 * It outlives the simulated process, and is cheap: a schedule reads some ten thousand records.
 */
import { createChanges } from '../../../functions/adapters/local/store/store-changes.ts';
import { toRange } from '../../../functions/adapters/local/store/store-range.ts';
import {
  checkKey,
  checkKeys,
  checkKeyText,
  checkLimit,
  holds,
  type PreparedWrite,
  prepareWrites,
} from '../../../functions/ports/rules/store/store-checks.ts';
import {
  type Due,
  type Item,
  type Key,
  PAGE_MAX_BYTES,
  type Page,
  type Query,
  type Store,
  StoreConflict,
} from '../../../functions/ports/store.ts';

/** What a record was from a time on; without `json` it was not there. */
interface State {
  at: number;
  json: string | undefined;
  version: number;
  due: Due | undefined;
  before: State | undefined;
}

/** One record that a transaction has changed, as JSON; undefined where it is not there. */
export interface Changed extends Key {
  before: string | undefined;
  after: string | undefined;
}

export interface Records extends Store {
  /** As `query` and `due`, with each record as it was up to so many milliseconds ago. */
  queryLate<T>(query: Query, lag: () => number): Promise<Page<T>>;
  dueLate<T>(query: DueQuery, lag: () => number): Promise<Item<T>[]>;
  /** All records that are there, as JSON. */
  all(): (Key & { json: string })[];
}

interface DueQuery {
  queue: string;
  before: number;
  limit: number;
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
const none = (): number => 0;
/** No read is staler than that, milliseconds. */
const REMEMBERED_MS = 60_000;

/** @param onCommit is told of each transaction that went through */
export function createRecords(
  now: () => number,
  onCommit: (changed: Changed[]) => void = () => undefined,
): Records {
  const partitions = new Map<string, { sorted: string[]; records: Map<string, State> }>();
  /** What has, or had, a place in a queue. */
  const queues = new Map<string, Map<string, Key>>();
  const changes = createChanges();

  const newest = ({ pk, sk }: Key): State | undefined => partitions.get(pk)?.records.get(sk);

  function stateOf(key: Key, lag: number): State | undefined {
    let state = newest(key);
    for (const asOf = now() - lag; state && state.at > asOf; ) state = state.before;
    return state?.json === undefined ? undefined : state;
  }

  const toItem = <T>({ pk, sk }: Key, { json = '', version, due }: State): Item<T> => ({
    pk,
    sk,
    data: JSON.parse(json) as T,
    version,
    ...(due && { due: { ...due } }),
  });

  function getOne<T>(key: Key): Item<T> | undefined {
    const state = stateOf(key, 0);
    return state && toItem<T>(key, state);
  }

  function put({ pk, sk, kind, data, queue, at }: PreparedWrite): Changed {
    const partition = partitions.get(pk) ?? { sorted: [], records: new Map() };
    partitions.set(pk, partition);
    const before = partition.records.get(sk);
    if (!before) {
      const place = partition.sorted.findLastIndex((other) => byBytes(other, sk) < 0);
      partition.sorted.splice(place + 1, 0, sk);
    }
    // Of what nobody can be given any more nothing is kept.
    if (before?.before && before.at < now() - REMEMBERED_MS) before.before = undefined;
    const due = queue === null || at === null ? undefined : { queue, at };
    const json = kind === 'put' ? data : undefined;
    const version = json === undefined ? 0 : (before?.version ?? 0) + 1;
    partition.records.set(sk, { at: now(), json, version, due, before });
    if (due) {
      const queued = queues.get(due.queue) ?? new Map<string, Key>();
      queues.set(due.queue, queued.set(`${pk} ${sk}`, { pk, sk }));
    }
    return { pk, sk, before: before?.json, after: json };
  }

  function query<T>({ pk, limit, ...rest }: Query, lag: () => number): Page<T> {
    checkKeyText(pk, 'pk');
    checkLimit(limit);
    const { lower, upper, exclusive, reverse } = toRange(rest);
    const sorted = partitions.get(pk)?.sorted ?? [];
    const items: Item<T>[] = [];
    let bytes = 0;
    for (const sk of reverse ? sorted.toReversed() : sorted) {
      if (byBytes(sk, lower) < (exclusive ? 1 : 0)) continue;
      if (upper !== undefined && byBytes(sk, upper) >= 0) continue;
      const state = stateOf({ pk, sk }, lag());
      if (!state) continue;
      bytes += state.json?.length ?? 0;
      const last = items.at(-1);
      if (last && (items.length === limit || bytes > PAGE_MAX_BYTES)) return { items, next: last.sk };
      items.push(toItem<T>({ pk, sk }, state));
    }
    return { items };
  }

  /** The index lags, and the records that it leads to are read as they are: so does the store for DynamoDB. */
  function due<T>({ queue, before, limit }: DueQuery, lag: () => number): Item<T>[] {
    checkKeyText(queue, 'queue');
    checkLimit(limit);
    const found: (Key & Due)[] = [];
    const queued = queues.get(queue);
    for (const [name, key] of queued ?? []) {
      const state = stateOf(key, lag());
      if (state?.due?.queue === queue && state.due.at <= before) found.push({ ...key, ...state.due });
      else if (newest(key)?.due?.queue !== queue && lag === none) queued?.delete(name);
    }
    found.sort((one, other) => one.at - other.at || byBytes(one.pk, other.pk) || byBytes(one.sk, other.sk));
    return found.slice(0, limit).flatMap((key) => {
      const item = getOne<T>(key);
      return item?.due?.queue === queue && item.due.at <= before ? [item] : [];
    });
  }

  return {
    async get<T>(key: Key) {
      checkKey(key);
      return getOne<T>(key);
    },
    async getMany<T>(keys: readonly Key[]) {
      checkKeys(keys);
      return keys.map((key) => getOne<T>(key));
    },
    query: async <T>(asked: Query) => query<T>(asked, none),
    queryLate: async <T>(asked: Query, lag: () => number) => query<T>(asked, lag),
    due: async <T>(asked: DueQuery) => due<T>(asked, none),
    dueLate: async <T>(asked: DueQuery, lag: () => number) => due<T>(asked, lag),
    async transact(writes) {
      const prepared = prepareWrites(writes);
      const failed = prepared.flatMap(({ condition, ...key }, position) =>
        condition === undefined || holds(condition, stateOf(key, 0)?.version) ? [] : [position],
      );
      if (failed.length > 0) throw new StoreConflict(failed);
      const changed = prepared.filter(({ kind }) => kind !== 'check').map(put);
      if (changed.length > 0) onCommit(changed);
      for (const pk of new Set(changed.map((one) => one.pk))) changes.notify(pk);
    },
    changed: changes.wait,
    close: async () => changes.close(),
    all: () =>
      [...partitions].flatMap(([pk, { records }]) =>
        [...records].flatMap(([sk, { json }]) => (json === undefined ? [] : [{ pk, sk, json }])),
      ),
  };
}
