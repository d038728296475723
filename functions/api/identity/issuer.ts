/** An OpenID Connect issuer: its metadata and its keys, read when first needed, and again as they change. */

import type { JWTPayload } from 'jose';
import * as z from 'zod';
import { limits } from '../../core/limits.ts';

export interface IssuerOptions {
  /** The `iss` of its tokens. */
  issuer: string;
  /** The system's `fetch` by default. */
  fetch?: typeof globalThis.fetch;
  /** An unknown key is looked for at the issuer no more often than this, milliseconds; 30 seconds by default. */
  keyCooldownMs?: number;
}

const httpUrl = z.url({ protocol: /^https?$/ });

const metadataSchema = z.object({
  issuer: z.string(),
  jwks_uri: httpUrl,
  authorization_endpoint: httpUrl.optional(),
  token_endpoint: httpUrl.optional(),
  userinfo_endpoint: httpUrl.optional(),
  end_session_endpoint: httpUrl.optional(),
  device_authorization_endpoint: httpUrl.optional(),
  scopes_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

export type Metadata = z.output<typeof metadataSchema>;

/** What a token must fulfil beside a valid signature and time. */
export interface TokenChecks {
  /** One of them has to be in `aud`, and in `azp` where there is one. */
  audience: readonly string[];
  nonce?: string;
  /** Accepted `typ` headers (RFC 8725); those of ID and access tokens by default. */
  types?: readonly string[];
}

export interface Issuer {
  readonly name: string;
  /** A request to the issuer. It follows no redirects. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** @throws IssuerUnavailable */
  metadata(): Promise<Metadata>;
  /**
   * The claims of a token, or undefined when it is not valid.
   * @throws IssuerUnavailable when its keys can not be had
   */
  verify(token: string, checks: TokenChecks): Promise<JWTPayload | undefined>;
}

/** The issuer does not answer, or its answers are not those of an issuer. */
export class IssuerUnavailable extends Error {
  override name = 'IssuerUnavailable';
}

/** Only asymmetric signatures: whoever can verify a shared-secret signature could also sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
  'Ed25519',
];
const TIMEOUT_MS = limits.issuerSeconds.value * 1000;
/** Milliseconds for which metadata are kept. */
const METADATA_MS = 60 * 60 * 1000;
const METADATA_MAX_BYTES = limits.issuerDocument.value;
/** Between the clocks of the issuer and ours, seconds. */
const SKEW_SECONDS = 30;
/** RFC 9068 and OpenID Connect; most issuers write `JWT` or nothing. */
const TYPES = ['jwt', 'at+jwt', 'application/at+jwt'];
/** A JWT has three parts: the issuer is not asked about anything else. */
const COMPACT = /^[\w-]{1,8192}\.[\w-]{1,16384}\.[\w-]{1,4096}$/;

interface Known {
  metadata: Metadata;
  verify(token: string, checks: TokenChecks): Promise<JWTPayload | undefined>;
}

export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, fetch = globalThis.fetch } = options;
  let known: Promise<Known> | undefined;
  let readAt = 0;

  const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init, redirect: 'error' });

  async function load(): Promise<Known> {
    const response = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const text = await response.text();
    if (text.length > METADATA_MAX_BYTES) throw new Error('the document is too large');
    const metadata = metadataSchema.parse(JSON.parse(text));
    if (metadata.issuer !== issuer) throw new Error('the document names another issuer');
    return { metadata, verify: await verifier(metadata.jwks_uri) };
  }

  async function verifier(keysUrl: string): Promise<Known['verify']> {
    const { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, jwtVerify } = await import(
      'jose'
    );
    const keys = createRemoteJWKSet(new URL(keysUrl), {
      timeoutDuration: TIMEOUT_MS,
      ...(options.keyCooldownMs !== undefined && { cooldownDuration: options.keyCooldownMs }),
      [customFetch]: (url: string, init: RequestInit) => ask(url, init),
    });
    return async (token, { audience, nonce, types = TYPES }) => {
      try {
        const type = decodeProtectedHeader(token).typ?.toLowerCase() ?? 'jwt';
        if (!types.includes(type)) return undefined;
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience: [...audience],
          algorithms: ALGORITHMS,
          clockTolerance: SKEW_SECONDS,
          requiredClaims: ['exp', 'iat'],
        });
        const intended = isMeantFor(payload, audience) && isFromThePast(payload);
        return intended && (nonce === undefined || payload.nonce === nonce) ? payload : undefined;
      } catch (error) {
        // A key that the issuer does not have makes the token invalid; keys that can not be read do not.
        const refused = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
        if ((refused && error.code !== 'ERR_JOSE_GENERIC') || error instanceof TypeError) return undefined;
        throw error;
      }
    };
  }

  async function get(): Promise<Known> {
    if (known && performance.now() - readAt > METADATA_MS) known = undefined;
    if (!known) {
      known = load();
      readAt = performance.now();
    }
    return known;
  }

  async function attempt<T>(run: (known: Known) => Promise<T> | T): Promise<T> {
    try {
      return await run(await get());
    } catch (cause) {
      known = undefined;
      throw new IssuerUnavailable(`The issuer ${issuer} does not answer as it should`, { cause });
    }
  }

  return {
    name: issuer,
    fetch: ask,
    metadata: () => attempt(({ metadata }) => metadata),
    async verify(token, checks) {
      if (!COMPACT.test(token) || checks.audience.length === 0) return undefined;
      return attempt(({ verify }) => verify(token, checks));
    },
  };
}

/** A token with several audiences must name in `azp` the one it was made for, and that must be one of ours. */
function isMeantFor({ aud, azp }: JWTPayload, audience: readonly string[]): boolean {
  if (azp === undefined) return !Array.isArray(aud) || aud.length === 1;
  return typeof azp === 'string' && audience.includes(azp);
}

const isFromThePast = ({ iat = 0 }: JWTPayload): boolean => iat <= Date.now() / 1000 + SKEW_SECONDS;
