/** Ends log drains: one that somebody deletes, and those of a project that is gone. */

import {
  drainDeliveryKey,
  drainHeadersPath,
  drainKey,
  drainPlacesPartition,
  drainsPartition,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Ports } from '../../ports/index.ts';
import { type Store, TRANSACTION_MAX } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit } from '../../records/commit.ts';
import { readAll } from '../../records/read-all.ts';
import { deleteReceiving, removeReceiving } from '../webhooks/receiving.ts';
import { type DrainRef, getDrain } from './drains.ts';

/**
 * Deletes a drain. Nothing more is sent after the request that is under way.
 * @throws Problem not_found | precondition_failed
 */
export async function deleteDrain(
  ports: Ports,
  caller: Caller,
  ref: DrainRef,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const { project, drain } = ref;
  const forget = async (): Promise<void> => {
    await forgetPlaces(ports.store, drain);
    await ports.secrets.remove(drainHeadersPath(project, drain));
  };
  await deleteReceiving(forget, async () => {
    const item = await getDrain(ports.store, ref);
    checkIfMatch(item, options.ifMatch);
    await commit(ports, caller, {
      writes: [
        { delete: drainKey(project, drain), if: { version: item.version } },
        { delete: drainDeliveryKey(project, drain) },
      ],
      events: [
        { project, type: 'drain.deleted', data: { id: drain, origin: new URL(item.data.url).origin } },
      ],
    });
  });
}

async function forgetPlaces(store: Store, drain: string): Promise<void> {
  const places = await readAll(store, drainPlacesPartition(drain));
  for (let at = 0; at < places.length; at += TRANSACTION_MAX)
    await store.transact(
      places.slice(at, at + TRANSACTION_MAX).map(({ pk, sk }) => ({ delete: { pk, sk } })),
    );
}

/** Removes the drains of a project that does not exist. @throws StoreConflict when there is a project by now */
export async function forgetDrains({ store, secrets, logs }: Ports, project: string): Promise<void> {
  // Where drains are refused there are none.
  if (!logs.reading) return;
  const of = { project, pk: drainsPartition(project), most: limits.drains.value * 2 };
  for (const id of await removeReceiving(store, of, drainDeliveryKey)) {
    await forgetPlaces(store, id);
    await secrets.remove(drainHeadersPath(project, id));
  }
}
