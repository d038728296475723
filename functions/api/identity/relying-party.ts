/** Signs people in at an OpenID Connect provider: authorization code with PKCE (RFC 7636), no other flow. */

import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { type Issuer, IssuerUnavailable, type Metadata } from './issuer.ts';

export interface RelyingPartyOptions {
  issuer: Issuer;
  clientId: string;
  /** The secret of a confidential client; read when it is needed. */
  clientSecret?: () => Promise<string>;
  /** Where the provider sends people back to; registered there. */
  redirectUri: string;
  /** Where it sends them once they have signed out there; registered there. */
  postLogoutRedirectUri: string;
}

/** The values that tie the answer of the provider to this sign-in. Only `state` is in a URL. */
export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

export interface SignedIn {
  claims: JWTPayload;
  idToken: string;
}

export interface RelyingParty {
  /** Where to send the browser. @throws Problem unavailable */
  authorizationUrl(attempt: Attempt): Promise<string>;
  /**
   * Exchanges the code that came back.
   * @throws Problem sign_in_failed | unavailable
   */
  finish(attempt: Attempt, answer: { code: string; iss?: string | undefined }): Promise<SignedIn>;
  /** Where to send the browser to sign out at the provider too, where it has such a place. */
  logoutUrl(idToken: string | undefined): Promise<string | undefined>;
}

const SCOPES = ['openid', 'profile', 'email'];
const tokenSchema = z.object({ id_token: z.string(), access_token: z.string().optional() });
const COGNITO = /^https:\/\/cognito-idp\./;
const RESPONSE_MAX_BYTES = limits.issuerDocument.value;

/** The scopes that are asked for; `groups` is one of them where the provider has it. */
export const scopesOf = ({ scopes_supported: supported }: Metadata): string[] =>
  supported?.includes('groups') ? [...SCOPES, 'groups'] : SCOPES;

export const signInFailed = (why: string, cause?: unknown): Problem =>
  new Problem('sign_in_failed', `The sign-in did not succeed: ${why}.`, {
    hint: 'Start it again from the console.',
    cause,
  });

/** Runs something that asks an issuer. @throws Problem unavailable instead of IssuerUnavailable */
export async function orUnavailable<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof IssuerUnavailable)) throw error;
    throw new Problem(
      'unavailable',
      'Who you are can not be verified: the identity provider does not answer.',
      {
        hint: 'Try again in a moment; if it stays, check the issuer of this installation.',
        cause: error,
      },
    );
  }
}

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const { issuer, clientId, redirectUri, postLogoutRedirectUri } = options;

  async function endpoint(
    metadata: Metadata,
    name: 'authorization_endpoint' | 'token_endpoint',
  ): Promise<URL> {
    const url = metadata[name];
    if (url === undefined) throw new IssuerUnavailable(`The issuer ${issuer.name} has no ${name}`);
    return new URL(url);
  }

  /** How the client says who it is; the secret is in the header unless the provider takes it in the body alone. */
  async function credentials(
    metadata: Metadata,
  ): Promise<{ headers: Record<string, string>; fields: Record<string, string> }> {
    const secret = await options.clientSecret?.();
    if (secret === undefined) return { headers: {}, fields: { client_id: clientId } };
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    if (!methods.includes('client_secret_basic') && methods.includes('client_secret_post')) {
      return { headers: {}, fields: { client_id: clientId, client_secret: secret } };
    }
    const pair = [clientId, secret].map(formEncoded).join(':');
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} };
  }

  async function exchange(metadata: Metadata, code: string, verifier: string) {
    const { headers, fields } = await credentials(metadata);
    const response = await issuer
      .fetch((await endpoint(metadata, 'token_endpoint')).href, {
        method: 'POST',
        headers: { accept: 'application/json', ...headers },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...fields,
        }),
      })
      .catch((cause: unknown) => {
        throw new IssuerUnavailable('The token endpoint does not answer', { cause });
      });
    const text = await response.text();
    if (response.status >= 500) throw new IssuerUnavailable(`The token endpoint answers ${response.status}`);
    if (!response.ok || text.length > RESPONSE_MAX_BYTES) {
      throw signInFailed(
        'the identity provider does not take the code, which is good once and for a short time',
      );
    }
    const parsed = tokenSchema.safeParse(parseJson(text));
    if (!parsed.success) throw signInFailed('the identity provider sent no ID token');
    return parsed.data;
  }

  return {
    authorizationUrl: ({ state, nonce, verifier }) =>
      orUnavailable(async () => {
        const metadata = await issuer.metadata();
        const url = await endpoint(metadata, 'authorization_endpoint');
        const fields = {
          response_type: 'code',
          client_id: clientId,
          redirect_uri: redirectUri,
          scope: scopesOf(metadata).join(' '),
          state,
          nonce,
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
        };
        for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
        return url.href;
      }),

    finish: ({ nonce, verifier }, { code, iss }) =>
      orUnavailable(async () => {
        const metadata = await issuer.metadata();
        // RFC 9207: `iss` tells an answer of another provider that was mixed in.
        const mixed =
          iss === undefined ? metadata.authorization_response_iss_parameter_supported : iss !== issuer.name;
        if (mixed)
          throw signInFailed('the answer does not come from the identity provider of this installation');
        const tokens = await exchange(metadata, code, verifier);
        const checks = { audience: [clientId], nonce, types: ['jwt'] };
        const claims = await issuer.verify(tokens.id_token, checks);
        if (!claims) throw signInFailed('the ID token is not valid');
        return {
          claims: await withUserInfo(issuer, metadata, claims, tokens.access_token),
          idToken: tokens.id_token,
        };
      }),

    async logoutUrl(idToken) {
      // Signing out of Berth works although the provider does not.
      const metadata = await issuer.metadata().catch(() => undefined);
      if (!metadata?.end_session_endpoint) return undefined;
      const url = new URL(metadata.end_session_endpoint);
      url.searchParams.set('client_id', clientId);
      url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
      // Cognito is older than the standard, and has its own name for the same parameter.
      if (COGNITO.test(issuer.name)) url.searchParams.set('logout_uri', postLogoutRedirectUri);
      if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken);
      return url.href;
    },
  };
}

/** Adds the claims of the userinfo endpoint, for providers with short ID tokens. Claims of the signed token win. */
async function withUserInfo(
  issuer: Issuer,
  { userinfo_endpoint: url }: Metadata,
  claims: JWTPayload,
  accessToken: string | undefined,
): Promise<JWTPayload> {
  if (url === undefined || accessToken === undefined) return claims;
  const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' };
  const response = await issuer.fetch(url, { headers }).catch(() => undefined);
  if (!response?.ok) return claims;
  const text = await response.text();
  const parsed = z.looseObject({ sub: z.string() }).safeParse(parseJson(text));
  // Claims about another subject must not be used (OpenID Connect Core 5.3.2).
  if (!parsed.success || parsed.data.sub !== claims.sub || text.length > RESPONSE_MAX_BYTES) return claims;
  const { email, email_verified: verified, ...rest } = parsed.data;
  // `email` and `email_verified` belong together, so both come from the same source.
  const address =
    claims.email === undefined && claims.email_verified === undefined
      ? { email, email_verified: verified }
      : {};
  return { ...rest, ...address, ...claims };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
