/** Who is calling: bearer tokens, and nothing that a browser would send by itself. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../core/model.ts';
import { Problem } from '../core/problem.ts';

/** Resolves a bearer token to who it belongs to; undefined when it is not, or no longer, valid. */
export type Authenticate = (token: string) => Promise<Principal | undefined> | Principal | undefined;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Knows one token, the administrator's. Comparing takes the same time whatever is sent. */
export function administratorToken(token: string): Authenticate {
  if (token.length < 16) throw new RangeError('An administrator token has at least 16 characters');
  const expected = digest(token);
  const administrator: Principal = { id: 'administrator', administrator: true };
  return (given) => (timingSafeEqual(digest(given), expected) ? administrator : undefined);
}

// RFC 6750's b64token; the scheme's name is case-insensitive.
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** @throws Problem unauthenticated */
export async function authenticateRequest(
  authenticate: Authenticate,
  header: string | undefined,
): Promise<{ principal: Principal; token: string }> {
  if (header === undefined) throw unauthenticated('No token was sent.');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw unauthenticated('The Authorization header is not "Bearer <token>".');
  const principal = await authenticate(token);
  if (!principal) throw unauthenticated('The token is not valid.');
  return { principal, token };
}

const unauthenticated = (detail: string): Problem =>
  new Problem('unauthenticated', detail, {
    hint: 'Send "Authorization: Bearer <token>". On one machine the token is in the file admin-token of the data directory.',
  });
