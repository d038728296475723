/** Webhooks of projects: the addresses that events are sent to. */

import { SIGNING_BYTES, signingSecret } from '../../core/events/webhook-message.ts';
import { changesOf } from '../../core/field-changes.ts';
import {
  projectKey,
  signingSecretPath,
  webhookDeliveryKey,
  webhookKey,
  webhooksPartition,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Webhook, WebhookDelivery } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { readHead } from '../../records/chain-append.ts';
import { type Caller, checkIfMatch, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { deleteReceiving, deliveryWrite, removeReceiving, turnOff } from './receiving.ts';

/** The most webhooks of one project, since each may get every event. */
export const WEBHOOKS_MAX = limits.webhooks.value;

/** After a rotation both secrets sign for this long, milliseconds. */
export const ROTATION_MS = 24 * 60 * 60 * 1000;

export interface WebhookRef {
  project: string;
  webhook: string;
}

export type NewWebhook = Pick<Webhook, 'project' | 'url' | 'types' | 'format' | 'description'>;

export interface WebhookPatch {
  url?: string;
  types?: string[] | null;
  description?: string | null;
  enabled?: boolean;
  ifMatch?: string;
}

export const getWebhook = (store: Store, { project, webhook }: WebhookRef): Promise<Item<Webhook>> =>
  mustGet<Webhook>(
    store,
    webhookKey(project, webhook),
    `webhook "${webhook}"`,
    `List the webhooks with GET /v1/projects/${project}/webhooks.`,
  );

/** Events tell only the origin of an address, since the rest may be a secret of the receiver; of a mailbox, its domain. */
const told = ({ url, secret: _secret, ...rest }: Webhook) => {
  const { protocol, pathname, origin } = new URL(url);
  return {
    ...rest,
    origin: protocol === 'mailto:' ? `mailto:${pathname.slice(pathname.lastIndexOf('@') + 1)}` : origin,
  };
};

/** @throws Problem not_found (project) | conflict (too many) */
export async function createWebhook(
  ports: Ports,
  caller: Caller,
  input: NewWebhook,
): Promise<{ item: Item<Webhook>; secret: string }> {
  const { store, effects } = ports;
  const { project } = input;
  await getProject(store, project);
  const { items } = await store.query({ pk: webhooksPartition(project), limit: WEBHOOKS_MAX });
  if (items.length >= WEBHOOKS_MAX) {
    throw new Problem('conflict', `Project "${project}" has ${WEBHOOKS_MAX} webhooks already.`, {
      hint: 'Delete one first; one receiver may hand events on to several.',
    });
  }
  const id = effects.id();
  const secret = signingSecret(effects.token(SIGNING_BYTES));
  const path = signingSecretPath(project, id);
  const version = await ports.secrets.put(path, secret, { versionId: effects.id() });
  const data: Webhook = {
    id,
    ...input,
    enabled: true,
    secret: { version },
    createdAt: new Date(effects.now()).toISOString(),
    createdBy: caller.actor,
  };
  const key = webhookKey(project, id);
  const item: Item<Webhook> = { ...key, data, version: 1 };
  const { number } = await readHead(store, project);
  const delivery: WebhookDelivery = { project, webhook: id, active: true, delivered: number };
  const { createdAt: _at, createdBy: _by, project: _project, ...rule } = told(data);
  try {
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: 'absent' },
        { put: { ...webhookDeliveryKey(project, id), data: delivery }, if: 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [{ project, type: 'webhook.created', data: rule }],
      result: item,
    });
  } catch (error) {
    // Nothing can refer to this secret: if the answer is lost, so is the secret.
    if (!(await store.get(key))) await ports.secrets.remove(path);
    throw error;
  }
  return { item, secret };
}

/**
 * Changes a webhook. A new address, or enabling it again, makes Berth retry failed events at once.
 * @param patch null removes a member
 * @throws Problem not_found | precondition_failed
 */
