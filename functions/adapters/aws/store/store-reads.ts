/** The reading half of the DynamoDB store. */
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { type Item, type Key, PAGE_MAX_BYTES, type Page, type Query } from '../../../ports/store.ts';
import { type Counted, persist, READ_UNIT } from './store-calls.ts';
import { type Attributes, identityOf, jsonOf, keyOf, toItem, toKey } from './store-item.ts';
import { STORE_TABLE } from './table.ts';

/** DynamoDB's limit of keys for one BatchGetItem. */
const BATCH_MAX = 100;

export interface ReaderOptions {
  client: DynamoDBClient;
  table: string;
  counted: Counted;
}

export interface Reader {
  read(key: Key): Promise<Attributes | undefined>;
  /** By `identityOf` the key; those that are not there are left out. */
  readMany(keys: readonly Key[]): Promise<Map<string, Attributes>>;
  page<T>(query: Query): Promise<Page<T>>;
  /** Keys of what the index has as due, the most overdue first. */
  dueKeys(queue: string, before: number, limit: number): Promise<Key[]>;
}

export function createReader({ client, table, counted }: ReaderOptions): Reader {
  const base = { TableName: table, ReturnConsumedCapacity: 'TOTAL' } as const;

  async function read(key: Key): Promise<Attributes | undefined> {
    const command = new GetItemCommand({ ...base, Key: toKey(key), ConsistentRead: true });
    return (await counted(READ_UNIT, client.send(command))).Item;
  }

  /** Up to 100 keys; what DynamoDB leaves out, for the size of its answer or a throttle, is asked for again. */
  async function readBatch(keys: readonly Key[], found: Map<string, Attributes>): Promise<void> {
    let wanted: Attributes[] = keys.map(toKey);
    while (wanted.length > 0)
      wanted = await persist('it leaves out what was asked for', async () => {
        const command = new BatchGetItemCommand({
          RequestItems: { [table]: { Keys: wanted, ConsistentRead: true } },
          ReturnConsumedCapacity: 'TOTAL',
        });
        const { Responses, UnprocessedKeys } = await counted(READ_UNIT, client.send(command));
        for (const item of Responses?.[table] ?? []) found.set(identityOf(keyOf(item)), item);
        const left = UnprocessedKeys?.[table]?.Keys ?? [];
        return left.length < wanted.length ? left : undefined;
      });
  }

  /** The items of a partition, page by page of DynamoDB's. */
  async function* walk(
    { pk, prefix = '', reverse = false, mayLag = false, limit }: Query,
    start: string | undefined,
  ) {
    let key: Attributes | undefined = start === undefined ? undefined : toKey({ pk, sk: start });
    do {
      const command = new QueryCommand({
        ...base,
        ConsistentRead: !mayLag,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix !== '' && { ':prefix': { S: prefix } }) },
        ScanIndexForward: !reverse,
        // One more than asked tells whether there is a next page.
        Limit: limit + 1,
        ...(key && { ExclusiveStartKey: key }),
      });
      const { Items = [], LastEvaluatedKey } = await counted(READ_UNIT, client.send(command));
      yield* Items;
      key = LastEvaluatedKey;
    } while (key);
  }

  return {
    read,
    async readMany(keys) {
      const unique = [...new Map(keys.map((key) => [identityOf(key), key])).values()];
      const found = new Map<string, Attributes>();
      if (unique.length === 1 && unique[0]) {
        const item = await read(unique[0]);
        return item ? found.set(identityOf(unique[0]), item) : found;
      }
      for (let at = 0; at < unique.length; at += BATCH_MAX)
        await readBatch(unique.slice(at, at + BATCH_MAX), found);
      return found;
    },
    async page<T>(query: Query) {
      const items: Item<T>[] = [];
      const start = startOf(query);
      if (start === 'nothing') return { items };
      let bytes = 0;
      for await (const attributes of walk(query, start?.after)) {
        const last = items.at(-1);
        const json = jsonOf(attributes);
        bytes += json.length;
        if (last && (items.length === query.limit || bytes > PAGE_MAX_BYTES)) return { items, next: last.sk };
        items.push(toItem<T>(attributes, json));
      }
      return { items };
    },
    async dueKeys(queue, before, limit) {
      const keys: Key[] = [];
      let start: Attributes | undefined;
      do {
        const command: QueryCommand = new QueryCommand({
          ...base,
          IndexName: STORE_TABLE.index.name,
          KeyConditionExpression: 'dueQueue = :queue AND dueAt <= :before',
          ExpressionAttributeValues: { ':queue': { S: queue }, ':before': { N: String(before) } },
          Limit: limit - keys.length,
          ...(start && { ExclusiveStartKey: start }),
        });
        const answer = await counted(READ_UNIT, client.send(command));
        keys.push(...(answer.Items ?? []).map(keyOf));
        start = answer.LastEvaluatedKey;
      } while (start && keys.length < limit);
      return keys;
    },
  };
}

/** Where a query starts; DynamoDB refuses a start key outside of the prefix. */
function startOf({ prefix = '', after, reverse = false }: Query): { after: string } | 'nothing' | undefined {
  if (after === undefined) return undefined;
  // It names no record, so that any place will do that sorts the same; no key is empty.
  if (after !== '' && after.startsWith(prefix)) return { after };
  const isBefore = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) <= 0;
  return isBefore === reverse ? 'nothing' : undefined;
}
