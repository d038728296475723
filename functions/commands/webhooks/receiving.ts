/**
 * What is sent to addresses that people name, as webhooks and log drains are: a record says what is sent, and a second one how far
 * that has come, which changes with each delivery.
 */

import { projectKey } from '../../core/keys.ts';
import { type EventFields, SYSTEM_ACTOR } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Key, Store, Write } from '../../ports/store.ts';
import { commit, mustGet, retryOnConflict } from '../../records/commit.ts';

/**
 * Changes how far a delivery is, even while it goes on.
 * @param name what is not there, if it is not
 * @throws Problem not_found
 */
export async function deliveryWrite<Delivery>(
  store: Store,
  key: Key,
  name: string,
  change: (delivery: Delivery) => Delivery,
): Promise<Write> {
  const { data, version } = await mustGet<Delivery>(store, key, name, 'List them.');
  return { put: { ...key, data: change(data) }, if: { version } };
}

/**
 * Sends no more, because the receiver takes nothing. Nothing happens where it was turned off already.
 * @param read the record @param off what it is turned into, and the event that says so
 * @throws Problem not_found
 */
export function turnOff<Record extends { enabled: boolean }>(
  ports: Ports,
  read: () => Promise<Item<Record>>,
  deliveryKey: Key,
  off: (record: Record) => { data: Record; event: EventFields },
): Promise<void> {
  return retryOnConflict(async () => {
    const { pk, sk, version, data: before } = await read();
    if (!before.enabled) return;
    const { data, event } = off(before);
    await commit(
      ports,
      { actor: SYSTEM_ACTOR },
      {
        writes: [
          { put: { pk, sk, data }, if: { version } },
          await deliveryWrite<{ active: boolean }>(ports.store, deliveryKey, 'its delivery', (delivery) => ({
            ...delivery,
            active: false,
          })),
        ],
        events: [event],
      },
    );
  });
}

/**
 * Deletes one, and then what is kept beside its record. A deletion that broke off in between is asked for once more, and finds no
 * record: then what it left goes as well.
 * @param forget removes what is kept beside the record; idempotent
 */
export async function deleteReceiving(
  forget: () => Promise<void>,
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await retryOnConflict(remove);
  } catch (error) {
    if (error instanceof Problem && error.code === 'not_found') await forget();
    throw error;
  }
  await forget();
}

/**
 * Removes all of a project that does not exist.
 * @param most how many there are at the most
 * @returns their ids
 * @throws StoreConflict when there is a project by now
 */
export async function removeReceiving(
  store: Store,
  { project, pk, most }: { project: string; pk: string; most: number },
  deliveryKey: (project: string, id: string) => Key,
): Promise<string[]> {
  const { items } = await store.query<{ id: string }>({ pk, limit: most });
  if (items.length === 0) return [];
  await store.transact([
    { check: projectKey(project), if: 'absent' },
    ...items.flatMap(({ pk, sk, data: { id } }) => [
      { delete: { pk, sk } },
      { delete: deliveryKey(project, id) },
    ]),
  ]);
  return items.map(({ data: { id } }) => id);
}
