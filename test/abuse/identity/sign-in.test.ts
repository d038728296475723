/**
 * Where a sign-in leads, and who may begin one, against a running Berth with the identity provider that it brings.
 * One signs in there without a password, so no page of a sibling host may do it for somebody.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONSOLE_CLIENT, TERMINAL_CLIENT } from '../../../functions/hosts/machine/identity/protocol.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { type Browser, createBrowser, formAction, hiddenFields } from '../../support/browser.ts';
import { signInAs } from '../../support/demo-sign-in.ts';

let subject: TestBerth;
let origin: string;
let port: string;
let ada: Browser;
beforeAll(async () => {
  subject = await startBerth();
  origin = subject.berth.url;
  port = new URL(origin).port;
  ada = createBrowser();
  await signInAs(ada, origin, 'ada');
});
afterAll(() => subject?.close());

const verifier = 'v'.repeat(43);
const query = (change: Record<string, string | undefined> = {}): string => {
  const fields = {
    response_type: 'code',
    client_id: CONSOLE_CLIENT,
    redirect_uri: `${origin}/v1/sign-in/callback`,
    scope: 'openid',
    state: 's',
    nonce: 'n',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) parameters.set(name, value);
  return parameters.toString();
};

it('A sign-in that is right comes back with a code, or none of this would say anything', async () => {
  const response = await ada.ask(`${origin}/identity/auth?${query()}`);
  expect(response.headers.get('location')).toMatch(new RegExp(`^${origin}/v1/sign-in/callback[?]code=`));
});

describe('The provider sends nobody', () => {
  it.each([
    'https://evil.example/',
    'https://evil.example/v1/sign-in/callback',
    'ORIGIN/v1/sign-in/callback/',
    'ORIGIN/v1/sign-in/callback/../../../x',
    'ORIGIN/v1/sign-in/callback%2f..',
    'ORIGIN/v1/sign-in/callback?next=https://evil.example',
    'ORIGIN/v1/sign-in/callback#x',
    'ORIGIN/V1/sign-in/callback',
    'ORIGIN/',
    'ORIGIN.evil.example/v1/sign-in/callback',
    'ORIGIN@evil.example/v1/sign-in/callback',
    'http://evil.example\\@localhost:PORT/v1/sign-in/callback',
    'http://web.dev.shop.localhost:PORT/v1/sign-in/callback',
    'http://127.0.0.1:PORT/v1/sign-in/callback',
    'http://localhost:1/v1/sign-in/callback',
    'https://localhost:PORT/v1/sign-in/callback',
    'http://LOCALHOST:PORT/v1/sign-in/callback',
    'http://localhost.:PORT/v1/sign-in/callback',
    '//evil.example/v1/sign-in/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    '/v1/sign-in/callback',
  ])('to %s', async (to) => {
    const redirect_uri = to.replace('ORIGIN', origin).replace('PORT', port);
    for (const change of [
      { redirect_uri },
      { redirect_uri, prompt: 'none' },
      { redirect_uri, response_mode: 'form_post' },
    ]) {
      const response = await ada.ask(`${origin}/identity/auth?${query(change)}`);
      expect(response.status, await response.text()).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    }
  });

  it('after signing out to an address that is not Berth', async () => {
    for (const to of ['https://evil.example/', `${origin}/x`, `${origin}.evil.example/`, '//evil.example']) {
      const fields = new URLSearchParams({ client_id: CONSOLE_CLIENT, post_logout_redirect_uri: to });
      const response = await ada.ask(`${origin}/identity/session/end?${fields}`);
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    }
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['with a token in the address', { response_type: 'token' }],
    ['with an ID token in the address', { response_type: 'id_token' }],
    ['with both', { response_type: 'code id_token token' }],
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['with PKCE in the clear', { code_challenge: verifier, code_challenge_method: 'plain' }],
    ['as a terminal', { client_id: TERMINAL_CLIENT }],
    ['as another client', { client_id: 'evil' }],
    ['by a request that is an address', { request_uri: 'https://evil.example/request' }],
    ['by a request that is unsigned', { request: 'eyJhbGciOiJub25lIn0.e30.' }],
  ])('on with a code or token: %s', async (_what, change) => {
    const response = await ada.ask(`${origin}/identity/auth?${query(change)}`);
    const location = response.headers.get('location') ?? '';
    expect(location).not.toMatch(/[?&#](?:code|access_token|id_token)=/);
    if (location !== '') expect(location).toMatch(new RegExp(`^${origin}/v1/sign-in/callback[?#]error=`));
  });

  it('a code twice, nor for another client, address or verifier', async () => {
    const code = async (): Promise<string> => {
      const { headers } = await ada.ask(`${origin}/identity/auth?${query()}`);
      return new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
    };
    const exchange = async (change: Record<string, string>): Promise<number> => {
      const fields = {
        grant_type: 'authorization_code',
        client_id: CONSOLE_CLIENT,
        redirect_uri: `${origin}/v1/sign-in/callback`,
        code_verifier: verifier,
        ...change,
      };
      return (await fetch(`${origin}/identity/token`, { method: 'POST', body: new URLSearchParams(fields) }))
        .status;
    };
    const good = await code();
    expect(await exchange({ code: good })).toBe(200);
    for (const change of [
      { code: good },
      { code: await code(), code_verifier: 'w'.repeat(43) },
      { code: await code(), redirect_uri: 'https://evil.example/' },
      { code: await code(), client_id: TERMINAL_CLIENT },
      { code: 'x' },
    ] as Record<string, string>[]) {
      expect(await exchange(change)).toBe(400);
    }
  });
});

describe('A page of a sibling host', () => {
  const sibling = (): Record<string, string> => ({
    origin: `http://web.dev.shop.localhost:${port}`,
    'sec-fetch-site': 'same-site',
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json',
    'text/plain;charset=application/json',
  ])('changes nothing with the cookie of somebody who is signed in, as %s', async (type) => {
    for (const [method, path] of [
      ['POST', '/v1/projects'],
      ['POST', '/v1/tokens'],
      ['POST', '/v1/sign-out'],
      ['DELETE', '/v1/sessions'],
    ]) {
      const response = await ada.ask(origin + path, {
        method: method!,
        headers: { ...sibling(), 'content-type': type },
        body: '{"name":"forged","role":"viewer"}',
      });
      expect(response.status, path).toBe(403);
    }
    expect((await subject.api('GET', '/v1/projects')).body.items).toEqual([]);
    expect((await ada.ask(`${origin}/v1/me`)).status).toBe(200);
  });

  it('signs nobody in: not by the form of the provider, and not by a name of its own for this machine', async () => {
    const browser = createBrowser();
    const page = await browser.visit(`${origin}/v1/sign-in`);
    const body = new URLSearchParams({ ...hiddenFields(page), person: 'ada' }).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const headers of [
      sibling(),
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
    ] as Record<string, string>[]) {
      const response = await browser.ask(formAction(page), {
        method: 'POST',
        headers: { ...type, ...headers },
        body,
      });
      expect(response.status).toBe(403);
    }
    const renamed = await subject.workload('evil.example', '/identity/auth');
    expect([400, 404]).toContain(renamed.status);
    expect((await browser.ask(`${origin}/v1/me`)).status).toBe(401);
  });

  it('gains nothing by a cookie that it sets for all of its siblings', async () => {
    const name = [...ada.cookies.keys()].find((one) => one.startsWith('berth-session'))!;
    const session = ada.cookies.get(name)!;
    for (const cookie of [
      `${name}=`,
      `${name}=forged`,
      `${name}=${session.slice(0, -2)}xx`,
      `${name.toUpperCase()}=${session}`,
      `berth-session=${session}`,
      `"${name}"=${session}`,
    ]) {
      const response = await fetch(`${origin}/v1/me`, { headers: { cookie } });
      expect(response.status, cookie).toBe(401);
    }
  });
});

describe('The order to sign somebody out', () => {
  it('is not read beyond what a token takes', async () => {
    for (const length of [40_000, 5_000_000]) {
      const response = await fetch(`${origin}/v1/sign-in/back-channel-logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `logout_token=${'a'.repeat(length)}`,
      });
      expect(response.status).toBe(413);
    }
    expect((await ada.ask(`${origin}/v1/me`)).status).toBe(200);
  });
});
