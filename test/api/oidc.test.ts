import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { oidcTokens } from '../../functions/api/oidc.ts';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const other = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };

/** An issuer with one key. */
const issuerServer = createServer((request, response) => {
  const body = request.url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
});
await new Promise<void>((resolve) => issuerServer.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}`;
afterAll(() => issuerServer.close());

const authenticate = oidcTokens({ issuer, audience: 'berth', administrator: 'ada@example.com' });
interface Change {
  claims?: Record<string, unknown>;
  audience?: string;
  issuer?: string;
  expires?: string;
  kid?: string;
}
const token = ({ claims = {}, ...change }: Change = {}, key = privateKey) =>
  new SignJWT({ sub: 'u1', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: change.kid ?? 'one' })
    .setIssuer(change.issuer ?? issuer)
    .setAudience(change.audience ?? 'berth')
    .setIssuedAt()
    .setExpirationTime(change.expires ?? '5m')
    .sign(key);

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('ID tokens', () => {
  it('name their subject', async () => {
    expect(await authenticate(await token())).toEqual({
      id: 'user:u1',
      kind: 'user',
      groups: [],
      administrator: false,
    });
  });

  it('make an administrator of whoever the issuer has verified the address of', async () => {
    const of = async (claims: Record<string, unknown>) => authenticate(await token({ claims }));
    const email = 'ada@example.com';
    expect(await of({ email, email_verified: true })).toMatchObject({ administrator: true });
    expect(await of({ email, email_verified: false })).toMatchObject({ administrator: false });
    expect(await of({ email, email_verified: 'true' })).toMatchObject({ administrator: false });
    expect(await of({ email, email_verified: 1 })).toMatchObject({ administrator: false });
    expect(await of({ email })).toMatchObject({ administrator: false });
  });

  it.each([
    ['another audience', () => token({ audience: 'other' })],
    ['another issuer', () => token({ issuer: 'https://evil.example' })],
    ['an end in the past', () => token({ expires: '-2m' })],
    ['no subject', () => token({ claims: { sub: '' } })],
    ['the signature of another key', () => token({}, other.privateKey)],
    ['an unknown key', () => token({ kid: 'two' })],
    [
      'no signature',
      async () => `${part({ alg: 'none' })}.${part({ sub: 'u1', iss: issuer, aud: 'berth' })}.`,
    ],
    [
      'a signature by the public key as a secret',
      async () =>
        new SignJWT({ sub: 'u1' })
          .setProtectedHeader({ alg: 'HS256', kid: 'one' })
          .setIssuer(issuer)
          .setAudience('berth')
          .setExpirationTime('5m')
          .sign(Buffer.from(JSON.stringify(jwk))),
    ],
    ['text of no token', async () => 'not-a-token'],
  ])('are refused with %s', async (_what, make) => {
    expect(await authenticate(await make())).toBeUndefined();
  });

  it('are refused with one letter of the signature changed', async () => {
    const good = await token();
    const at = good.length - 10;
    const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
    expect(await authenticate(changed)).toBeUndefined();
  });

  it('can not be verified while the issuer is not there, and can once it is', async () => {
    let isThere = false;
    const fetch: typeof globalThis.fetch = (...args) =>
      isThere ? globalThis.fetch(...args) : Promise.reject(new TypeError('fetch failed'));
    const flaky = oidcTokens({ issuer, audience: 'berth', fetch });
    await expect(flaky(await token())).rejects.toMatchObject({ code: 'unavailable' });
    isThere = true;
    expect(await flaky(await token())).toMatchObject({ id: 'user:u1' });
  });

  it('are not verified with the keys of a document that names another issuer', async () => {
    const wrong = oidcTokens({ issuer: `${issuer}/tenant`, audience: 'berth' });
    await expect(wrong(await token())).rejects.toMatchObject({ code: 'unavailable' });
  });
});
