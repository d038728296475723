/** What the steps of a delivery work with, and how one ends. */

import type { Connection, Delivery } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { LOOK_MS } from '../deployments/patience.ts';
import { previewWrites } from './preview-plan.ts';
import { connectionActor, deliveryWrite, toldOf } from './receive.ts';

export interface Run {
  ports: Ports;
  connection: Connection;
  item: Item<Delivery>;
  caller: Caller;
}

/** The write of a delivery with some members changed. */
export const rewrite = (ports: Ports, item: Item<Delivery>, change: Partial<Delivery>, afterMs = 0): Write =>
  deliveryWrite(ports, { ...item.data, ...change }, { version: item.version }, afterMs);

/** Looks again in a while. */
export const later = ({ ports, item }: Pick<Run, 'ports' | 'item'>, afterMs = LOOK_MS): Promise<void> =>
  ports.store.transact([rewrite(ports, item, {}, afterMs)]);

export type Ending = Pick<Delivery, 'state' | 'reason' | 'error'>;

/** Ends a delivery, and tells it. */
export async function finish(ports: Ports, item: Item<Delivery>, ending: Ending): Promise<void> {
  const { stuckSince: _since, ...rest } = item.data;
  const delivery: Delivery = { ...rest, ...ending, endedAt: new Date(ports.effects.now()).toISOString() };
  const { project, service, environment, connection } = delivery;
  const preview = await previewWrites(ports, delivery);
  const { error } = ending;
  await commit(
    ports,
    { actor: connectionActor({ id: connection }) },
    {
      writes: [deliveryWrite(ports, delivery, { version: item.version }), ...preview.writes],
      events: [
        {
          project,
          service,
          ...(environment !== undefined && { environment }),
          type: 'delivery.ended',
          data: { ...toldOf(delivery), ...(error && { code: error.code, cause: error.cause }) },
        },
        ...preview.events,
      ],
    },
  );
}