export function changeWebhook(
  ports: Ports,
  caller: Caller,
  ref: WebhookRef,
  { ifMatch, types, description, ...patch }: WebhookPatch,
): Promise<Item<Webhook>> {
  return retryOnConflict(async () => {
    const item = await getWebhook(ports.store, ref);
    checkIfMatch(item, ifMatch);
    const data: Webhook = { ...item.data, ...patch };
    if (types === null) delete data.types;
    else if (types) data.types = types;
    if (description === null) delete data.description;
    else if (description) data.description = description;
    if (data.enabled) delete data.disabledReason;
    const isTriedAnew = data.enabled && (patch.enabled === true || patch.url !== undefined);
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [
        { put: { ...webhookKey(ref.project, ref.webhook), data }, if: { version: item.version } },
        await deliveryWrite<WebhookDelivery>(
          ports.store,
          webhookDeliveryKey(ref.project, ref.webhook),
          `webhook "${ref.webhook}"`,
          ({ failure, ...delivery }) => ({
            ...delivery,
            active: data.enabled,
            ...(failure && !isTriedAnew && { failure }),
          }),
        ),
      ],
      events: [
        {
          project: ref.project,
          type: 'webhook.changed',
          data: {
            id: ref.webhook,
            changes: changesOf(told(item.data), told(data)),
            ...(data.url !== item.data.url && { urlChanged: true }),
          },
        },
      ],
      result,
    });
    return result;
  });
}

/**
 * Deletes a webhook. Nothing more is sent after the message that is under way.
 * @throws Problem not_found | precondition_failed
 */
export async function deleteWebhook(
  ports: Ports,
  caller: Caller,
  ref: WebhookRef,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const { project, webhook } = ref;
  const forget = () => ports.secrets.remove(signingSecretPath(project, webhook));
  await deleteReceiving(forget, async () => {
    const item = await getWebhook(ports.store, ref);
    checkIfMatch(item, options.ifMatch);
    await commit(ports, caller, {
      writes: [
        { delete: webhookKey(project, webhook), if: { version: item.version } },
        { delete: webhookDeliveryKey(project, webhook) },
      ],
      events: [{ project, type: 'webhook.deleted', data: { id: webhook, origin: told(item.data).origin } }],
    });
  });
}

/** @throws Problem not_found */
export async function rotateWebhookSecret(
  ports: Ports,
  caller: Caller,
  ref: WebhookRef,
): Promise<{ item: Item<Webhook>; secret: string }> {
  const { effects, secrets, store } = ports;
  await getWebhook(store, ref);
  const path = signingSecretPath(ref.project, ref.webhook);
  const secret = signingSecret(effects.token(SIGNING_BYTES));
  const version = await secrets.put(path, secret, { versionId: effects.id() });
  let replaced: string | undefined;
  const item = await retryOnConflict(async () => {
    const before = await getWebhook(store, ref);
    const until = new Date(effects.now() + ROTATION_MS).toISOString();
    const { secret: old } = before.data;
    const data = { ...before.data, secret: { version, previous: { version: old.version, until } } };
    const result: Item<Webhook> = { ...before, data, version: before.version + 1 };
    await commit(ports, caller, {
      writes: [{ put: { ...webhookKey(ref.project, ref.webhook), data }, if: { version: before.version } }],
      events: [
        {
          project: ref.project,
          type: 'webhook.secret-rotated',
          data: { id: ref.webhook, previousUntil: until },
        },
      ],
      result,
    });
    replaced = old.previous?.version;
    return result;
  });
  if (replaced !== undefined) await secrets.revoke(path, replaced);
  return { item, secret };
}

/** Gives up on a receiver. No event is lost: when the webhook is enabled again, delivery goes on where it stopped. */
export const disableWebhook = (ports: Ports, ref: WebhookRef, reason: string): Promise<void> =>
  turnOff<Webhook>(
    ports,
    () => getWebhook(ports.store, ref),
    webhookDeliveryKey(ref.project, ref.webhook),
    (before) => {
      const { id } = before;
      const data = { id, origin: told(before).origin, reason };
      return {
        data: { ...before, enabled: false, disabledReason: reason },
        event: { project: ref.project, type: 'webhook.disabled', data },
      };
    },
  );

/** Removes the webhooks of a project that does not exist. @throws StoreConflict when there is a project by now */
export async function forgetWebhooks({ store, secrets }: Ports, project: string): Promise<void> {
  const of = { project, pk: webhooksPartition(project), most: WEBHOOKS_MAX * 2 };
  for (const id of await removeReceiving(store, of, webhookDeliveryKey))
    await secrets.remove(signingSecretPath(project, id));
}
