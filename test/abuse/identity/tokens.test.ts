/**
 * Tokens that were not given, against a running Berth with the identity provider that it brings: its public key is
 * everybody's to read. What an issuer of one's own may say wrong is in test/api/identity/issuer.test.ts.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, importJWK, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearerTokens, firstOf } from '../../../functions/api/admission/authenticate.ts';
import { createIdentity } from '../../../functions/api/identity/identity.ts';
import { createIssuer } from '../../../functions/api/identity/issuer.ts';
import { ADMINISTRATORS } from '../../../functions/hosts/machine/identity/demo-people.ts';
import { CONSOLE_CLIENT, TERMINAL_CLIENT } from '../../../functions/hosts/machine/identity/protocol.ts';
import { createSubject, type Subject } from '../../api/support.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { createBrowser } from '../../support/browser.ts';
import { signInAs } from '../../support/demo-sign-in.ts';

let subject: TestBerth;
/** The same API with the same provider, which does not slow down who sends one bad token after the other. */
let patient: Subject;
let issuer: string;
/** The public key, which everybody can read. */
let published: JWK;
/** The private key, which only the provider has. */
let secret: JWK;
beforeAll(async () => {
  subject = await startBerth();
  issuer = `${subject.berth.url}/identity`;
  const identity = createIdentity({
    issuer: createIssuer({ issuer }),
    clientId: CONSOLE_CLIENT,
    terminalClientId: TERMINAL_CLIENT,
    origin: subject.berth.url,
    rules: { administratorGroup: ADMINISTRATORS },
  });
  patient = await createSubject({
    authenticate: firstOf(bearerTokens(identity.authenticate)),
  });
  // Signing in starts the provider, which makes its keys.
  await signInAs(createBrowser(), subject.berth.url, 'ada');
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: JWK[] };
  published = keys[0]!;
  secret = JSON.parse(readFileSync(join(subject.directory, 'identity-keys.json'), 'utf8')).jwks.keys[0];
});
afterAll(async () => {
  await subject?.close();
  await patient?.close();
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);
const claims = (change: object = {}): Record<string, unknown> => ({
  iss: issuer,
  aud: TERMINAL_CLIENT,
  sub: 'ada',
  groups: ['platform-administrators'],
  iat: now(),
  exp: now() + 300,
  ...change,
});
const ask = async (token: string): Promise<Response> =>
  patient.app.request('/v1/me', { headers: { authorization: `Bearer ${token}` } });
/** Signed with the provider's own key, so that a token is refused for its claims alone. */
const signed = async (change: object = {}, header: object = {}): Promise<string> =>
  new SignJWT(claims(change))
    .setProtectedHeader({ alg: 'ES256', kid: published.kid!, typ: 'JWT', ...header })
    .sign(await importJWK(secret, 'ES256'));

async function refused(token: string): Promise<void> {
  const answer = await ask(token);
  expect(answer.status).toBe(401);
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ code: 'unauthenticated', hint: expect.stringMatching(/\S/) });
  expect(text).not.toContain(token.slice(-40) || 'nothing');
}

it('A token of the provider is taken, or none of this would say anything', async () => {
  const answer = await ask(await signed());
  expect(await answer.json()).toMatchObject({ id: 'user:ada' });
  expect(published).not.toHaveProperty('d');
});

describe('A token that the provider has not signed is refused', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', '', 'ES256 ', 'es256', 'HS256', 'RS256', 'ES384', 'EdDSA'])(
    'with the algorithm %j and no signature, or one of zeros',
    async (alg) => {
      for (const kid of [published.kid, undefined]) {
        const body = `${part({ alg, kid })}.${part(claims())}`;
        for (const signature of [
          '',
          'AAAA',
          Buffer.alloc(64).toString('base64url'),
          Buffer.alloc(64, 1).toString('base64url'),
        ]) {
          await refused(`${body}.${signature}`);
        }
      }
    },
  );

  it('with zeros as a signature of the right algorithm, which verified everything in some libraries', async () => {
    await refused(
      `${part({ alg: 'ES256', kid: published.kid })}.${part(claims())}.${Buffer.alloc(64).toString('base64url')}`,
    );
  });

  it('with the public key as a shared secret, however it is written down', async () => {
    const key = createPublicKey({ key: published as never, format: 'jwk' });
    const forms = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'pem' }).toString().trim(),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(published),
      JSON.stringify({ keys: [published] }),
      Buffer.from(published.x!, 'base64url'),
      published.x!,
    ];
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const form of forms) {
        const { createHmac } = await import('node:crypto');
        const body = `${part({ alg, kid: published.kid })}.${part(claims())}`;
        const hmac = createHmac(alg.replace('HS', 'sha'), form).update(body).digest('base64url');
        await refused(`${body}.${hmac}`);
      }
    }
  });

  it('with a key that the token brings or names', async () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = await exportJWK(own.publicKey);
    const headers: object[] = [
      { jwk },
      { jwk, kid: published.kid },
      { jku: `${subject.url}/identity/jwks` },
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example/cert' },
      { x5c: ['AAAA'] },
      { kid: '../../../../dev/null' },
      { kid: '/proc/self/environ' },
      { kid: "' UNION SELECT 'x" },
      { kid: '__proto__' },
      { kid: '' },
      { kid: `${published.kid}\n` },
      { kid: [published.kid] },
      {},
    ];
    for (const header of headers) {
      const body = `${part({ alg: 'ES256', ...header })}.${part(claims())}`;
      const { sign } = await import('node:crypto');
      const signature = sign('sha256', Buffer.from(body), { key: own.privateKey, dsaEncoding: 'ieee-p1363' });
      await refused(`${body}.${signature.toString('base64url')}`);
    }
  });

  it('with claims that were changed behind the signature, or as another form of JWS or JWE', async () => {
    const [head, , signature] = (await signed()).split('.');
    await refused(`${head}.${part(claims({ sub: 'grace' }))}.${signature}`);
    await refused(`${head}.${part(claims())}.${signature}.x.y`);
    await refused(`${part({ alg: 'dir', enc: 'A128GCM' })}..AAAA.AAAA.AAAA`);
    await refused(`${part({ alg: 'ES256', kid: published.kid, b64: false, crit: ['b64'] })}.x.${signature}`);
  });
});

