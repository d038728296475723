/** Knows people by the ID tokens of an OpenID Connect issuer. */
import * as z from 'zod';
import { principalId } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import type { BearerCheck } from './authenticate.ts';

export interface OidcOptions {
  /** As it stands in tokens. */
  issuer: string;
  /** Who tokens have to be meant for. */
  audience: string;
  /** A subject, or an e-mail address that the issuer says it has verified. */
  administrator?: string;
  /** Default: the system's. */
  fetch?: typeof globalThis.fetch;
}

/** Signatures by a private key alone: with a shared secret, who verifies could sign. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const TIMEOUT_MS = 5_000;
/** Between the clocks of the issuer and ours, seconds. */
const SKEW_SECONDS = 30;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.unknown().optional(),
  name: z.string().max(200).optional().catch(undefined),
  // A list of names, or nothing: what only looks like one (a text, a number, an empty name) gives no role.
  groups: z.array(z.string().min(1).max(200)).max(1000).optional().catch(undefined),
});

/** Resolves to undefined for every token that is not good; @throws Problem unavailable when the issuer is not there */
export function oidcTokens(options: OidcOptions): BearerCheck {
  const { issuer, audience, administrator, fetch = globalThis.fetch } = options;
  let keys: Promise<Verify> | undefined;

  async function load(): Promise<Verify> {
    const { createRemoteJWKSet, customFetch, errors, jwtVerify } = await import('jose');
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const found = discovery.parse(await response.json());
    if (found.issuer !== issuer) throw new Error('the document names another issuer');
    const keySet = createRemoteJWKSet(new URL(found.jwks_uri), {
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: (url: string, init: RequestInit) => fetch(url, { ...init, redirect: 'error' }),
    });
    return async (token) => {
      try {
        const checks = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: SKEW_SECONDS };
        const { payload } = await jwtVerify(token, keySet, { ...checks, requiredClaims: ['exp', 'sub'] });
        return payload;
      } catch (error) {
        // A key that the issuer does not have is the token's fault; that its keys can not be read is not.
        const refused = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
        if (refused && error.code !== 'ERR_JOSE_GENERIC') return undefined;
        throw error;
      }
    };
  }

  return async (token) => {
    // Three parts, as a signed token has: anything else is not worth a look at the issuer.
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
    try {
      keys ??= load();
      const parsed = claims.safeParse(await (await keys)(token));
      if (!parsed.success) return undefined;
      const { sub, name, email, email_verified, groups } = parsed.data;
      const id = principalId('user', sub);
      if (id === undefined) return undefined;
      const isVerified = email_verified === true && email !== undefined && email !== '';
      const isAdministrator =
        administrator !== undefined && (sub === administrator || (isVerified && email === administrator));
      return {
        id,
        kind: 'user',
        ...(name !== undefined && { name }),
        ...(isVerified && { email }),
        groups: groups ?? [],
        administrator: isAdministrator,
      };
    } catch (error) {
      keys = undefined;
      throw new Problem('unavailable', 'Tokens can not be verified: the identity provider does not answer.', {
        hint: 'Try again in a moment; if it stays, check the issuer of this installation.',
        cause: error,
      });
    }
  };
}

type Verify = (token: string) => Promise<unknown>;
