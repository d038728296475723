/** Signed evidence of a period, from the audit trail of a project or of the installation. */
import { genesis } from '../../core/events/audit-chain.ts';
import { createAccessLedger } from '../../core/evidence/access-spans.ts';
import { type EvidenceContent, renderPack } from '../../core/evidence/pack.ts';
import { SEED_BYTES, type SigningKey, signingKeyOf } from '../../core/evidence/signing-key.ts';
import { EVIDENCE_KEY_PATH, eventKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { BerthEvent } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { readChain } from '../../records/audit-trail.ts';
import { lastNumberAt } from '../../records/chain-append.ts';

type EvidencePorts = Pick<Ports, 'store' | 'secrets' | 'anchors' | 'effects'>;

/** The key that signs; undefined before the first pack was asked for. */
export async function findSigningKey(secrets: Ports['secrets']): Promise<SigningKey | undefined> {
  const seed = await secrets.get(EVIDENCE_KEY_PATH);
  return seed === undefined ? undefined : signingKeyOf(seed);
}

/** Of two processes that make it at once, one key is kept. */
async function ensureSigningKey({ secrets, effects }: EvidencePorts): Promise<SigningKey> {
  const kept = await findSigningKey(secrets);
  if (kept) return kept;
  await secrets.put(EVIDENCE_KEY_PATH, effects.token(SEED_BYTES), { versionId: 'first' });
  const made = await findSigningKey(secrets);
  if (!made) throw new Error('The key that signs evidence was kept, and is not there.');
  return made;
}

interface Asked {
  /** Name of the chain. */
  chain: string;
  /** ISO 8601, UTC, milliseconds; `to` is not part of the period. */
  from: string;
  to: string;
  /** Number of the last event of the pack before; the first pack begins the period. */
  after?: number | undefined;
  by: string;
}

const millisecondBefore = (time: string): string => new Date(Date.parse(time) - 1).toISOString();

/** The last event before a number, with the hash that it was sealed with. */
async function boundary(
  store: Ports['store'],
  chain: string,
  number: number,
): Promise<EvidenceContent['before']> {
  if (number === 0) return undefined;
  const [event, one] = await Promise.all([
    store.get<BerthEvent>(eventKey(chain, number)),
    number > 1 ? store.get<BerthEvent>(eventKey(chain, number - 1)) : undefined,
  ]);
  if (!event) return undefined;
  return { previous: one?.data.hash ?? genesis(chain).hash, event: event.data };
}

/** Events behind a number until the end of the period or of what a pack holds. */
async function eventsOf(store: Ports['store'], { chain, to }: Asked, start: number) {
  const events: BerthEvent[] = [];
  let bytes = 0;
  for await (const { data } of readChain(store, chain, start, limits.evidenceEvents.value + 1)) {
    if (data.at >= to) return { events, after: data, goesOn: false };
    bytes += JSON.stringify(data).length;
    const isFull = events.length === limits.evidenceEvents.value || bytes > limits.evidenceSize.value;
    if (isFull && events.length > 0) return { events, goesOn: true };
    events.push(data);
  }
  return { events, goesOn: false };
}

async function accessOf(store: Ports['store'], { chain, from, to }: Asked) {
  const ledger = createAccessLedger(from);
  for await (const { data } of readChain(store, chain)) {
    if (data.at >= to) break;
    ledger.next(data);
  }
  const all = ledger.within(from, to);
  const access = all.slice(0, limits.evidenceAccess.value);
  return { access, accessLeftOut: all.length - access.length };
}

export interface EvidencePack {
  text: string;
  /** The last event of it, behind which the next pack of the period begins; absent in the last one. */
  next?: number;
}

/**
 * One pack: all events of the period, or as many as it holds.
 * Events are handed over as they are in the store, also where they do not fit the chain: the pack does not verify then.
 */
export async function makeEvidence(ports: EvidencePorts, asked: Asked): Promise<EvidencePack> {
  const { store } = ports;
  const { chain, from, to } = asked;
  const begin = await lastNumberAt(store, chain, millisecondBefore(from));
  const start = Math.max(begin, asked.after ?? 0);
  const [before, found, heads, key] = await Promise.all([
    boundary(store, chain, start),
    eventsOf(store, asked, start),
    ports.anchors.heads(chain),
    ensureSigningKey(ports),
  ]);
  // Where one is missing, their number is no number of an event.
  const last = Number(found.events.at(-1)?.id ?? start);
  const anchor = heads.findLast(({ number }) => number <= last);
  const content: EvidenceContent = {
    ...{ chain, from, to, madeBy: asked.by, madeAt: new Date(ports.effects.now()).toISOString() },
    ...(before && { before }),
    ...found,
    ...(start === begin ? await accessOf(store, asked) : { accessLeftOut: 0 }),
    ...(anchor && { anchor }),
  };
  return { text: renderPack(content, key), ...(found.goesOn && { next: last }) };
}
