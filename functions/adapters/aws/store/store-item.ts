/** How a record is kept as a DynamoDB item. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fromData } from '../../../ports/rules/store/store-form.ts';
import type { Item, Key } from '../../../ports/store.ts';

export type Attributes = Record<string, AttributeValue>;

/** What an item costs beside its data: names, version, due time and token; keys come on top. */
const OVERHEAD_BYTES = 120;

export const toKey = ({ pk, sk }: Key): Attributes => ({ pk: { S: pk }, sk: { S: sk } });

export const identityOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk]);

const sizeOfData = (data: AttributeValue | undefined): number =>
  data?.B?.byteLength ?? Buffer.byteLength(data?.S ?? '');

/** About what DynamoDB counts for an item: the UTF-8 of names and values. */
export const sizeOf = ({ pk, sk }: Key, data?: AttributeValue): number =>
  Buffer.byteLength(pk) + Buffer.byteLength(sk) + sizeOfData(data) + OVERHEAD_BYTES;

const text = (attributes: Attributes, name: string): string => {
  const value = attributes[name]?.S;
  if (value === undefined) throw new Error(`An item of the store has no ${name}`);
  return value;
};

export const keyOf = (attributes: Attributes): Key => ({
  pk: text(attributes, 'pk'),
  sk: text(attributes, 'sk'),
});

export const versionOf = (attributes: Attributes): number => Number(attributes.version?.N);

/** The JSON of an item's data. @throws RangeError for packed data that is larger than any record */
export function jsonOf({ data }: Attributes): string {
  return data?.B === undefined ? (data?.S ?? 'null') : fromData(data.B);
}

export function toItem<T>(attributes: Attributes, json = jsonOf(attributes)): Item<T> {
  const item: Item<T> = {
    ...keyOf(attributes),
    data: JSON.parse(json) as T,
    version: versionOf(attributes),
  };
  const { dueQueue, dueAt } = attributes;
  if (dueQueue?.S !== undefined && dueAt?.N !== undefined)
    item.due = { queue: dueQueue.S, at: Number(dueAt.N) };
  return item;
}
