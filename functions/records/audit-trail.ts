/** Reads a project's whole audit chain: to check it, and to hand it to auditors. */
import { type ChainReport, createChainVerifier } from '../core/events/audit-verification.ts';
import { eventKey, eventsPartition } from '../core/keys.ts';
import type { BerthEvent } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { Item, Store } from '../ports/store.ts';

const PAGE = 1000;

/** Events in the order of their numbers. @param after the number of the event before the first */
export async function* readChain(
  store: Store,
  project: string,
  after = 0,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item<BerthEvent>> {
  const pk = eventsPartition(project);
  let left = most;
  let from: string | undefined = eventKey(project, after).sk;
  while (from !== undefined && left > 0) {
    const page: { items: Item<BerthEvent>[]; next?: string } = await store.query<BerthEvent>({
      pk,
      after: from,
      limit: Math.min(PAGE, left),
    });
    yield* page.items;
    left -= page.items.length;
    from = page.next;
  }
}

/** Checks all events of a project, and that no event which was there before is gone. */
export async function verifyChain(
  ports: Pick<Ports, 'store' | 'anchors'>,
  project: string,
): Promise<ChainReport> {
  // The heads are read first: whatever is committed meanwhile is behind all of them.
  const verifier = createChainVerifier(project, await ports.anchors.heads(project));
  for await (const { sk, data } of readChain(ports.store, project)) verifier.next(Number(sk), data);
  return verifier.end();
}
