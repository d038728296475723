/** One idempotency key, one effect (I2): repeats the answer of the same request, and refuses another one. */
import { createHmac } from 'node:crypto';
import { idempotencyKey } from '../../core/keys.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { type Caller, IdempotencyRace, type IdempotencyRecord, type Reply } from '../../records/commit.ts';
import { invalidRequest } from './problems.ts';

/** A reply that was kept from an earlier request with the same key. */
export interface Replayable extends Reply {
  replayed?: boolean;
}

/** @throws Problem invalid_request */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  throw invalidRequest([
    { path: 'header.Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters' },
  ]);
}

/**
 * Equal for equal requests. It is an HMAC with the idempotency key, which is stored nowhere, so that the stored
 * fingerprint reveals nothing of a secret in the body.
 */
export const fingerprint = (key: string, method: string, path: string, body: Uint8Array | string): string =>
  createHmac('sha256', key).update(`${method} ${path}\n`).update(body).digest('hex');

interface Keyed {
  ports: Ports;
  caller: Caller;
  key: string;
  fingerprint: string;
}

/** The kept reply, if any. @throws Problem idempotency_key_reused */
async function find({ ports, caller, key, fingerprint }: Keyed): Promise<Replayable | undefined> {
  const item = await ports.store.get<IdempotencyRecord>(idempotencyKey(caller.actor, key));
  if (!item) return undefined;
  if (item.data.fingerprint === fingerprint) return { ...item.data.reply, replayed: true };
  throw new Problem('idempotency_key_reused', 'This Idempotency-Key was used for another request.', {
    hint: 'Send a new key with each new request; repeat a key only with the very same request.',
  });
}

/** Runs a command unless the key has an answer already. */
export async function once<Result>(
  keyed: Keyed,
  render: (result: Result) => Reply,
  run: (caller: Caller) => Promise<Result>,
): Promise<Replayable> {
  const kept = await find(keyed);
  if (kept) return kept;
  const { caller, key, fingerprint } = keyed;
  try {
    return render(await run({ ...caller, idempotency: { key, fingerprint, reply: render } }));
  } catch (error) {
    // The same request was sent twice at once: the slower one fails, and answers as the faster one did.
    const answer = await find(keyed);
    if (answer) return answer;
    throw error instanceof IdempotencyRace ? new StoreConflict([]) : error;
  }
}
