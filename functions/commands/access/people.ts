/** What is known of people from their last sign-in. Their tokens act with it, so that it must not grow too old. */
import { personKey } from '../../core/keys.ts';
import { type Person, PLATFORM, type Principal } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { endSessions } from './sessions.ts';
import { revokeTokens } from './tokens.ts';

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
  if (principal.kind !== 'user' || principal.signIn !== undefined) return;
  const { id, name, email, groups, administrator } = principal;
  const now = ports.effects.now();
  const said = { id, ...(name && { name }), ...(email && { email }), groups, administrator };
  const item = await ports.store.get<Person>(personKey(id));
  if (item) {
    const { seenAt, notBefore: _notBefore, ...known } = item.data;
    if (now - Date.parse(seenAt) < HOUR_MS && JSON.stringify(known) === JSON.stringify(said)) return;
  }
  const notBefore = item?.data.notBefore;
  const data: Person = {
    ...said,
    seenAt: new Date(now).toISOString(),
    ...(notBefore !== undefined && { notBefore }),
  };
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

/** Tells whether what was given to a person at a time is void by now. @param at epoch milliseconds */
export const isVoid = (person: Pick<Person, 'notBefore'> | undefined, at: number): boolean =>
  person?.notBefore !== undefined && at <= Date.parse(person.notBefore);

/** Tells whether a token that the issuer gave to a person at a time is void. @param at epoch milliseconds */
export async function hasEnded(ports: Pick<Ports, 'store'>, id: string, at: number): Promise<boolean> {
  return isVoid((await ports.store.get<Person>(personKey(id)))?.data, at);
}

/**
 * Ends all that a person has been given: from the next request on no session, no token that acts for them, nothing
 * that such a token made, and no token that the issuer gave them before. One record says so; what is void by it is
 * then removed.
 */
export async function endAccess(ports: Ports, caller: Caller, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const item = await ports.store.get<Person>(personKey(id));
    const notBefore = new Date(ports.effects.now()).toISOString();
    // Somebody who was never seen counts as not seen for too long.
    const unseen: Person = { id, groups: [], administrator: false, seenAt: new Date(0).toISOString() };
    await commit(ports, caller, {
      writes: [
        {
          put: { ...personKey(id), data: { ...(item?.data ?? unseen), notBefore } },
          if: item ? { version: item.version } : 'absent',
        },
      ],
      events: [{ project: PLATFORM, type: 'access.ended', data: { principal: id } }],
    });
  });
  await endSessions(ports, caller, id);
  await revokeTokens(ports, caller, id);
}
