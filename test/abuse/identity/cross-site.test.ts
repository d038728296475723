/**
 * Requests that a browser makes for somebody else: workloads live on sibling hosts, and other pages are open beside
 * the console. They come with the cookie; nothing of it may count.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms } from '../../../functions/api/http/params.ts';
import {
  createSignInSubject,
  fromConsole,
  ORIGIN,
  type SignInSubject,
  signIn,
} from '../../api/identity/support.ts';
import type { Browser } from '../../support/browser.ts';
import { routes } from '../../support/routes.ts';

let subject: SignInSubject;
let ada: Browser;
beforeAll(async () => {
  subject = await createSignInSubject();
  ada = subject.browser();
  await signIn(subject, ada, { sub: 'ada', groups: ['platform'] });
});
afterAll(() => subject.close());

const SIBLING = 'https://guestbook.apps.example.com';
const projects = async (): Promise<number> =>
  (await subject.api('GET', '/v1/projects')).body.items.length as number;

const create = (headers: Record<string, string>, body = '{"name":"forged"}') =>
  ada.ask(`${ORIGIN}/v1/projects`, { method: 'POST', headers, body });

describe('A write that is known by a cookie alone', () => {
  const json = { 'content-type': 'application/json' };
  it.each<[string, Record<string, string>]>([
    [
      'a form of a sibling host as text/plain',
      { 'content-type': 'text/plain', origin: SIBLING, 'sec-fetch-site': 'same-site' },
    ],
    [
      'a form, urlencoded',
      { 'content-type': 'application/x-www-form-urlencoded', origin: SIBLING, 'sec-fetch-site': 'same-site' },
    ],
    [
      'a form with parts',
      { 'content-type': 'multipart/form-data; boundary=x', origin: SIBLING, 'sec-fetch-site': 'same-site' },
    ],
    [
      'text/plain that says json as well',
      { 'content-type': 'text/plain; application/json', origin: SIBLING },
    ],
    ['text/plain with all else right', { ...fromConsole, 'content-type': 'text/plain' }],
    ['no type at all, as a blob has it', { origin: SIBLING, 'sec-fetch-site': 'same-site' }],
    ['JSON of a sibling host', { ...json, 'x-csrf': '1', origin: SIBLING, 'sec-fetch-site': 'same-site' }],
    ['JSON of a sibling host in an old browser', { ...json, 'x-csrf': '1', origin: SIBLING }],
    [
      'JSON of another site',
      { ...json, 'x-csrf': '1', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
    ['another port of this host', { ...json, 'x-csrf': '1', origin: `${ORIGIN}:8443` }],
    ['this host without TLS', { ...json, 'x-csrf': '1', origin: ORIGIN.replace('https', 'http') }],
    ['a host that starts alike', { ...json, 'x-csrf': '1', origin: `${ORIGIN}.evil.example` }],
    ['a page without an origin', { ...json, 'x-csrf': '1', origin: 'null' }],
    ['no word of where it comes from', { ...json, 'x-csrf': '1' }],
    ['no header of the console', { ...json, origin: ORIGIN, 'sec-fetch-site': 'same-origin' }],
    [
      'another value of that header',
      { ...json, 'x-csrf': 'true', origin: ORIGIN, 'sec-fetch-site': 'same-origin' },
    ],
    ['the address bar', { ...json, 'x-csrf': '1', 'sec-fetch-site': 'none' }],
  ])('is refused from %s', async (_what, headers) => {
    const before = await projects();
    const response = await create(headers);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await projects()).toBe(before);
  });

  it('is taken from the console', async () => {
    expect((await create({ ...json, ...fromConsole }, '{"name":"made"}')).status).toBe(201);
    const { 'sec-fetch-site': _, ...old } = fromConsole;
    expect((await create({ ...json, ...old }, '{"name":"made-too"}')).status).toBe(201);
  });

  it('is refused on every route there is', async () => {
    for (const { method, path, policy } of routes) {
      if (policy.scope === 'public') continue;
      const concrete = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paramForms[name]?.example ?? 'x');
      for (const origin of [SIBLING, 'null']) {
        const response = await ada.ask(ORIGIN + concrete, {
          method: method.toUpperCase(),
          headers: { origin, 'x-csrf': '1', 'content-type': 'application/json' },
          ...(method !== 'get' && { body: '{}' }),
        });
        expect(response.status, `${method} ${path}`).toBe(403);
        expect(((await response.json()) as { code: string }).code).toBe('cross_origin_request');
      }
    }
  });

  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'is not what a read turns into by %s',
    async (name) => {
      const headers = { [name]: 'DELETE', origin: ORIGIN, 'x-csrf': '1' };
      expect((await ada.ask(`${ORIGIN}/v1/projects/made`, { headers })).status).toBe(200);
      const posted = await ada.ask(`${ORIGIN}/v1/projects/made?_method=DELETE`, {
        method: 'POST',
        headers: { ...fromConsole, [name]: 'DELETE', 'content-type': 'application/json' },
        body: '{"_method":"DELETE"}',
      });
      expect(posted.status).toBe(405);
      expect((await subject.api('GET', '/v1/projects/made')).status).toBe(200);
    },
  );

  it('has no preflight that lets it through', async () => {
    const response = await subject.app.request(`${ORIGIN}/v1/projects`, {
      method: 'OPTIONS',
      headers: {
        origin: SIBLING,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-csrf,content-type',
      },
    });
    expect(response.status).toBe(405);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('A read that is known by a cookie alone', () => {
  it.each<[string, Record<string, string>]>([
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another origin, with CORS', { origin: SIBLING }],
    ['a stream of a sibling host', { 'sec-fetch-site': 'same-site', accept: 'text/event-stream' }],
  ])('is refused from %s', async (_what, headers) => {
    const response = await ada.ask(`${ORIGIN}/v1/projects`, { headers });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('made');
  });

  it('is taken from the console and from the address bar', async () => {
    for (const site of ['same-origin', 'none'])
      expect((await ada.ask(`${ORIGIN}/v1/projects`, { headers: { 'sec-fetch-site': site } })).status).toBe(
        200,
      );
  });
});

describe('A bearer token', () => {
  it('is no browser’s, so it needs none of that', async () => {
    const headers = { origin: SIBLING, 'sec-fetch-site': 'same-site' };
    expect((await subject.api('POST', '/v1/projects', { name: 'by-token' }, headers)).status).toBe(201);
  });

  it('counts in its header alone: not in an address, a body or a cookie', async () => {
    const token = await subject.issuer.token({ claims: { groups: ['platform'] } });
    for (const path of [`?access_token=${token}`, `?token=${token}`, `?authorization=Bearer%20${token}`]) {
      expect((await subject.app.request(`${ORIGIN}/v1/projects${path}`)).status).toBe(401);
    }
    for (const cookie of [
      `authorization=Bearer ${token}`,
      `access_token=${token}`,
      `__Host-berth-session=${token}`,
    ]) {
      expect((await subject.app.request(`${ORIGIN}/v1/projects`, { headers: { cookie } })).status).toBe(401);
    }
  });
});
