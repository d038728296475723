/**
 * Delivers events to webhooks, and to the providers of connected repositories: level-triggered, from the numbers of
 * events alone. Each recipient gets its events by itself and in order; its progress is written after each event, so
 * that at most one event is sent again after a crash.
 */

import type { WebhookOutcome } from '../commands/webhooks/webhook-messages.ts';
import { failureAfter } from '../core/events/webhook-message.ts';
import { eventKey, eventsPartition, WEBHOOK_DELIVERIES, webhookDeliveryKey } from '../core/keys.ts';
import type { BerthEvent, WebhookDelivery } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, StoreConflict } from '../ports/store.ts';
import { readHead } from '../records/chain-append.ts';
import { recipientOf } from './recipients.ts';

/**
 * The number of deliveries at once. A receiver that does not answer takes a place for ten seconds, and ever less
 * often.
 */
const PLACES = 64;
/** After this time it is the next webhook's turn, milliseconds. */
const TURN_MS = 20_000;
/** The lease is longer than any step of a delivery, milliseconds. */
const LEASE_MS = 30_000;
const PAGE = 50;

export interface DelivererOptions {
  /** No other process delivers, so leases from before the start are left over from a process that is gone. */
  alone?: boolean;
  onError(webhook: string, error: unknown): void;
}

export interface Deliverer {
  /** Finds the webhooks that are behind, and puts them in line; it waits for no receiver. */
  pass(): Promise<void>;
  /** Resolves when no webhook is in line. */
  idle(): Promise<void>;
  /** Ends deliveries that are under way; they are sent again later. */
  close(): Promise<void>;
}

export function createDeliverer(ports: Ports, { alone = false, onError }: DelivererOptions): Deliverer {
  const stopping = new AbortController();
  const since = alone ? ports.effects.now() : undefined;
  /** The webhooks in line or under way, by the key of the record. */
  const busy = new Set<string>();
  const line: Item<WebhookDelivery>[] = [];
  const running = new Set<Promise<void>>();

  function fill(): void {
    while (running.size < PLACES && line.length > 0) {
      const item = line.shift()!;
      const turn: Promise<void> = takeTurn(ports, item, { since, signal: stopping.signal })
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) onError(item.data.webhook, error);
        })
        .finally(() => {
          busy.delete(item.sk);
          running.delete(turn);
          fill();
        });
      running.add(turn);
    }
  }

  return {
    async pass() {
      const now = ports.effects.now();
      const heads = new Map<string, Promise<number>>();
      const headOf = (project: string): Promise<number> => {
        const head = heads.get(project) ?? readHead(ports.store, project).then(({ number }) => number);
        heads.set(project, head);
        return head;
      };
      const look = async (item: Item<WebhookDelivery>): Promise<void> => {
        const { active, project, delivered, failure, lease } = item.data;
        if (!active || busy.has(item.sk)) return;
        if (failure && Date.parse(failure.nextAt) > now) return;
        if (lease && isHeld(lease, now, since)) return;
        const isBehind = isToAsk(item.data, now) || (await headOf(project)) > delivered;
        if (!isBehind || busy.has(item.sk)) return;
        busy.add(item.sk);
        line.push(item);
      };
      let after: string | undefined;
      do {
        const page = await ports.store.query<WebhookDelivery>({
          pk: WEBHOOK_DELIVERIES,
          limit: 1000,
          ...(after !== undefined && { after }),
        });
        await Promise.all(page.items.map(look));
        after = page.next;
      } while (after !== undefined && !stopping.signal.aborted);
      if (!stopping.signal.aborted) fill();
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
    async close() {
      stopping.abort();
      line.length = 0;
      await Promise.all(running);
    },
  };
}

/** Between two times that the provider of a connection is asked what is newest, milliseconds. */
const ASK_MS = 10 * 60 * 1000;

const isToAsk = ({ service, askedAt }: WebhookDelivery, now: number): boolean =>
  service !== undefined && now - (askedAt ?? 0) >= ASK_MS;

/** @param since leases from before are held by nobody */
const isHeld = ({ until }: { until: number }, now: number, since: number | undefined): boolean =>
  until > now && (since === undefined || until - LEASE_MS >= since);

/**
 * Delivers to one recipient at once, where no other process does: what is not delivered in time is so by the next
 * pass. It never rejects.
 */
