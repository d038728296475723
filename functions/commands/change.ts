/** How every change is written: the records, the audit event and the idempotency record in one transaction. */
import { eventKey, idempotencyKey, RETENTION_QUEUE } from '../core/keys.ts';
import type { BerthEvent } from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, type Key, type Store, StoreConflict, type Write } from '../ports/store.ts';

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
  idempotency?: {
    key: string;
    /** Hash of method, path and body. */
    fingerprint: string;
    /** Renders the command's result as the answer to keep. */
    reply: (result: never) => Reply;
  };
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

export type EventFields = Omit<BerthEvent, 'id' | 'at' | 'actor'>;

/**
 * Commits records, events and the idempotency record together (I2, I9).
 * @throws StoreConflict when a condition of `writes` does not hold; positions are those in `writes`
 * @throws IdempotencyRace when the key was used in the meantime
 */
export async function commit(
  ports: Ports,
  caller: Caller,
  change: { writes: Write[]; events: EventFields[]; result?: unknown },
): Promise<void> {
  const { store } = ports;
  const writes = [...change.writes, ...eventWrites(ports, caller, change.events)];
  if (caller.idempotency) writes.push(idempotencyWrite(ports, caller, change.result));
  try {
    await store.transact(writes);
  } catch (error) {
    const raced = error instanceof StoreConflict && caller.idempotency;
    if (raced && error.failed.includes(writes.length - 1)) throw new IdempotencyRace();
    throw error;
  }
}

/** The writes that keep events. */
export function eventWrites({ effects }: Ports, { actor }: Caller, events: readonly EventFields[]): Write[] {
  const at = new Date(effects.now()).toISOString();
  return events.map((fields) => {
    const event: BerthEvent = { id: effects.id(), at, actor, ...fields };
    return { put: { ...eventKey(event.project, event.id), data: event }, if: 'absent' };
  });
}

function idempotencyWrite(ports: Ports, caller: Caller, result: unknown): Write {
  const { key, fingerprint, reply } = caller.idempotency!;
  const record: IdempotencyRecord = { fingerprint, reply: reply(result as never) };
  const due = { queue: RETENTION_QUEUE, at: ports.effects.now() + IDEMPOTENCY_TTL_MS };
  return { put: { ...idempotencyKey(caller.actor, key), data: record, due }, if: 'absent' };
}

/**
 * Of callers that write the same record at once, one wins each round; so this many can deploy to one environment
 * at the same moment.
 */
const CONFLICT_TRIES = 25;

/**
 * Runs a read-decide-write again when a record changed between read and write.
 * @throws Problem conflict after 25 tries
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

/** Refuses when the caller's If-Match names another version than the stored one. */
export function checkIfMatch(item: Item, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === item.version) return;
  throw new Problem(
    'precondition_failed',
    `If-Match names version ${ifMatch}, but it is at version ${item.version}.`,
    {
      hint: 'Read it again, and send the new ETag.',
    },
  );
}
