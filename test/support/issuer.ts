/** An issuer that says whatever a test wants, including what a good issuer would never say. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface Claims extends Record<string, unknown> {
  sub?: string | undefined;
}

export interface TokenOptions {
  claims?: Claims;
  header?: Record<string, unknown>;
  /** Default: the newest of the issuer's. */
  key?: CryptoKey | Uint8Array;
}

export interface TestIssuer {
  readonly url: string;
  /** Public, the newest last. */
  readonly keys: JWK[];
  /** Answers of `/token`, by the code. */
  readonly codes: Map<string, unknown>;
  /** Bodies that came to `/token`. */
  readonly exchanges: { form: URLSearchParams; authorization: string | undefined }[];
  /** Added to the metadata. */
  metadata: Record<string, unknown>;
  /** Answer of `/userinfo`. */
  userInfo: unknown;
  /** Signs with another key from now on. @param keep the old one stays known */
  rotate(keep: boolean): Promise<void>;
  /** A good ID token for `berth`, apart from the given claims; a claim of undefined is left out. */
  token(options?: TokenOptions): Promise<string>;
  close(): Promise<void>;
}

export const AUDIENCE = 'berth';

export async function startIssuer(): Promise<TestIssuer> {
  let signing: CryptoKey;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', subject.url);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const form = new URLSearchParams(text);
    const { status, body } = answer(pathname, form, request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

  function answer(path: string, form: URLSearchParams, authorization: string | undefined) {
    const { url } = subject;
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          status: 200,
          body: {
            issuer: url,
            jwks_uri: `${url}/keys`,
            authorization_endpoint: `${url}/authorize`,
            token_endpoint: `${url}/token`,
            userinfo_endpoint: `${url}/userinfo`,
            end_session_endpoint: `${url}/logout`,
            ...subject.metadata,
          },
        };
      case '/keys':
        return { status: 200, body: { keys: subject.keys } };
      case '/userinfo':
        return { status: subject.userInfo === undefined ? 404 : 200, body: subject.userInfo ?? {} };
      case '/token': {
        subject.exchanges.push({ form, authorization });
        const code = form.get('code') ?? '';
        const known = subject.codes.get(code);
        // Good once.
        subject.codes.delete(code);
        return known === undefined
          ? { status: 400, body: { error: 'invalid_grant' } }
          : { status: 200, body: known };
      }
      default:
        return { status: 404, body: {} };
    }
  }

  const subject: TestIssuer = {
    url: '',
    keys: [],
    codes: new Map(),
    exchanges: [],
    metadata: {},
    userInfo: undefined,
    async rotate(keep) {
      const pair = await generateKeyPair('ES256');
      signing = pair.privateKey;
      const jwk = {
        ...(await exportJWK(pair.publicKey)),
        kid: `key-${Math.random().toString(36).slice(2)}`,
        alg: 'ES256',
        use: 'sig',
      };
      subject.keys.splice(0, keep ? 0 : subject.keys.length);
      subject.keys.push(jwk);
    },
    token({ claims = {}, header = {}, key = signing } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: subject.url, aud: AUDIENCE, sub: 'u1', iat: now, exp: now + 300, ...claims };
      const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(present)
        .setProtectedHeader({ alg: 'ES256', kid: subject.keys.at(-1)?.kid, ...header } as { alg: string })
        .sign(key);
    },
    close: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
  await subject.rotate(false);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(subject, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return subject;
}
