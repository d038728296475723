/** Takes a genuine message of a git provider for a connection. */
import * as z from 'zod';
import { advanceDelivery } from '../../commands/connections/advance.ts';
import { type Received, receive } from '../../commands/connections/receive.ts';
import { bodyHash, type Header, type Provider } from '../../core/git/git-provider.ts';
import type { HookFacts } from '../../core/git/hook-facts.ts';
import { type Connection, hasEnded } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { deliverNow } from '../../webhooks/deliver.ts';
import { parseJson } from '../http/body.ts';

/** A provider waits for ten seconds; what is not told it by then is told by the next pass. Milliseconds. */
const TELL_MS = 3_000;

/**
 * What a message says, as `read` has it.
 * @throws Problem invalid_request for what the provider does not send
 */
export function understood<T>(bytes: Uint8Array, read: (payload: unknown) => T): T {
  try {
    return read(parseJson(bytes));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const at = error.issues[0]?.path.join('.') ?? '';
    throw new Problem('invalid_request', `The delivery can not be read: its "${at}" is not as expected.`, {
      hint: 'Deliver what the provider itself sends, of the kind that the connection names.',
    });
  }
}

export interface GenuineMessage {
  provider: Provider;
  header: Header;
  bytes: Uint8Array;
  facts: HookFacts;
}

/** Accepts it once, and begins what it leads to. */
export async function takeMessage(
  ports: Ports,
  connection: Connection,
  { provider, header, bytes, facts }: GenuineMessage,
): Promise<Received> {
  const received = await receive(ports, connection, {
    delivery: provider.deliveryId(header, bytes),
    event: provider.event(header),
    facts,
    ...(provider.signsBody && { alike: bodyHash(bytes) }),
  });
  const { delivery, isKnown } = received;
  if (!isKnown) await begin(ports, connection, delivery.number, hasEnded(delivery));
  return received;
}

/** What begins and is told at once; a fault is none of the provider's, since the sweep does what is left. */
async function begin(
  ports: Ports,
  { project, id }: Connection,
  number: number,
  isOver: boolean,
): Promise<void> {
  const signal = AbortSignal.timeout(TELL_MS);
  await Promise.all([
    deliverNow(ports, { project, id }, signal),
    isOver ? undefined : advanceDelivery(ports, { connection: id, number }).catch(() => undefined),
  ]);
}
