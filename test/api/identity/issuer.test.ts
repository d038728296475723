/** Bearer tokens of an issuer: which are accepted, and which are refused. */
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issuerTokens } from '../../../functions/api/identity/identity.ts';
import { createIssuer } from '../../../functions/api/identity/issuer.ts';
import { AUDIENCE, type Claims, startIssuer, type TestIssuer } from '../../support/issuer.ts';

let issuer: TestIssuer;
let authenticate: ReturnType<typeof issuerTokens>;
const other = await generateKeyPair('ES256');

const rules = { administrator: 'ada@example.com', administratorGroup: 'platform' };
beforeAll(async () => {
  issuer = await startIssuer();
  authenticate = issuerTokens(
    createIssuer({ issuer: issuer.url, keyCooldownMs: 0 }),
    [AUDIENCE, 'terminal'],
    rules,
  );
});
afterAll(() => issuer.close());

const of = async (claims: Claims) => authenticate(await issuer.token({ claims }));
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

describe('A token', () => {
  it('names its subject, and what the issuer says of it', async () => {
    expect(await of({ name: 'Ada', groups: ['a', 'b'] })).toEqual({
      id: 'user:u1',
      kind: 'user',
      name: 'Ada',
      groups: ['a', 'b'],
      administrator: false,
    });
  });

  it.each<[string, Claims]>([
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['an empty list of audiences', { aud: [] }],
    ['an audience that only starts alike', { aud: 'berth2' }],
    ['audiences of which one is ours, and no azp', { aud: ['other', 'berth'] }],
    ['an azp that is another client', { azp: 'other' }],
    ['an azp that is no text', { azp: { berth: true } }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer with a slash more', { iss: 'ISSUER/' }],
    ['no issuer', { iss: undefined }],
    ['an end in the past', { exp: seconds(-120) }],
    ['no end', { exp: undefined }],
    ['an end that is text', { exp: String(seconds(300)) }],
    ['a beginning in the future', { nbf: seconds(300) }],
    ['a time of issue in the future', { iat: seconds(300) }],
    ['no time of issue', { iat: undefined }],
    ['an empty subject', { sub: '' }],
    ['no subject', { sub: undefined }],
    ['a subject that is a number', { sub: 7 as unknown as string }],
    ['a subject that is a list', { sub: ['u1'] as unknown as string }],
    ['a subject with a line break', { sub: 'u1\nadministrator' }],
    ['a subject without end', { sub: 'u'.repeat(300) }],
    ['the events of a logout token', { events: {} }],
    ['a nonce, as the sign-in of a browser has it', { nonce: 'n' }],
  ])('is refused with %s', async (_what, claims) => {
    if (claims.iss === 'ISSUER/') claims.iss = `${issuer.url}/`;
    expect(await of(claims)).toBeUndefined();
  });

  it('is taken with one audience in a list, and with an azp of ours', async () => {
    expect(await of({ aud: ['berth'] })).toMatchObject({ id: 'user:u1' });
    expect(await of({ aud: ['other', 'berth'], azp: 'berth' })).toMatchObject({ id: 'user:u1' });
    expect(await of({ aud: 'berth', azp: 'terminal' })).toMatchObject({ id: 'user:u1' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown key', { kid: 'unknown' }],
    ['a path as the name of a key', { kid: '../../dev/null' }],
    ['an address of keys of its own', { jku: 'http://127.0.0.1:1/keys', kid: 'theirs' }],
    ['the type of a logout token', { typ: 'logout+jwt' }],
    ['the type of a client assertion', { typ: 'client-authentication+jwt' }],
    ['an extension that must be understood', { crit: ['exp'], exp: 1 }],
  ])('is refused with %s in its header', async (_what, header) => {
    const made = await issuer.token({ header }).catch(() => {
      const payload = part({ iss: issuer.url, aud: AUDIENCE, sub: 'u1', exp: seconds(60), iat: seconds(0) });
      return `${part({ alg: 'ES256', ...header })}.${payload}.AAAA`;
    });
    expect(await authenticate(made)).toBeUndefined();
  });

  it('is refused when another key has signed it, or no key, or the public key as a secret', async () => {
    const [key] = issuer.keys;
    const payload = part({ iss: issuer.url, aud: AUDIENCE, sub: 'u1', exp: seconds(60), iat: seconds(0) });
    expect(await authenticate(await issuer.token({ key: other.privateKey }))).toBeUndefined();
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      expect(await authenticate(`${part({ alg })}.${payload}.`)).toBeUndefined();
      expect(await authenticate(`${part({ alg })}.${payload}.AAAA`)).toBeUndefined();
    }
    for (const secret of [JSON.stringify(key), JSON.stringify({ keys: [key] }), String(key?.x)]) {
      const forged = await issuer.token({ header: { alg: 'HS256' }, key: Buffer.from(secret.padEnd(32)) });
      expect(await authenticate(forged)).toBeUndefined();
    }
    // A key that comes with the token.
    const { exportJWK } = await import('jose');
    const jwk = await exportJWK(other.publicKey);
    expect(
      await authenticate(await issuer.token({ key: other.privateKey, header: { jwk } })),
    ).toBeUndefined();
  });

  it('is refused with one letter changed', async () => {
    const good = await issuer.token();
    for (const at of [good.length - 10, good.indexOf('.') + 5]) {
      const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
      expect(await authenticate(changed)).toBeUndefined();
    }
    for (const text of ['', 'a.b', 'a.b.c', 'a.b.c.d', `${good}.`, ` ${good}`, 'ä.b.c']) {
      expect(await authenticate(text)).toBeUndefined();
    }
  });
});

describe('Claims are not coerced', () => {
  const email = 'ada@example.com';
  it.each<[string, Claims]>([
    ['"true"', { email, email_verified: 'true' }],
    ['1', { email, email_verified: 1 }],
    ['a list', { email, email_verified: [true] }],
    ['false', { email, email_verified: false }],
    ['"false"', { email, email_verified: 'false' }],
    ['nothing', { email }],
  ])('an address is not verified by %s', async (_what, claims) => {
    const found = await of(claims);
    expect(found).toMatchObject({ administrator: false });
    expect(found).not.toHaveProperty('email');
  });

  it('an address that the issuer has verified makes an administrator', async () => {
    expect(await of({ email, email_verified: true })).toMatchObject({ administrator: true, email });
    expect(await of({ email: [email], email_verified: true })).toMatchObject({ administrator: false });
  });

  it.each<[string, unknown]>([
    ['a text', 'platform'],
    ['an object', { platform: true }],
    ['a list in a list', [['platform']]],
    ['a number', 1],
    ['nothing', null],
    ['empty names', ['', ' ', ' platform']],
    ['things that read like it', [{ toString: 'platform' }, true, null]],
  ])('groups are none when they are %s', async (_what, groups) => {
    expect(await of({ groups })).toMatchObject({ groups: [], administrator: false });
  });

  it('a group makes an administrator, an empty setting does not', async () => {
    expect(await of({ groups: ['platform'] })).toMatchObject({ administrator: true });
    const none = issuerTokens(createIssuer({ issuer: issuer.url }), [AUDIENCE], {
      administrator: '',
      administratorGroup: '',
    });
    const claims = { groups: ['', 'x'], email: '', email_verified: true };
    expect(await none(await issuer.token({ claims }))).toMatchObject({ administrator: false });
  });
});

describe('The keys of an issuer', () => {
  it('may be others from one token to the next', async () => {
    const before = await issuer.token();
    expect(await authenticate(before)).toBeDefined();
    await issuer.rotate(true);
    expect(await authenticate(await issuer.token())).toBeDefined();
    expect(await authenticate(before)).toBeDefined();
    await issuer.rotate(false);
    expect(await authenticate(await issuer.token())).toBeDefined();
    // It is no longer among the keys that were read last.
    expect(await authenticate(before)).toBeUndefined();
  });

  it('can be had once the issuer is there', async () => {
    let isThere = false;
    const fetch: typeof globalThis.fetch = (...args) =>
      isThere ? globalThis.fetch(...args) : Promise.reject(new TypeError('fetch failed'));
    const flaky = issuerTokens(createIssuer({ issuer: issuer.url, fetch }), [AUDIENCE], {});
    await expect(flaky(await issuer.token())).rejects.toMatchObject({ code: 'unavailable' });
    isThere = true;
    expect(await flaky(await issuer.token())).toMatchObject({ id: 'user:u1' });
  });

  it('are not those of a document that names another issuer, or leads elsewhere', async () => {
    const wrong = issuerTokens(createIssuer({ issuer: `${issuer.url}/tenant` }), [AUDIENCE], {});
    await expect(wrong(await issuer.token())).rejects.toMatchObject({ code: 'unavailable' });
    issuer.metadata = { issuer: 'https://evil.example' };
    const renamed = issuerTokens(createIssuer({ issuer: issuer.url }), [AUDIENCE], {});
    await expect(renamed(await issuer.token())).rejects.toMatchObject({ code: 'unavailable' });
    issuer.metadata = { jwks_uri: 'file:///etc/passwd' };
    const local = issuerTokens(createIssuer({ issuer: issuer.url }), [AUDIENCE], {});
    await expect(local(await issuer.token())).rejects.toMatchObject({ code: 'unavailable' });
    issuer.metadata = {};
  });

  it('are not looked for without an audience', async () => {
    const nobody = issuerTokens(createIssuer({ issuer: issuer.url }), [], {});
    expect(await nobody(await issuer.token())).toBeUndefined();
  });
});
