/** What is known of people from their last sign-in. Their tokens act with it, so that it must not grow too old. */
import { personKey } from '../../core/keys.ts';
import type { Person, Principal } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';

const HOUR_MS = 60 * 60 * 1000;

/**
 * A person who has not been seen for longer than this may have left the company, so their record no longer counts.
 */
export const PERSON_STALE_MS = 90 * 24 * HOUR_MS;

/** Records what the issuer says of a person: when it has changed, and otherwise once an hour, to keep the time. */
export async function rememberPerson(
  ports: Pick<Ports, 'store' | 'effects'>,
  principal: Principal,
): Promise<void> {
  if (principal.kind !== 'user') return;
  const { id, name, email, groups, administrator } = principal;
  const now = ports.effects.now();
  const said = { id, ...(name && { name }), ...(email && { email }), groups, administrator };
  const item = await ports.store.get<Person>(personKey(id));
  if (item) {
    const { seenAt, ...known } = item.data;
    if (now - Date.parse(seenAt) < HOUR_MS && JSON.stringify(known) === JSON.stringify(said)) return;
  }
  const data: Person = { ...said, seenAt: new Date(now).toISOString() };
  const write = {
    put: { ...personKey(id), data },
    if: item ? { version: item.version } : ('absent' as const),
  };
  await ports.store.transact([write]).catch((error: unknown) => {
    // Another request of the same person has recorded the same.
    if (!(error instanceof StoreConflict)) throw error;
  });
}

/** @returns undefined for a person who has not been seen for too long */
export async function recallPerson(
  ports: Pick<Ports, 'store' | 'effects'>,
  id: string,
): Promise<Person | undefined> {
  const item = await ports.store.get<Person>(personKey(id));
  if (!item || ports.effects.now() - Date.parse(item.data.seenAt) > PERSON_STALE_MS) return undefined;
  return item.data;
}
