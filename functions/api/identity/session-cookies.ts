/** Knows people by the cookie of their session. */
import { findSession, touchSession } from '../../commands/access/sessions.ts';
import type { Session } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Authenticator } from '../admission/authenticate.ts';
import { wantsEventStream } from '../http/sse.ts';
import { readCookies } from './cookies.ts';
import type { Identity } from './identity.ts';
import { checkSameOrigin } from './same-origin.ts';

/** The token in the session's cookie. */
const tokenIn = (identity: Identity, cookie: string | null | undefined): string | undefined =>
  readCookies(cookie ?? null).get(identity.sessionCookie);

/** Knows people by the cookie of their session. A request with a bearer token is not looked at, even if it is invalid. */
export const sessionCookies =
  (identity: Identity, ports: Pick<Ports, 'store' | 'effects'>): Authenticator =>
  async ({ method, bearer, header }) => {
    const token = bearer === undefined ? tokenIn(identity, header('cookie')) : undefined;
    if (token === undefined) return undefined;
    checkSameOrigin(method, header, identity.origin);
    const item = await findSession(ports, token);
    // Reconnecting streams of a page that was left open do not keep a session alive.
    if (item && !wantsEventStream(header('accept'))) await touchSession(ports, item);
    return item?.data.principal;
  };

/** The session that a request came with, and the token of its cookie. */
export async function sessionOf(
  ports: Pick<Ports, 'store' | 'effects'>,
  identity: Identity | undefined,
  { headers }: Request,
): Promise<{ session: Session; token: string } | undefined> {
  if (!identity || headers.has('authorization')) return undefined;
  const token = tokenIn(identity, headers.get('cookie'));
  const item = token === undefined ? undefined : await findSession(ports, token);
  return item && token !== undefined ? { session: item.data, token } : undefined;
}
