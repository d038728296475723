/** Who is calling: the first authenticator that knows the credentials of a request says so. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { hasEnded, rememberPerson } from '../../commands/access/people.ts';
import { ADMINISTRATOR_ID, type Principal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';

/** What a request says of who sent it. */
export interface Credentials {
  method: string;
  /** The token of "Authorization: Bearer". Where there is one, nothing else of the request counts. */
  bearer?: string;
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
}

/**
 * Knows some principals by their credentials. While a stream is open it is asked again with the same credentials, so
 * it must not answer from a cache: someone whose access has ended is undefined from then on.
 * @returns undefined for credentials that are none of its own, not valid, or no longer
 */
export type Authenticator = (
  credentials: Credentials,
) => Promise<Principal | undefined> | Principal | undefined;

/** Resolves a bearer token to whom it belongs to; undefined when it is not, or no longer, valid. */
export type BearerCheck = (token: string) => Promise<Principal | undefined> | Principal | undefined;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** This installation's own administrator, whom no issuer knows. */
export const localAdministrator: Principal = {
  id: ADMINISTRATOR_ID,
  kind: 'system',
  groups: [],
  administrator: true,
};

/** Knows one token, the administrator's, and compares it in constant time. */
export function administratorToken(token: string): BearerCheck {
  if (token.length < 16) throw new RangeError('An administrator token has at least 16 characters');
  const expected = digest(token);
  return (given) => (timingSafeEqual(digest(given), expected) ? localAdministrator : undefined);
}

/** Knows bearer tokens: the first check that knows a token decides. A check that throws ends the search. */
export const bearerTokens =
  (...checks: readonly BearerCheck[]): Authenticator =>
  async ({ bearer }) => {
    if (bearer === undefined) return undefined;
    for (const check of checks) {
      const principal = await check(bearer);
      if (principal) return principal;
    }
    return undefined;
  };

/** The first authenticator that knows the credentials decides. */
export const firstOf =
  (...authenticators: readonly Authenticator[]): Authenticator =>
  async (credentials) => {
    for (const authenticate of authenticators) {
      const principal = await authenticate(credentials);
      if (principal) return principal;
    }
    return undefined;
  };

/** How long a process remembers that the record of a person is up to date, milliseconds. */
const REMEMBERED_MS = 60 * 60 * 1000;

/** When a token that was verified was issued, epoch milliseconds. */
function issuedAt(token: string): number {
  const claims: { iat?: unknown } = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  );
  return Number(claims.iat) * 1000;
}

/**
 * Records the name and groups of people who call, so that their tokens act with the same groups. A token that the
 * issuer gave somebody before all of their access was ended is not taken.
 */
export function rememberPeople(
  ports: Pick<Ports, 'store' | 'effects'>,
  authenticate: Authenticator,
): Authenticator {
  const kept = new Map<string, { said: string; at: number }>();
  return async (credentials) => {
    const principal = await authenticate(credentials);
    // A sign-in from a terminal is known by what the issuer said before: it says nothing new.
    if (principal?.kind !== 'user' || principal.signIn !== undefined) return principal;
    const { bearer } = credentials;
    if (bearer !== undefined && (await hasEnded(ports, principal.id, issuedAt(bearer)))) return undefined;
    const now = ports.effects.now();
    const said = JSON.stringify(principal);
    const before = kept.get(principal.id);
    if (before?.said === said && now - before.at < REMEMBERED_MS) return principal;
    try {
      await rememberPerson(ports, principal);
    } catch {
      // Requests are still answered when the disk is full; the next one tries to record the person again.
      return principal;
    }
    if (kept.size >= 10_000) kept.clear();
    kept.set(principal.id, { said, at: now });
    return principal;
  };
}

// RFC 6750's b64token; the scheme's name is case-insensitive.
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** @throws Problem unauthenticated for an Authorization header that holds no bearer token */
export function credentialsOf(method: string, header: (name: string) => string | undefined): Credentials {
  const authorization = header('authorization');
  if (authorization === undefined) return { method, header };
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer === undefined) throw unauthenticated('The Authorization header is not "Bearer <token>".');
  return { method, bearer, header };
}

/** @throws Problem unauthenticated */
export async function authenticateRequest(
  authenticate: Authenticator,
  credentials: Credentials,
): Promise<Principal> {
  const principal = await authenticate(credentials);
  if (principal) return principal;
  throw unauthenticated(
    credentials.bearer === undefined
      ? 'No token was sent, and nobody is signed in.'
      : 'The token is not valid.',
  );
}

const unauthenticated = (detail: string): Problem =>
  new Problem('unauthenticated', detail, {
    hint: 'Send "Authorization: Bearer <token>". On one machine the token is in the file admin-token of the data directory.',
  });
