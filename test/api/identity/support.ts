/** The API with an issuer that a test controls, and a browser that uses it. */
import { createHash } from 'node:crypto';
import type { AppOptions } from '../../../functions/api/http/app.ts';
import { createIdentity, type IdentityOptions } from '../../../functions/api/identity/identity.ts';
import { createIssuer } from '../../../functions/api/identity/issuer.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { AUDIENCE, type Claims, startIssuer, type TestIssuer } from '../../support/issuer.ts';
import { createSubject, type Subject } from '../support.ts';

export const ORIGIN = 'https://berth.example.com';
export const SESSION_COOKIE = '__Host-berth-session';

/** The headers that the console sends. */
export const fromConsole = { origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'x-csrf': '1' };

export interface SignInSubject extends Subject {
  issuer: TestIssuer;
  browser(): Browser;
}

export async function createSignInSubject(
  options: { identity?: Partial<IdentityOptions>; app?: Partial<AppOptions> } = {},
): Promise<SignInSubject> {
  const issuer = await startIssuer();
  const identity = createIdentity({
    issuer: createIssuer({ issuer: issuer.url, keyCooldownMs: 0 }),
    clientId: AUDIENCE,
    origin: ORIGIN,
    rules: { administratorGroup: 'platform' },
    ...options.identity,
  });
  const subject = await createSubject({ ...options.app, identity });
  return {
    ...subject,
    issuer,
    browser: () => createBrowser(async (url, init) => subject.app.request(url, init)),
    async close() {
      await Promise.all([subject.close(), issuer.close()]);
    },
  };
}

export interface Begun {
  state: string;
  nonce: string;
  /** The query of the authorization request. */
  query: URLSearchParams;
}

/** Goes to the identity provider, and no further. */
export async function begin(browser: Browser, to?: string): Promise<Begun> {
  const query = to === undefined ? '' : `?return=${encodeURIComponent(to)}`;
  const response = await browser.ask(`${ORIGIN}/v1/sign-in${query}`);
  const location = response.headers.get('location');
  if (response.status !== 303 || location === null)
    throw new Error(`${response.status} ${await response.text()}`);
  const { searchParams } = new URL(location);
  return {
    state: searchParams.get('state') ?? '',
    nonce: searchParams.get('nonce') ?? '',
    query: searchParams,
  };
}

let codes = 0;

/** A code for which the issuer gives an ID token with these claims. */
export async function codeFor({ issuer }: SignInSubject, claims: Claims, more: object = {}): Promise<string> {
  const code = `code-${++codes}`;
  issuer.codes.set(code, { token_type: 'Bearer', id_token: await issuer.token({ claims }), ...more });
  return code;
}

/** Comes back from the identity provider. */
export const finish = (browser: Browser, fields: Record<string, string>): Promise<Response> =>
  browser.ask(`${ORIGIN}/v1/sign-in/callback?${new URLSearchParams(fields)}`);

/** All of it. */
export async function signIn(
  subject: SignInSubject,
  browser: Browser,
  claims: Claims = {},
  to?: string,
): Promise<Response> {
  const { state, nonce } = await begin(browser, to);
  const response = await finish(browser, { state, code: await codeFor(subject, { nonce, ...claims }) });
  if (response.status !== 303) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');
