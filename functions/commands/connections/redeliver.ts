/** Does once more what a delivery asked for, and lets in a commit of a fork. */
import { fullNameOf } from '../../core/git/git-provider.ts';
import { deliveryKey, previewKey } from '../../core/keys.ts';
import type { Connection, ConnectionPlace, Delivery, Preview } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getConnection } from './connections.ts';
import { previewWrite } from './preview-plan.ts';
import { receive } from './receive.ts';

export const getDelivery = (
  store: Store,
  { id, project, service }: Connection,
  number: number,
): Promise<Item<Delivery>> =>
  mustGet<Delivery>(
    store,
    deliveryKey(id, number),
    `delivery ${number} of service "${service}"`,
    `List them with GET /v1/projects/${project}/services/${service}/deliveries.`,
  );

export const getPreview = (store: Store, place: ConnectionPlace, number: number): Promise<Item<Preview>> =>
  mustGet<Preview>(
    store,
    previewKey(place, number),
    `preview of pull request ${number} of service "${place.service}"`,
    `List them with GET /v1/projects/${place.project}/previews.`,
  );

/** @throws Problem not_found | conflict (it asked for nothing that could be done) */
export async function redeliver(
  ports: Ports,
  caller: Caller,
  place: ConnectionPlace,
  number: number,
): Promise<Delivery> {
  const connection = (await getConnection(ports.store, place)).data;
  const {
    ref,
    commit: after,
    message = '',
    pullRequest,
  } = (await getDelivery(ports.store, connection, number)).data;
  if (pullRequest !== undefined) return againOf(ports, caller, connection, pullRequest, number);
  if (after === undefined || ref === undefined)
    throw new Problem('conflict', `Delivery ${number} asks for nothing that could be done once more.`, {
      hint: 'Choose one that names a commit.',
    });
  const repository = fullNameOf(connection.repository);
  const { delivery } = await receive(
    ports,
    connection,
    {
      delivery: `redelivery ${ports.effects.id()}`,
      event: 'push',
      facts: { kind: 'push', repository, ref, after, message },
      redelivers: number,
    },
    caller,
  );
  return delivery;
}

/** A pull request is done once more as it is now. */
async function againOf(
  ports: Ports,
  caller: Caller,
  connection: Connection,
  pullRequest: number,
  number: number,
): Promise<Delivery> {
  const {
    title,
    url,
    branch,
    commit: head,
    isFork,
  } = (await getPreview(ports.store, connection, pullRequest)).data;
  const { delivery } = await receive(
    ports,
    connection,
    {
      delivery: `redelivery ${ports.effects.id()}`,
      event: 'pull request',
      facts: {
        kind: 'pull-request',
        repository: fullNameOf(connection.repository),
        number: pullRequest,
        action: 'updated',
        commit: head,
        branch,
        target: '',
        isFork,
        title,
        ...(url !== undefined && { url }),
      },
      redelivers: number,
    },
    caller,
  );
  return delivery;
}

/**
 * Lets in one commit of a fork: it is built, and sees what the preview sees. Another commit is not let in by that.
 * @throws Problem not_found | conflict (the pull request has another commit by now, or is closed)
 */
export async function approvePreview(
  ports: Ports,
  caller: Caller,
  place: ConnectionPlace,
  { number, commit: wanted }: { number: number; commit: string },
): Promise<Delivery> {
  const connection = (await getConnection(ports.store, place)).data;
  const preview = await retryOnConflict(async () => {
    const item = await getPreview(ports.store, place, number);
    const { commit: head, state } = item.data;
    if (head !== wanted)
      throw new Problem('conflict', `The newest commit of pull request ${number} is ${head}.`, {
        hint: 'Look at that one, and approve it if it is good.',
      });
    if (state === 'closing' || state === 'closed')
      throw new Problem('conflict', `Pull request ${number} is closed.`, {
        hint: 'Open it again first.',
      });
    const at = new Date(ports.effects.now()).toISOString();
    const approved = { commit: wanted, by: caller.person ?? caller.actor, at };
    const data: Preview = { ...item.data, approved, updatedAt: at };
    const { connection: id } = data;
    // The answer that is kept for the request is that of the delivery which follows.
    const { idempotency: _kept, ...plain } = caller;
    await commit(ports, plain, {
      writes: [previewWrite(ports, data, { version: item.version })],
      events: [
        {
          project: data.project,
          service: data.service,
          type: 'preview.approved',
          data: { connection: id, number, state, commit: wanted },
        },
      ],
    });
    return data;
  });
  return againOf(ports, caller, connection, number, preview.delivery);
}
