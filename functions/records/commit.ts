/** Writes every change: the records, the audit event and the idempotency record in one transaction. */
import { setTimeout as pause } from 'node:timers/promises';
import { seal } from '../core/events/audit-chain.ts';
import { eventKey, idempotencyKey, RETENTION_QUEUE } from '../core/keys.ts';
import type { EventFields, Origin } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, type Key, type Store, StoreConflict, type Write } from '../ports/store.ts';
import { appendToChain, ChainMoved } from './chain-append.ts';
import { etagOf } from './etag.ts';

/** What an API request was answered with, kept so that a repeated request gets the same answer. */
export interface Reply {
  status: number;
  body: unknown;
  location?: string;
  etag?: string;
}

/** Who asks for a change. */
export interface Caller {
  /** A principal's id, or SYSTEM_ACTOR. */
  actor: string;
  /** Where a request came from. */
  from?: Origin;
  /** The person behind the actor, where the actor is a token. */
  person?: string;
  idempotency?: {
    key: string;
    /** Hash of method, path and body. */
    fingerprint: string;
    /** Renders the command's result as the answer that is kept. */
    reply: (result: never) => Reply;
  };
  /**
   * Writes of whoever asks that the change is made with, or not at all, from the command's result.
   * @throws what the command then throws as it is: NotTogether where a condition of these does not hold
   */
  together?: (result: never) => Write[];
}

/** A condition that the caller had for the change does not hold; nothing was written. */
export class NotTogether extends Error {
  override name = 'NotTogether';
}

export interface IdempotencyRecord {
  fingerprint: string;
  reply: Reply;
}

/** How long a repeated request is recognised, milliseconds. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

/** Another request with the same idempotency key was faster. */
export class IdempotencyRace extends Error {
  override name = 'IdempotencyRace';
}

export interface Change {
  writes: Write[];
  events: EventFields[];
  /** The command's result, from which its answer is rendered. */
  result?: unknown;
}

/**
 * Commits records, events and the idempotency record together (I2, I9). All events of one commit are sealed into the
 * chain of the same project.
 * @throws StoreConflict when a condition of `writes` does not hold; positions are those in `writes`
 * @throws IdempotencyRace when the key was used in the meantime
 */
export async function commit(ports: Ports, caller: Caller, change: Change): Promise<void> {
  const { actor, person, from } = caller;
  const onBehalfOf = person === actor ? undefined : person;
  const at = new Date(ports.effects.now()).toISOString();
  const project = change.events[0]?.project;
  if (project === undefined) return transact(ports, caller, change, []);
  await appendToChain(ports.store, project, async (previous) => {
    let head = previous;
    const sealed = change.events.map((fields): Write => {
      const next = seal(head, {
        at,
        actor,
        ...(onBehalfOf !== undefined && { onBehalfOf }),
        ...(from && { from }),
        ...fields,
      });
      head = next.head;
      return { put: { ...eventKey(project, head.number), data: next.event }, if: 'absent' };
    });
    await transact(ports, caller, change, sealed);
    ports.anchors.note(project, head);
    return head;
  });
}

async function transact(ports: Ports, caller: Caller, change: Change, events: Write[]): Promise<void> {
  const together = caller.together?.(change.result as never) ?? [];
  const writes = [...change.writes, ...events, ...together];
  if (caller.idempotency) writes.push(idempotencyWrite(ports, caller, change.result));
  try {
    await ports.store.transact(writes);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    const before = change.writes.length + events.length;
    const isTheirs = (at: number): boolean => at >= before && at < before + together.length;
    if (error.failed.some(isTheirs)) throw new NotTogether();
    throw conflictOf(error, change.writes.length, events.length);
  }
}

/**
 * Tells which condition failed: the idempotency key's, one of the caller's own, or only that of the place in the
 * chain.
 */
function conflictOf({ failed }: StoreConflict, own: number, events: number): Error {
  if (failed.some((position) => position >= own + events)) return new IdempotencyRace();
  const callers = failed.filter((position) => position < own);
  return callers.length > 0 ? new StoreConflict(callers) : new ChainMoved();
}

function idempotencyWrite(ports: Ports, caller: Caller, result: unknown): Write {
  const { key, fingerprint, reply } = caller.idempotency!;
  const record: IdempotencyRecord = { fingerprint, reply: reply(result as never) };
  const due = { queue: RETENTION_QUEUE, at: ports.effects.now() + IDEMPOTENCY_TTL_MS };
  return { put: { ...idempotencyKey(caller.actor, key), data: record, due }, if: 'absent' };
}

/**
 * Of processes that write the same record at once, one wins each round. Of three that are busy, a caller loses 25 rounds once
 * in some ten thousand times, and so many never.
 */
const CONFLICT_TRIES = 50;

/** Between two tries, milliseconds. */
const PAUSE_MAX_MS = 250;

/**
 * Runs a read-decide-write again when a record changed between the read and the write.
 * @throws Problem conflict after 50 tries
 */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (tries === CONFLICT_TRIES) {
        throw new Problem('conflict', 'The record kept changing while this was being done.', {
          hint: 'Read it again, and repeat the request if it still applies.',
        });
      }
      // Callers that lost together would only collide again.
      await pause(Math.random() * Math.min(PAUSE_MAX_MS, tries ** 2));
    }
  }
}

/** @throws Problem not_found */
export async function mustGet<T>(store: Store, key: Key, what: string, hint: string): Promise<Item<T>> {
  const item = await store.get<T>(key);
  if (!item) throw missing(what, hint);
  return item;
}

export const missing = (what: string, hint: string): Problem =>
  new Problem('not_found', `There is no ${what}.`, { hint });

/**
 * Refuses when the caller's If-Match names another ETag than the stored record has.
 * @param item undefined where there is none, which has no ETag
 */
export function checkIfMatch(
  item: Parameters<typeof etagOf>[0] | undefined,
  ifMatch: string | undefined,
): void {
  if (ifMatch === undefined || (item && ifMatch === etagOf(item))) return;
  throw new Problem(
    'precondition_failed',
    item
      ? 'It has been changed since the ETag in If-Match was read.'
      : 'There is none that If-Match could name.',
    { hint: 'Read it again, and send the ETag as it came.' },
  );
}