export async function deliverNow(
  ports: Ports,
  ref: { project: string; id: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    const item = await ports.store.get<WebhookDelivery>(webhookDeliveryKey(ref.project, ref.id));
    const { active, failure, lease } = item?.data ?? {};
    const now = ports.effects.now();
    if (!item || !active || (failure && Date.parse(failure.nextAt) > now)) return;
    if (lease && isHeld(lease, now, undefined)) return;
    await takeTurn(ports, item, { since: undefined, signal });
  } catch {
    // The pass that comes meets the same fault, and tells of it.
  }
}

/** What a turn knows of its webhook; undefined once another process holds it, or it is gone. */
type Held = Item<WebhookDelivery> | undefined;
type Delta = (delivery: WebhookDelivery) => WebhookDelivery;

async function takeTurn(
  ports: Ports,
  found: Item<WebhookDelivery>,
  { since, signal }: { since: number | undefined; signal: AbortSignal },
): Promise<void> {
  const { store, effects } = ports;
  const { project, webhook } = found.data;
  const key = webhookDeliveryKey(project, webhook);
  const id = effects.id();
  const end = effects.now() + TURN_MS;

  /** Writes the delivery's record as long as the lease is held, whatever people change meanwhile. */
  async function write(held: Item<WebhookDelivery>, delta: Delta): Promise<Held> {
    for (let item: Held = held; item; ) {
      const data = delta(item.data);
      try {
        await store.transact([{ put: { ...key, data }, if: { version: item.version } }]);
        return { ...item, data, version: item.version + 1 };
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        const now: Held = await store.get<WebhookDelivery>(key);
        item = now?.data.lease?.id === id ? now : undefined;
      }
    }
    return undefined;
  }
  const lease = () => ({ id, until: effects.now() + LEASE_MS });

  // Another process may hold a webhook that was found a moment ago: then the record's version is another.
  let held: Held;
  try {
    if (found.data.lease && isHeld(found.data.lease, effects.now(), since)) return;
    const data = { ...found.data, lease: lease() };
    await store.transact([{ put: { ...key, data }, if: { version: found.version } }]);
    held = { ...found, data, version: found.version + 1 };
  } catch (error) {
    if (error instanceof StoreConflict) return;
    throw error;
  }

  const fail = async (
    at: Item<WebhookDelivery>,
    { reason = '' }: WebhookOutcome,
    giveUp: (reason: string) => Promise<'passed' | 'ended'>,
    number: number,
  ): Promise<Held> => {
    const { final, ...failure } = failureAfter(at.data.failure, reason, effects.now());
    const after = await write(at, ({ lease: _lease, ...rest }) => ({ ...rest, failure }));
    if (after && final && (await giveUp(reason)) === 'passed') await passed(after, number);
    return undefined;
  };
  /** Marks the events up to a number as done. */
  const passed = (at: Item<WebhookDelivery>, number: number): Promise<Held> =>
    write(at, ({ failure: _failure, ...rest }) => ({ ...rest, delivered: number, lease: lease() }));

  if (held && isToAsk(held.data, effects.now())) {
    const at = effects.now();
    await (await recipientOf(ports, held.data))?.ask?.(signal);
    held = await write(held, (delivery) => ({ ...delivery, askedAt: at, lease: lease() }));
  }
  while (held && !signal.aborted && effects.now() < end) {
    const page = await store.query<BerthEvent>({
      pk: eventsPartition(project),
      after: eventKey(project, held.data.delivered).sk,
      limit: PAGE,
    });
    for (const { sk, data: event } of page.items) {
      if (!held || signal.aborted || effects.now() >= end) break;
      // It is read for each event: once it is disabled, changed or deleted, that holds from the next event on.
      const recipient = await recipientOf(ports, held.data);
      if (!recipient) {
        await write(held, ({ lease: _lease, ...rest }) => rest);
        return;
      }
      const isLast = sk === page.items.at(-1)?.sk;
      if (!recipient.wants(event)) {
        if (isLast) held = await passed(held, Number(sk));
        continue;
      }
      const outcome = await recipient.send(event, signal);
      if (outcome.delivered) held = await passed(held, Number(sk));
      // An attempt that was broken off says nothing about the receiver.
      else if (!signal.aborted) held = await fail(held, outcome, recipient.giveUp, Number(sk));
    }
    if (page.next === undefined) break;
  }
  if (held) await write(held, ({ lease: _lease, ...rest }) => rest);
}
