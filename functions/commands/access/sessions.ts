/**
 * Sessions of browsers. Whoever holds the secret in the cookie counts as the person who signed in, until the session
 * is too old or idle for too long.
 */

import { createCipheriv, createDecipheriv, createHash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { RETENTION_QUEUE, sessionKey, sessionOwner, sessionsPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { PLATFORM, type Principal, type Session } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Condition, type Item, PAGE_LIMIT_MAX, StoreConflict, type Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';

/** A working day. After it the identity provider is asked again, and so is whether the person still works here. */
export const SESSION_MAX_MS = limits.sessionSeconds.value * 1000;
/** The longest time without a request, milliseconds. */
export const SESSION_IDLE_MS = limits.sessionIdleSeconds.value * 1000;
/** How exactly the last request is known, milliseconds; each write costs. */
const SEEN_MS = 5 * 60 * 1000;

const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{32})\.([0-9A-HJKMNP-TV-Z]{26})\.([\w-]{43})$/;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const iso = (time: number): string => new Date(time).toISOString();

/** When the session ends if no further request comes, epoch milliseconds. */
export const sessionEnd = ({ seenAt, expiresAt }: Session): number =>
  Math.min(Date.parse(seenAt) + SESSION_IDLE_MS, Date.parse(expiresAt));

const putSession = (session: Session, condition: Condition): Write => ({
  put: {
    ...sessionKey(sessionOwner(session.principal.id), session.id),
    data: session,
    due: { queue: RETENTION_QUEUE, at: sessionEnd(session) },
  },
  if: condition,
});

export interface NewSession {
  principal: Principal;
  idToken?: string;
  providerSession?: string;
  userAgent?: string;
}

/**
 * Starts a new session in every case: a session from before the sign-in must be worth nothing after it.
 * @returns the session, and the token for its cookie, which is kept nowhere
 */
export async function startSession(
  ports: Ports,
  caller: Caller,
  input: NewSession,
): Promise<{ session: Session; token: string }> {
  const { effects } = ports;
  const secret = effects.token(SECRET_BYTES);
  const now = effects.now();
  const session: Session = {
    id: effects.id(),
    principal: input.principal,
    secretHash: hashOf(secret),
    ...(input.idToken !== undefined && { idToken: seal(secret, input.idToken, effects.token(12)) }),
    ...(input.providerSession !== undefined && { providerSession: input.providerSession }),
    ...(input.userAgent !== undefined && { userAgent: input.userAgent.slice(0, 200) }),
    createdAt: iso(now),
    seenAt: iso(now),
    expiresAt: iso(now + SESSION_MAX_MS),
  };
  await commit(ports, caller, {
    writes: [putSession(session, 'absent')],
    events: [{ project: PLATFORM, type: 'session.started', data: { session: session.id } }],
  });
  return { session, token: `${sessionOwner(input.principal.id)}.${session.id}.${secret}` };
}

/** The session of a token, unless it has ended. The comparison takes the same time whatever is sent. */
export async function findSession(
  ports: Pick<Ports, 'store' | 'effects'>,
  token: string,
): Promise<Item<Session> | undefined> {
  const [, owner, id, secret] = TOKEN.exec(token) ?? [];
  if (owner === undefined || id === undefined || secret === undefined) return undefined;
  const item = await ports.store.get<Session>(sessionKey(owner, id));
  if (!item || sessionEnd(item.data) <= ports.effects.now()) return undefined;
  const same = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(item.data.secretHash));
  return same ? item : undefined;
}

/** Notes that the session was used. A note that another request makes at the same time is as good. */
export async function touchSession(
  ports: Pick<Ports, 'store' | 'effects'>,
  item: Item<Session>,
): Promise<void> {
  const now = ports.effects.now();
  if (now - Date.parse(item.data.seenAt) < SEEN_MS) return;
  const write = putSession({ ...item.data, seenAt: iso(now) }, { version: item.version });
  await ports.store.transact([write]).catch((error: unknown) => {
    if (!(error instanceof StoreConflict)) throw error;
  });
}

/** Ends one session; a session that does not exist is no error. */
export async function endSession(ports: Ports, caller: Caller, principal: string, id: string): Promise<void> {
  const key = sessionKey(sessionOwner(principal), id);
  try {
    await commit(ports, caller, {
      writes: [{ delete: key, if: 'present' }],
      events: [{ project: PLATFORM, type: 'session.ended', data: { session: id, principal } }],
    });
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
  }
}

/** Ends all sessions of a person, or those that the issuer knows under one id. @returns how many */
export async function endSessions(
  ports: Ports,
  caller: Caller,
  principal: string,
  providerSession?: string,
): Promise<number> {
  const pk = sessionsPartition(sessionOwner(principal));
  let after: string | undefined;
  let ended = 0;
  do {
    const page = await ports.store.query<Session>({
      pk,
      limit: PAGE_LIMIT_MAX,
      ...(after !== undefined && { after }),
    });
    const wanted = page.items.filter(
      ({ data }) => providerSession === undefined || data.providerSession === providerSession,
    );
    for (const { sk } of wanted) await endSession(ports, caller, principal, sk);
    ended += wanted.length;
    after = page.next;
  } while (after !== undefined);
  return ended;
}

/** The issuer's ID token that a session keeps. */
export function idTokenOf({ idToken }: Session, token: string): string | undefined {
  const secret = TOKEN.exec(token)?.[3];
  return idToken === undefined || secret === undefined ? undefined : open(secret, idToken);
}

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'berth id token', 32));

/**
 * Encrypts an ID token. The API would accept the token as it is, so somebody who can only read the records must not
 * get it.
 */
function seal(secret: string, text: string, nonce: string): string {
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), Buffer.from(nonce, 'base64url'));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${nonce}.${sealed.toString('base64url')}`;
}

function open(secret: string, sealed: string): string | undefined {
  const [nonce = '', text = ''] = sealed.split('.');
  const bytes = Buffer.from(text, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), Buffer.from(nonce, 'base64url'));
    decipher.setAuthTag(bytes.subarray(-16));
    return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}
