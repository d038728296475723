/** Signing in and out with a browser, at an issuer that does what it should and what it should not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_IDLE_MS, SESSION_MAX_MS } from '../../../functions/commands/access/sessions.ts';
import { eventsPartition, sessionsPartition } from '../../../functions/core/keys.ts';
import { type BerthEvent, PLATFORM } from '../../../functions/core/model/index.ts';
import type { Claims } from '../../support/issuer.ts';
import { ADMINISTRATOR } from '../support.ts';
import {
  begin,
  challengeOf,
  codeFor,
  createSignInSubject,
  finish,
  fromConsole,
  ORIGIN,
  SESSION_COOKIE,
  type SignInSubject,
  signIn,
} from './support.ts';

let subject: SignInSubject;
beforeAll(async () => {
  subject = await createSignInSubject();
});
afterAll(() => subject.close());

const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;
const me = (browser: ReturnType<SignInSubject['browser']>, headers: Record<string, string> = {}) =>
  browser.ask(`${ORIGIN}/v1/me`, { headers });

describe('Signing in', () => {
  it('goes to the issuer with PKCE, state and nonce, and comes back to where one was', async () => {
    const browser = subject.browser();
    const { query, state, nonce } = await begin(browser, '/projects/demo?tab=events#last');
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: 'code',
      client_id: 'berth',
      redirect_uri: `${ORIGIN}/v1/sign-in/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    expect(state).toHaveLength(43);
    const code = await codeFor(subject, { nonce, name: 'Ada', groups: ['platform'] });
    const response = await finish(browser, { state, code });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/projects/demo?tab=events#last');
    const exchange = subject.issuer.exchanges.at(-1);
    expect(challengeOf(exchange?.form.get('code_verifier') ?? '')).toBe(query.get('code_challenge'));
    expect(await (await me(browser)).json()).toMatchObject({
      id: 'user:u1',
      kind: 'user',
      name: 'Ada',
      groups: ['platform'],
      administrator: true,
      session: { id: expect.stringMatching(/^[0-9A-Z]{26}$/) },
    });
  });

  it('sets cookies for this host alone that no script reads, and forgets the attempt', async () => {
    const browser = subject.browser();
    const begun = await browser.ask(`${ORIGIN}/v1/sign-in`);
    const [attempt = ''] = begun.headers.getSetCookie();
    expect(attempt).toMatch(
      /^__Host-berth-sign-in-[\w-]{12}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
    const { searchParams } = new URL(begun.headers.get('location') ?? '');
    const nonce = searchParams.get('nonce') ?? '';
    const done = await finish(browser, {
      state: searchParams.get('state') ?? '',
      code: await codeFor(subject, { nonce }),
    });
    const cookies = done.headers.getSetCookie();
    expect(cookies.find((cookie) => cookie.startsWith(SESSION_COOKIE))).toMatch(
      /^__Host-berth-session=[0-9a-f]{32}\.[0-9A-Z]{26}\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect([...browser.cookies.keys()]).toEqual([SESSION_COOKIE]);
    for (const cookie of [attempt, ...cookies]) expect(cookie.toLowerCase()).not.toContain('domain');
    expect(done.headers.get('referrer-policy')).toBe('no-referrer');
    expect(done.headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, Claims]>([
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['a nonce that is a list', { nonce: ['NONCE'] }],
    ['another audience', { aud: 'other' }],
    ['two audiences and no azp', { aud: ['berth', 'other'] }],
    ['an azp of another client', { aud: ['berth', 'other'], azp: 'other' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an end in the past', { exp: seconds(-120) }],
    ['a beginning in the future', { nbf: seconds(300) }],
    ['a time of issue in the future', { iat: seconds(300) }],
    ['no subject', { sub: undefined }],
    ['the events of a logout token', { events: {} }],
  ])('is refused with an ID token with %s', async (_what, claims) => {
    const browser = subject.browser();
    const { state, nonce } = await begin(browser);
    const given = Array.isArray(claims.nonce) ? { nonce: [nonce] } : claims;
    const response = await finish(browser, { state, code: await codeFor(subject, { nonce, ...given }) });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { code: string }).code).toBe('sign_in_failed');
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('is refused with a code that was used, that is unknown, or that comes without an ID token', async () => {
    const browser = subject.browser();
    const first = await begin(browser);
    const code = await codeFor(subject, { nonce: first.nonce });
    expect((await finish(browser, { state: first.state, code })).status).toBe(303);
    // The same answer again, and the code with an attempt of another browser.
    expect((await finish(browser, { state: first.state, code })).status).toBe(400);
    const other = subject.browser();
    const second = await begin(other);
    expect((await finish(other, { state: second.state, code })).status).toBe(400);
    subject.issuer.codes.set('empty', { token_type: 'Bearer' });
    const third = await begin(other);
    expect((await finish(other, { state: third.state, code: 'empty' })).status).toBe(400);
    expect(other.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('is refused in a browser that has not begun it, with another state, or with a cookie that was changed', async () => {
    const browser = subject.browser();
    const { state, nonce } = await begin(browser);
    const code = await codeFor(subject, { nonce });
    const [[name = '', value = ''] = []] = [...browser.cookies];
    const attempt = (change: object) =>
      Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(value, 'base64url').toString()), ...change }),
      ).toString('base64url');
    const refused: [string, Record<string, string>][] = [
      ['', { state, code }],
      [`${name}=${value}`, { code }],
      [`${name}=${value}`, { state: `${state.slice(0, -1)}_`, code }],
      [`${name}=${value}`, { state: state.slice(0, 12), code }],
      [`${name}=${attempt({ state: 'x'.repeat(43) })}`, { state, code }],
      [`${name}=${attempt({ nonce: 'x' })}`, { state, code }],
      [`${name}=${attempt({ more: 1 })}`, { state, code }],
      [`${name}=${value.slice(0, -9)}`, { state, code }],
      [`${name}=%%%`, { state, code }],
      [`${name}=${value}`, { state, error: 'access_denied' }],
      [`${name}=${value}`, { state }],
    ];
    for (const [cookie, fields] of refused) {
      const response = await subject.app.request(`/v1/sign-in/callback?${new URLSearchParams(fields)}`, {
        headers: { cookie },
      });
      expect(response.status, `${cookie} ${JSON.stringify(fields)}`).toBe(400);
      expect(response.headers.getSetCookie().join()).not.toContain(SESSION_COOKIE);
    }
    // A place that was changed is checked again.
    const changed = `${name}=${attempt({ to: '//evil.example' })}`;
    const query = new URLSearchParams({ state, code });
    const response = await subject.app.request(`/v1/sign-in/callback?${query}`, {
      headers: { cookie: changed },
    });
    expect(response.headers.get('location')).toBe('/');
  });

  it('is refused when the answer is of another issuer (RFC 9207)', async () => {
    const browser = subject.browser();
    const { state, nonce } = await begin(browser);
    const code = await codeFor(subject, { nonce });
    expect((await finish(browser, { state, code, iss: 'https://evil.example' })).status).toBe(400);
    expect((await finish(browser, { state, code, iss: subject.issuer.url })).status).toBe(303);
  });

  it('shows people a page and tells programs a problem', async () => {
    const browser = subject.browser();
    const page = await browser.ask(`${ORIGIN}/v1/sign-in/callback?state=x&error=%3Cscript%3E`, {
      headers: { accept: 'text/html' },
    });
    expect(page.status).toBe(400);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toContain('<script');
  });

  it('in several tabs at once ends in each', async () => {
    const browser = subject.browser();
    const tabs = [await begin(browser, '/one'), await begin(browser, '/two')];
    const places = [];
    for (const { state, nonce } of tabs) {
      const response = await finish(browser, { state, code: await codeFor(subject, { nonce }) });
      places.push(response.headers.get('location'));
    }
    expect(places).toEqual(['/one', '/two']);
    // Attempts that were never finished do not pile up.
    for (let times = 0; times < 12; times++) await begin(browser);
    expect(browser.cookies.size).toBeLessThanOrEqual(6);
  });

  it('takes what the userinfo endpoint says, if it says it of the same person', async () => {
    const groupsOf = async () => {
      const browser = subject.browser();
      const { state, nonce } = await begin(browser);
      const code = await codeFor(subject, { nonce, email: 'a@b.example' }, { access_token: 'at' });
      await finish(browser, { state, code });
      return (await (await me(browser)).json()) as { groups: string[]; name?: string; email?: string };
    };
    const userInfo = {
      sub: 'u1',
      groups: ['g'],
      name: 'Ada',
      email: 'x@y.example',
      email_verified: true,
      iss: 'evil',
    };
    subject.issuer.userInfo = userInfo;
    // A claim about another address does not verify the address in the ID token.
    expect(await groupsOf()).toMatchObject({ groups: ['g'], name: 'Ada' });
    expect(await groupsOf()).not.toHaveProperty('email');
    subject.issuer.userInfo = { ...userInfo, sub: 'u2' };
    expect(await groupsOf()).toMatchObject({ groups: [] });
    subject.issuer.userInfo = undefined;
  });

  it('sends the secret of a confidential client as the issuer takes it', async () => {
    const clientSecret = async () => 's:e c%';
    const confidential = await createSignInSubject({ identity: { clientSecret } });
    await signIn(confidential, confidential.browser());
    const header = confidential.issuer.exchanges.at(-1)?.authorization ?? '';
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe('berth:s%3Ae+c%25');
    expect(confidential.issuer.exchanges.at(-1)?.form.has('client_secret')).toBe(false);
    await confidential.close();
    const inBody = await createSignInSubject({ identity: { clientSecret } });
    inBody.issuer.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    await signIn(inBody, inBody.browser());
    expect(inBody.issuer.exchanges.at(-1)?.form.get('client_secret')).toBe('s:e c%');
    await inBody.close();
  });

  it('goes on while the issuer signs with other keys', async () => {
    const before = subject.browser();
    await signIn(subject, before);
    await subject.issuer.rotate(false);
    expect((await me(before)).status).toBe(200);
    const after = subject.browser();
    await signIn(subject, after, { sub: 'u9' });
    expect((await me(after)).status).toBe(200);
  });

  it('is not there without an identity provider', async () => {
    const { createSubject } = await import('../support.ts');
    const without = await createSubject();
    for (const path of ['/v1/sign-in', '/v1/sign-in/configuration', '/v1/sign-in/callback?code=x'])
      expect((await without.api('GET', path)).status).toBe(404);
    await without.close();
  });
});

describe('The place to come back to', () => {
  it.each([
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2f/evil.example',
    '/%5cevil.example',
    '/%2e%2e//evil.example',
    'javascript:alert(1)',
    '/\u0000',
    '/\u2028/evil.example',
    'evil.example',
    '@evil.example',
    '',
    '/v1/sign-in/callback?code=x',
    '/v1/../v1/me',
    '/identity/session/end',
    `/${'x'.repeat(3000)}`,
  ])('is not %j', async (to) => {
    const response = await subject.app.request(`/v1/sign-in?return=${encodeURIComponent(to)}`);
    expect(response.status).toBe(400);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each(['/', '/projects/demo', '/projects/demo?a=b&c=%2F#12', '/#/demo/dev', '/v1x', '/a?b=//c'])(
    'may be %j',
    async (to) => {
      const browser = subject.browser();
      expect((await signIn(subject, browser, {}, to)).headers.get('location')).toBe(to);
    },
  );

  it('is asked for at the name that the provider knows, which no request can change', async () => {
    const other = await subject.app.request('http://127.0.0.1:4600/v1/sign-in?return=/a');
    expect(other.headers.get('location')).toBe(`${ORIGIN}/v1/sign-in?return=/a`);
    for (const headers of [
      { host: 'evil.example' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
      { forwarded: 'host=evil.example' },
      { 'x-original-url': '/evil', 'x-forwarded-prefix': '//evil.example' },
    ] as Record<string, string>[]) {
      const response = await subject.app.request('http://evil.example/v1/sign-in', { headers });
      const { searchParams } = new URL(response.headers.get('location') ?? '');
      expect(searchParams.get('redirect_uri')).toBe(`${ORIGIN}/v1/sign-in/callback`);
    }
  });
});

describe('A session', () => {
  it('is a new one with each sign-in, and the one before has ended (fixation)', async () => {
    const browser = subject.browser();
    await signIn(subject, browser, { sub: 'mallory' });
    const planted = browser.cookies.get(SESSION_COOKIE) ?? '';
    await signIn(subject, browser, { sub: 'victim' });
    expect(browser.cookies.get(SESSION_COOKIE)).not.toBe(planted);
    const old = await subject.app.request('/v1/me', { headers: { cookie: `${SESSION_COOKIE}=${planted}` } });
    expect(old.status).toBe(401);
    // One that somebody made up is never taken on.
    const own = subject.browser();
    const made = `${'0'.repeat(32)}.${'0'.repeat(26)}.${'a'.repeat(43)}`;
    own.cookies.set(SESSION_COOKIE, made);
    await signIn(subject, own);
    expect(own.cookies.get(SESSION_COOKIE)).not.toBe(made);
  });

  it.each<[string, (token: string) => string]>([
    ['another secret', (token) => `${token.slice(0, -43)}${'a'.repeat(43)}`],
    ['no secret', (token) => token.slice(0, -44)],
    ['another id', (token) => token.replace(/\.[^.]+\./, `.${'0'.repeat(26)}.`)],
    ['another owner', (token) => '0'.repeat(32) + token.slice(32)],
    ['something behind it', (token) => `${token}x`],
    ['a key of the store', () => 'sessions#x.y.z'],
    ['nothing', () => ''],
  ])('is not to be had with %s', async (_what, change) => {
    const browser = subject.browser();
    await signIn(subject, browser);
    const token = change(browser.cookies.get(SESSION_COOKIE) ?? '');
    const response = await subject.app.request('/v1/me', {
      headers: { cookie: `${SESSION_COOKIE}=${token}` },
    });
    expect(response.status).toBe(401);
  });

  it('is kept without its secret and without the ID token in the clear', async () => {
    const browser = subject.browser();
    const { state, nonce } = await begin(browser);
    const code = await codeFor(subject, { nonce, sub: 'kept' });
    const { id_token: idToken } = subject.issuer.codes.get(code) as { id_token: string };
    await finish(browser, { state, code });
    const [owner = '', , secret = ''] = (browser.cookies.get(SESSION_COOKIE) ?? '').split('.');
    const { items } = await subject.ports.store.query({ pk: sessionsPartition(owner), limit: 10 });
    expect(items).toHaveLength(1);
    const text = JSON.stringify(items);
    for (const part of [secret, idToken, idToken.split('.')[1] ?? '']) expect(text).not.toContain(part);
  });

  it('ends when it is not used, and in any case after a day of work', async () => {
    const idle = subject.browser();
    const used = subject.browser();
    await signIn(subject, idle);
    await signIn(subject, used);
    const steps = SESSION_MAX_MS / (SESSION_IDLE_MS / 2);
    for (let step = 1; step < steps; step++) {
      subject.pass(SESSION_IDLE_MS / 2 - 1000);
      expect((await me(used)).status, `step ${step}`).toBe(200);
      if (step >= 3) expect((await me(idle)).status).toBe(401);
    }
    subject.pass(SESSION_IDLE_MS / 2 + 60_000);
    expect((await me(used)).status).toBe(401);
  });

  it('is not made up for when a bearer token is not good', async () => {
    const browser = subject.browser();
    await signIn(subject, browser);
    for (const authorization of ['Bearer wrong-token', 'Basic eDp5', 'Bearer ']) {
      expect((await me(browser, { authorization })).status).toBe(401);
    }
    expect((await me(browser, { authorization: `Bearer ${ADMINISTRATOR}` })).status).toBe(200);
  });

  it('is listed for its owner, who can end each', async () => {
    const [one, two, stranger] = [subject.browser(), subject.browser(), subject.browser()];
    await signIn(subject, one, { sub: 'lister' });
    await signIn(subject, two, { sub: 'lister' });
    await signIn(subject, stranger, { sub: 'other' });
    const list = async (browser: typeof one) =>
      (
        (await (await browser.ask(`${ORIGIN}/v1/sessions`)).json()) as {
          items: { id: string; current: boolean }[];
        }
      ).items;
    const items = await list(one);
    expect(items.map(({ current }) => current)).toEqual([true, false]);
    expect(JSON.stringify(items)).not.toMatch(/secret|token/i);
    expect(await list(stranger)).toHaveLength(1);
    const other = items[1]?.id ?? '';
    const end = (browser: typeof one) =>
      browser.ask(`${ORIGIN}/v1/sessions/${other}`, { method: 'DELETE', headers: fromConsole });
    // Nothing is told of another person's session, and nothing of it ends.
    expect((await end(stranger)).status).toBe(204);
    expect((await me(two)).status).toBe(200);
    expect((await end(one)).status).toBe(204);
    expect((await me(two)).status).toBe(401);
    expect((await me(one)).status).toBe(200);
  });
});

describe('Signing out', () => {
  const post = (browser: ReturnType<SignInSubject['browser']>, body: object) =>
    browser.ask(`${ORIGIN}/v1/sign-out`, {
      method: 'POST',
      headers: { ...fromConsole, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('ends the session, and leads to the issuer with its own ID token', async () => {
    const browser = subject.browser();
    const { state, nonce } = await begin(browser);
    const code = await codeFor(subject, { nonce });
    const { id_token: idToken } = subject.issuer.codes.get(code) as { id_token: string };
    await finish(browser, { state, code });
    const cookie = `${SESSION_COOKIE}=${browser.cookies.get(SESSION_COOKIE)}`;
    const response = await post(browser, {});
    const { location } = (await response.json()) as { location: string };
    expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
      client_id: 'berth',
      post_logout_redirect_uri: `${ORIGIN}/`,
      id_token_hint: idToken,
    });
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
    expect((await subject.app.request('/v1/me', { headers: { cookie } })).status).toBe(401);
  });

  it('everywhere ends all sessions of the person, and nobody else’s', async () => {
    const [one, two, other] = [subject.browser(), subject.browser(), subject.browser()];
    await signIn(subject, one, { sub: 'leaver' });
    await signIn(subject, two, { sub: 'leaver' });
    await signIn(subject, other, { sub: 'leaver2' });
    expect((await post(one, { everywhere: true })).status).toBe(200);
    expect((await me(two)).status).toBe(401);
    expect((await me(other)).status).toBe(200);
  });

  it('of somebody else is for the platform team', async () => {
    const [ada, leaver, third] = [subject.browser(), subject.browser(), subject.browser()];
    await signIn(subject, ada, { sub: 'ada', groups: ['platform'] });
    await signIn(subject, leaver, { sub: 'leaver' });
    await signIn(subject, third, { sub: 'third' });
    const end = (browser: typeof ada, principal: string) =>
      browser.ask(`${ORIGIN}/v1/sessions?principal=${principal}`, { method: 'DELETE', headers: fromConsole });
    expect((await end(third, 'user:leaver')).status).toBe(403);
    expect((await me(leaver)).status).toBe(200);
    expect((await end(ada, 'user:leaver')).status).toBe(204);
    expect((await me(leaver)).status).toBe(401);
    expect((await end(third, 'user:third')).status).toBe(204);
    expect((await me(third)).status).toBe(401);
  });

  it('goes on without the issuer', async () => {
    const browser = subject.browser();
    await signIn(subject, browser);
    subject.issuer.metadata = { end_session_endpoint: undefined };
    expect((await post(browser, {})).status).toBe(200);
    subject.issuer.metadata = {};
    expect((await me(browser)).status).toBe(401);
  });

  it('ends the streams that are open', async () => {
    const streaming = await createSignInSubject({ app: { heartbeatMs: 50 } });
    const browser = streaming.browser();
    await signIn(streaming, browser, { groups: ['platform'] });
    await streaming.api('POST', '/v1/projects', { name: 'demo' });
    for (const end of [{}, { everywhere: true }]) {
      await signIn(streaming, browser, { groups: ['platform'] });
      const stream = await browser.ask(`${ORIGIN}/v1/projects/demo/events`, {
        headers: { accept: 'text/event-stream' },
      });
      expect(stream.status).toBe(200);
      const ended = stream.text();
      await post(browser, end);
      await ended;
    }
    expect(streaming.app.streams.size).toBe(0);
    await streaming.close();
  });
});

describe('Back-channel logout', () => {
  const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
  const tell = async (token: string) =>
    subject.app.request('/v1/sign-in/back-channel-logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
  const logoutToken = (claims: Claims, typ = 'logout+jwt') =>
    subject.issuer.token({ claims: { sub: 'gone', events: { [EVENT]: {} }, ...claims }, header: { typ } });

  it('ends the sessions of a person, or the one that the issuer names', async () => {
    const [one, two] = [subject.browser(), subject.browser()];
    await signIn(subject, one, { sub: 'gone', sid: 's1' });
    await signIn(subject, two, { sub: 'gone', sid: 's2' });
    expect((await tell(await logoutToken({ sid: 's1' }))).status).toBe(200);
    expect((await me(one)).status).toBe(401);
    expect((await me(two)).status).toBe(200);
    expect((await tell(await logoutToken({}, 'JWT'))).status).toBe(200);
    expect((await me(two)).status).toBe(401);
  });

  it.each<[string, Claims]>([
    ['no events', { events: undefined }],
    ['another event', { events: { other: {} } }],
    ['events that are a list', { events: [EVENT] }],
    ['a nonce, as an ID token has', { nonce: 'n' }],
    ['another audience', { aud: 'other' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an end in the past', { exp: seconds(-120) }],
    ['no subject', { sub: undefined }],
  ])('is refused with %s', async (_what, claims) => {
    const browser = subject.browser();
    await signIn(subject, browser, { sub: 'gone' });
    expect((await tell(await logoutToken(claims))).status).toBe(400);
    expect((await me(browser)).status).toBe(200);
  });

  it('is refused without a token, and in another form', async () => {
    expect((await tell('')).status).toBe(400);
    for (const [type, body] of [
      ['application/json', '{}'],
      ['text/plain', 'logout_token=x'],
    ]) {
      const response = await subject.app.request('/v1/sign-in/back-channel-logout', {
        method: 'POST',
        headers: { 'content-type': type ?? '' },
        body: body ?? '',
      });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
    }
    expect((await tell('x'.repeat(40_000))).status).toBe(413);
  });
});

describe('The audit trail', () => {
  it('has each session’s beginning and end, with who and from where, and no secret of it', async () => {
    const browser = subject.browser();
    await signIn(subject, browser, { sub: 'audited' });
    const token = browser.cookies.get(SESSION_COOKIE) ?? '';
    const [, id = '', secret = ''] = token.split('.');
    await browser.ask(`${ORIGIN}/v1/sessions/${id}`, { method: 'DELETE', headers: fromConsole });
    const page = await subject.ports.store.query<BerthEvent>({
      pk: eventsPartition(PLATFORM),
      limit: 2,
      reverse: true,
    });
    const events = page.items.map(({ data }) => data);
    expect(events.map(({ type, actor, data }) => [type, actor, data])).toEqual([
      ['session.ended', 'user:audited', { session: id, principal: 'user:audited' }],
      ['session.started', 'user:audited', { session: id }],
    ]);
    expect(JSON.stringify(events)).not.toContain(secret);
  });
});