describe('A token that the provider has signed is refused', () => {
  it.each<[string, object]>([
    ['for somebody else', { aud: 'another-client' }],
    ['for nobody', { aud: undefined }],
    ['for a list that is empty', { aud: [] }],
    ['for the address of Berth', { aud: 'ISSUER' }],
    ['for all', { aud: '*' }],
    ['for ours in capitals', { aud: TERMINAL_CLIENT.toUpperCase() }],
    ['by another issuer', { iss: 'https://evil.example' }],
    ['by the issuer with a slash', { iss: 'ISSUER/' }],
    ['by the issuer in capitals', { iss: 'ISSUER'.toLowerCase() }],
    ['by several issuers', { iss: ['ISSUER'] }],
    ['by none', { iss: undefined }],
    ['without an end', { exp: undefined }],
    ['with an end that is no time', { exp: 'never' }],
    ['with an end of long ago', { exp: 1 }],
    ['with an end below zero', { exp: -1 }],
    ['for nobody by name', { sub: '' }],
    ['for a number', { sub: 0 }],
    ['for an object', { sub: { toString: 'ada' } }],
    ['for nothing', { sub: null }],
    ['for a name with a line break', { sub: 'ada\n' }],
    ['for a name of blanks', { sub: ' ' }],
    ['for a sign-in', { nonce: 'x' }],
  ])('%s', async (_what, change) => {
    const real = Object.fromEntries(
      Object.entries(change).map(([key, value]) => [
        key,
        typeof value === 'string' ? value.replace('ISSUER', issuer) : value,
      ]),
    );
    await refused(await signed(real));
  });

  it.each<[string, unknown]>([
    ['a text', 'platform-administrators'],
    ['a text of several', 'a,platform-administrators'],
    ['an object', { 0: 'platform-administrators', length: 1 }],
    ['a list in a list', [['platform-administrators']]],
    [
      'another spelling',
      ['Platform-Administrators', ' platform-administrators', 'platform-administrators\u0000'],
    ],
    ['nothing', null],
    ['empty', []],
    ['empty names', ['']],
  ])('as one of the platform team when its groups are %s', async (_what, groups) => {
    for (const sub of ['somebody']) {
      const answer = await ask(await signed({ sub, groups }));
      if (answer.status === 200) expect(await answer.json()).toMatchObject({ administrator: false });
      else expect(answer.status).toBe(401);
    }
  });
});

describe('Keys', () => {
  it('are made for each installation, and are for its user alone to read', async () => {
    const other = await startBerth();
    try {
      await signInAs(createBrowser(), other.berth.url, 'ada');
      for (const name of ['admin-token', 'secrets.key', 'identity-keys.json', 'instance-id']) {
        const [one, two] = [subject, other].map(({ directory }) => readFileSync(join(directory, name)));
        expect(one!.length, name).toBeGreaterThanOrEqual(16);
        expect(one!.equals(two!), name).toBe(false);
        if (name !== 'instance-id')
          expect(statSync(join(subject.directory, name)).mode & 0o077, name).toBe(0);
      }
      // A token of one Berth means nothing to another, whose issuer has another port and another key.
      for (const token of [
        await signed(),
        await signed({ iss: `${other.berth.url}/identity` }),
        subject.token,
      ]) {
        const answer = await fetch(`${other.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
        expect(answer.status).toBe(401);
      }
    } finally {
      await other.close();
    }
  });

  it.each([
    '',
    'admin',
    'administrator',
    'administrator-token',
    'changeme',
    'secret',
    'undefined',
    'null',
    '[object Object]',
    'berth',
    'token',
  ])('%j is no token', async (token) => {
    expect((await ask(token)).status).toBe(401);
  });
});

describe('A token in an address', () => {
  it('is none, on any kind of route', async () => {
    const { token } = subject;
    for (const path of [
      `/v1/me?access_token=${token}`,
      `/v1/me?token=${token}`,
      `/v1/me?api_key=${token}`,
      `/v1/me#${token}`,
      `/v1/overview?access_token=${token}`,
      `/v1/projects?authorization=Bearer+${token}`,
      `/v1/me?bearer=${token}`,
    ]) {
      const answer = await fetch(subject.url + path, { headers: { accept: 'text/event-stream' } });
      expect([401, 404], path).toContain(answer.status);
      await answer.body?.cancel();
    }
  });

  it('is in none that Berth sends, nor does its page tell others where it came from', async () => {
    const browser = createBrowser();
    const seen: string[] = [];
    const watching = createBrowser(async (url, init) => {
      const response = await fetch(url, init);
      seen.push(url, response.headers.get('location') ?? '');
      return response;
    });
    await signInAs(watching, subject.berth.url, 'ada');
    const session = [...watching.cookies].find(([name]) => name.startsWith('berth-session'))![1];
    for (const address of seen) {
      expect(address).not.toContain(session);
      expect(address).not.toMatch(/[?&#](?:access_token|id_token|token|session)=/);
    }
    const page = await browser.ask(`${subject.berth.url}/`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });
});
