/**
 * Appends to a project's audit chain: one writer at a time in this process, while the store refuses a place that
 * another process has taken.
 */
import { type ChainHead, genesis } from '../core/events/audit-chain.ts';
import { eventKey, eventsPartition } from '../core/keys.ts';
import type { BerthEvent } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';
import type { Store } from '../ports/store.ts';
import { inTurn } from './turns.ts';

/** Another writer has taken the place behind the head. */
export class ChainMoved extends Error {
  override name = 'ChainMoved';
}

interface Chain {
  /** The head that this process saw last; the store refuses a place that is taken. */
  head?: ChainHead;
}

/** The chains that are known, by store; those whose last use is longest ago are forgotten. */
const known = new WeakMap<Store, Map<string, Chain>>();
const KNOWN_MAX = 1000;

function chainOf(store: Store, project: string): Chain {
  const chains = known.get(store) ?? new Map<string, Chain>();
  known.set(store, chains);
  const chain = chains.get(project) ?? {};
  chains.delete(project);
  chains.set(project, chain);
  // A chain in use moves to the other end of the map.
  if (chains.size > KNOWN_MAX) for (const oldest of [...chains.keys()].slice(0, 1)) chains.delete(oldest);
  return chain;
}

/** The newest event of a project's chain as a head. */
export async function readHead(store: Store, project: string): Promise<ChainHead> {
  const { items } = await store.query<BerthEvent>({ pk: eventsPartition(project), limit: 1, reverse: true });
  const newest = items[0];
  return newest
    ? { number: Number(newest.sk), hash: newest.data.hash, at: newest.data.at }
    : genesis(project);
}

/**
 * The number of the last event at or before a time; 0 when all are later. Times do not run backwards in a chain, so
 * that about twenty reads find it among a million.
 * @param time ISO 8601, UTC, milliseconds
 */
export async function lastNumberAt(store: Store, project: string, time: string): Promise<number> {
  let low = 0;
  let high = (await readHead(store, project)).number;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const item = await store.get<BerthEvent>(eventKey(project, middle));
    if (item && item.data.at > time) high = middle - 1;
    else low = middle;
  }
  return low;
}

/** Other processes may write the same chain: in each round one writer succeeds. */
const TRIES = 50;

/**
 * @param append writes behind the head that it is given and resolves to the new one; called again when it throws
 * ChainMoved
 * @throws Problem conflict after 50 tries, and whatever `append` throws
 */
export function appendToChain(
  store: Store,
  project: string,
  append: (head: ChainHead) => Promise<ChainHead>,
): Promise<void> {
  const chain = chainOf(store, project);
  return inTurn(store, eventsPartition(project), async () => {
    for (let tries = 1; tries <= TRIES; tries++) {
      chain.head ??= await readHead(store, project);
      const { head } = chain;
      // After an error it is unknown whether the event was written, so the next writer reads the head again.
      delete chain.head;
      try {
        chain.head = await append(head);
        return;
      } catch (error) {
        if (!(error instanceof ChainMoved)) throw error;
      }
    }
    throw new Problem('conflict', `Too many others changed project "${project}" at the same time.`, {
      hint: 'Repeat the request.',
    });
  });
}
