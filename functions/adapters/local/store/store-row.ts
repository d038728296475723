/** A row of the local store, as a record of the port and as what it would be on DynamoDB. */

import type { StoredRecord } from '../../../ports/rules/store/store-units.ts';
import type { Due, Item } from '../../../ports/store.ts';

export interface Row {
  pk: string;
  sk: string;
  data: string;
  version: number;
  due_queue: string | null;
  due_at: number | null;
}

const dueOf = ({ due_queue: queue, due_at: at }: Row): Due | undefined =>
  queue === null || at === null ? undefined : { queue, at };

export function toItem<T>(row: Row): Item<T> {
  const { pk, sk, data, version } = row;
  const due = dueOf(row);
  return { pk, sk, data: JSON.parse(data) as T, version, ...(due && { due }) };
}

export const toRecord = (row: Row): StoredRecord => ({
  pk: row.pk,
  sk: row.sk,
  json: row.data,
  version: row.version,
  due: dueOf(row),
});
